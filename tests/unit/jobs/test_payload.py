"""What is to run is checked before anything is sent."""

from pathlib import Path, PurePosixPath

import pytest

from sfml.errors import InputError, UsageError
from sfml.jobs.payload import check_script, locate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    (project / "train.py").write_text("print(1)\n")
    (project / "sub" / "deep.py").write_text("print(2)\n")
    (tmp_path / "outside.py").write_text("print(3)\n")
    return project


def test_locate__file__is_its_own_entrypoint(folder: Path) -> None:
    found = locate(folder / "train.py", None)
    assert (found.source, found.entrypoint) == (folder / "train.py", PurePosixPath("train.py"))
    assert found.script == folder / "train.py"


@pytest.mark.parametrize("name", ["train.py", "sub/deep.py"])
def test_locate__folder_with_entrypoint__is_found_in_it(name: str, folder: Path) -> None:
    found = locate(folder, name)
    assert found.entrypoint == PurePosixPath(name)
    assert found.script == folder / name


def test_locate__entrypoint_relative_to_where_we_are__is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert locate(Path("project"), "project/train.py").entrypoint == PurePosixPath("train.py")


def test_locate__absolute_entrypoint_in_the_folder__is_found(folder: Path) -> None:
    assert locate(folder, str(folder / "sub" / "deep.py")).entrypoint == PurePosixPath("sub/deep.py")


def test_locate__nothing_there__says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        locate(tmp_path / "nothing.py", None)


def test_locate__folder_without_entrypoint__lists_its_scripts(folder: Path) -> None:
    with pytest.raises(InputError, match="which script") as caught:
        locate(folder, None)
    assert "train.py" in str(caught.value.hint)


@pytest.mark.parametrize("outside", ["../outside.py", "{parent}/outside.py"])
def test_locate__entrypoint_outside_the_folder__is_refused(outside: str, folder: Path) -> None:
    with pytest.raises(InputError, match="is outside the folder"):
        locate(folder, outside.format(parent=folder.parent))


def test_locate__link_to_a_script_outside__is_refused(folder: Path) -> None:
    (folder / "link.py").symlink_to(folder.parent / "outside.py")
    with pytest.raises(InputError, match="is outside the folder"):
        locate(folder, "link.py")


def test_locate__entrypoint_missing__lists_what_there_is(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no entrypoint tran\.py") as caught:
        locate(folder, "tran.py")
    assert "train.py" in str(caught.value.hint)


def test_locate__not_python__is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("echo\n")
    with pytest.raises(InputError, match="not a Python file"):
        locate(tmp_path / "run.sh", None)


def test_locate__entrypoint_for_a_file__is_a_usage_error(folder: Path) -> None:
    with pytest.raises(UsageError):
        locate(folder / "train.py", "train.py")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"print('a'\n", "train.py:1"),
        (b"def f():\nreturn 1\n", "train.py:2"),
        (b"x = '\x00'\n", "train.py"),
        (b"# coding: utf-8\nx = '\xff'\n", "train.py"),
    ],
)
def test_check_script__not_python__names_the_place(text: bytes, place: str, folder: Path) -> None:
    (folder / "train.py").write_bytes(text)
    with pytest.raises(InputError, match=place):
        check_script(locate(folder / "train.py", None), None)


@pytest.mark.parametrize("text", [b"", b"# coding: latin-1\nx = '\xff'\n", b"x = '\\d'\nprint(x is 1)\n"])
def test_check_script__python__passes_without_a_warning(text: bytes, folder: Path) -> None:
    (folder / "train.py").write_bytes(text)
    check_script(locate(folder / "train.py", None), None)


def test_check_script__runtime_with_a_newer_python__may_know_the_syntax(folder: Path) -> None:
    (folder / "train.py").write_text("match x, if y:\n")
    check_script(locate(folder / "train.py", None), "9.9-py399")
    with pytest.raises(InputError):
        check_script(locate(folder / "train.py", None), "2.0-py310")

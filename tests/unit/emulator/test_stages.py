"""Stages: what LIST, REMOVE, COPY FILES, PUT and GET do to real files."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.faults import Fault
from sfml.emulator.results import Rows, Target, Transfer
from sfml.emulator.stages import Stages


@pytest.fixture
def stage() -> Record:
    name = Name(name="S", database="DB", schema="PUBLIC")
    return Record(kind=Kind.STAGE, name=name, owner="SYSADMIN", id=7)


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    return Stages(tmp_path / "stages", clock=lambda: 1000.0)


def store(stages: Stages, stage: Record, path: str, content: bytes = b"x") -> None:
    with stages.writing(Target(stage=stage.id, path=path), overwrite=True) as file:
        file.write(content)


def paths(stages: Stages, stage: Record, prefix: str = "") -> list[str]:
    return [file.path for file in stages.list(stage, prefix)]


@pytest.fixture
def filled(stages: Stages, stage: Record) -> Stages:
    for path in ("a.txt", "sub/a.py", "sub/deep/b.py", "subway.txt"):
        store(stages, stage, path, path.encode())
    return stages


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", ["a.txt", "sub/a.py", "sub/deep/b.py", "subway.txt"]),
        ("sub", ["sub/a.py", "sub/deep/b.py", "subway.txt"]),
        ("/sub", ["sub/a.py", "sub/deep/b.py", "subway.txt"]),
        ("sub/", ["sub/a.py", "sub/deep/b.py"]),
        ("sub//deep", ["sub/deep/b.py"]),
        ("sub/a.py", ["sub/a.py"]),
        ("SUB", []),
        ("nowhere/", []),
    ],
)
def test_list__prefix__files_that_start_with_it(
    filled: Stages, stage: Record, prefix: str, expected: list[str]
) -> None:
    assert paths(filled, stage, prefix) == expected


def test_list__pattern__covers_the_whole_path(filled: Stages, stage: Record) -> None:
    assert [file.path for file in filled.list(stage, pattern=r".*\.py")] == ["sub/a.py", "sub/deep/b.py"]


def test_list__file__size_md5_and_date_in_http_form(filled: Stages, stage: Record) -> None:
    (file,) = filled.list(stage, "a.txt")
    assert (file.size, file.md5) == (5, hashlib.md5(b"a.txt").hexdigest())
    assert file.last_modified.endswith(" GMT")


def test_list__content_changed_by_a_job__new_md5(filled: Stages, stage: Record) -> None:
    before = filled.list(stage, "a.txt")[0].md5
    (filled.directory(stage) / "a.txt").write_bytes(b"other")
    assert filled.list(stage, "a.txt")[0].md5 == hashlib.md5(b"other").hexdigest() != before


def test_list__symbolic_link_left_by_a_job__is_no_content(
    filled: Stages, stage: Record, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s")
    (filled.directory(stage) / "link").symlink_to(tmp_path / "secret")
    assert "link" not in paths(filled, stage)
    with pytest.raises(FileNotFoundError):
        filled.open(Target(stage=stage.id, path="link"))


def test_remove__folder__leaves_the_name_that_only_starts_alike(filled: Stages, stage: Record) -> None:
    assert filled.remove(stage, "sub/") == ("sub/a.py", "sub/deep/b.py")
    assert paths(filled, stage) == ["a.txt", "subway.txt"]
    assert not (filled.directory(stage) / "sub").exists()


def test_copy__folder__paths_below_it_are_kept(filled: Stages, stage: Record) -> None:
    assert filled.copy(stage, "sub/", to=stage, path="app/") == ("app/a.py", "app/deep/b.py")
    assert filled.copy(stage, "sub", to=stage, path="x") == ("x/a.py", "x/deep/b.py", "x/subway.txt")
    assert filled.copy(stage, "a.txt", to=stage, path="y") == ("y/a.txt",)


def test_copy__named_file_that_is_missing__fault_and_nothing_copied(filled: Stages, stage: Record) -> None:
    with pytest.raises(Fault, match=r"sub/none\.py"):
        filled.copy(stage, "sub/", to=stage, path="app", files=("a.py", "none.py"))
    assert paths(filled, stage, "app") == []


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a/./b", "x\0y"])
def test_path__out_of_the_stage__refused(stages: Stages, stage: Record, path: str) -> None:
    with pytest.raises(Fault, match="leads out of the stage"):
        stages.list(stage, path)
    with pytest.raises(Fault, match="leads out of the stage"):
        store(stages, stage, path)


def test_writing__through_a_linked_folder__refused(stages: Stages, stage: Record, tmp_path: Path) -> None:
    (stages.directory(stage) / "out").symlink_to(tmp_path)
    with pytest.raises(Fault, match="leads out of the stage"):
        store(stages, stage, "out/x")


def test_writing__block_fails__neither_the_file_nor_a_remnant(
    stages: Stages, stage: Record, tmp_path: Path
) -> None:
    def interrupted() -> None:
        with stages.writing(Target(stage=stage.id, path="a"), overwrite=True) as file:
            file.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        interrupted()
    assert [path for path in (tmp_path / "stages").rglob("*") if path.is_file()] == []


def test_writing__name_taken_and_no_overwrite__old_content_stays(filled: Stages, stage: Record) -> None:
    target = Target(stage=stage.id, path="a.txt")
    with pytest.raises(FileExistsError), filled.writing(target, overwrite=False) as file:
        file.write(b"new")
    with filled.open(target) as content:
        assert content.read() == b"a.txt"


def test_writing__a_file_stands_where_a_folder_is_needed__said_so(filled: Stages, stage: Record) -> None:
    with pytest.raises(NotADirectoryError, match="where a folder is needed"):
        store(filled, stage, "a.txt/below")


def test_drop__stage__files_are_gone_and_a_second_time_is_fine(filled: Stages, stage: Record) -> None:
    filled.drop(stage)
    filled.drop(stage)
    assert paths(filled, stage) == []


def test_start__half_written_upload_of_a_killed_server__removed(tmp_path: Path) -> None:
    remnant = tmp_path / ".incoming" / "tmp123"
    remnant.parent.mkdir()
    remnant.write_text("half")
    Stages(tmp_path)
    assert not remnant.exists()


def test_get_transfer__prefix__one_target_for_each_name(filled: Stages, stage: Record) -> None:
    transfer = filled.get_transfer(stage, "sub/", "file:///tmp/out")
    assert transfer.src_locations == ("s/sub/a.py", "s/sub/deep/b.py")
    assert [target.path for target in transfer.targets] == ["sub/a.py", "sub/deep/b.py"]
    assert transfer.local_location == "/tmp/out"


def test_put_transfer__second_statement_of_the_client__target_has_the_final_name(
    stages: Stages, stage: Record
) -> None:
    answer = stages.put_transfer(stage, "sub", "file://data.csv.gz", overwrite=True)
    assert isinstance(answer, Transfer)
    assert answer.targets == (Target(stage=7, path="sub/data.csv.gz"),)


@pytest.mark.parametrize(
    ("source", "stored", "options"),
    [
        ("file:///data/a.csv", "a.csv.gz", {}),
        ("file:///data/a.csv", "a.csv", {"auto_compress": False}),
        ("file:///data/a.csv.gz", "a.csv.gz", {}),
        ("file:///data/a.parquet", "a.parquet", {}),
        ("file:///data/a.csv", "a.csv", {"source_compression": "GZIP"}),
        ("file:///data/a.csv.gz", "a.csv.gz.gz", {"source_compression": "NONE"}),
        ("file://a.csv", "a.csv", {"auto_compress": False}),
    ],
)
def test_put_transfer__file_is_there_and_no_overwrite__rows_say_skipped(
    stages: Stages, stage: Record, source: str, stored: str, options: dict[str, object]
) -> None:
    assert isinstance(stages.put_transfer(stage, "in", source, **options), Transfer)  # type: ignore[arg-type]
    stages = Stages(stages.directory(stage).parent)
    store(stages, stage, f"in/{stored}")
    answer = stages.put_transfer(stage, "in", source, **options)  # type: ignore[arg-type]
    assert isinstance(answer, Rows)
    assert (answer.rows[0][1], answer.rows[0][6]) == (stored, "SKIPPED")


def test_put_transfer__some_of_a_pattern_are_there__only_the_others_are_asked_for(
    stages: Stages, stage: Record, tmp_path: Path
) -> None:
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name)
    store(stages, stage, "in/one.txt.gz", gzip.compress(b"one"))
    answer = stages.put_transfer(stage, "in", f"file://{tmp_path}/*.txt")
    assert isinstance(answer, Transfer)
    assert answer.src_locations == (str(tmp_path / "two.txt"),)
    second = stages.put_transfer(stage, "in", "file://one.txt.gz")
    assert isinstance(second, Transfer)  # the client was told to upload: rows would send it to the real cloud


def test_put_transfer__relative_pattern__not_matched_against_the_server_s_own_folder(
    stages: Stages, stage: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").write_text("one")
    store(stages, stage, "in/one.txt.gz")
    answer = stages.put_transfer(stage, "in", "file://*.txt")
    assert isinstance(answer, Transfer)
    assert answer.src_locations == ("*.txt",)


def test_writing__a_new_file__is_open_to_every_user_of_a_container_that_mounts_it(
    filled: Stages, stage: Record
) -> None:
    root = filled.directory(stage)
    assert {path.stat().st_mode & 0o777 for path in root.rglob("*") if path.is_file()} == {0o666}
    assert {path.stat().st_mode & 0o777 for path in (root, root / "sub", root / "sub/deep")} == {0o777}

"""Which files travel, by the rules that git has and a few of our own."""

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from sfml.errors import InputError
from sfml.jobs.payload import Payload
from sfml.jobs.selection import select


def make(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def names(root: Path, script: str = "main.py", **options: object) -> list[str]:
    payload = Payload(source=root, entrypoint=PurePosixPath(script), **options)  # type: ignore[arg-type]
    return [file.name for file in select(payload).files]


def skipped(root: Path) -> dict[str, str]:
    return select(Payload(source=root, entrypoint=PurePosixPath("main.py"))).skipped


def test_select__gitignore__as_git_reads_it(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            "main.py": "",
            ".gitignore": "*.log\n/data/\n!keep.log\n# comment\n\nbuild\n",
            "a.log": "",
            "keep.log": "",
            "data/x.csv": "",
            "src/data/x.csv": "",
            "src/build/y": "",
            "src/.gitignore": "!important.log\nlocal*\n",
            "src/important.log": "",
            "src/local.py": "",
            "local.py": "",
        },
    )
    assert names(root) == [
        ".gitignore",
        "keep.log",
        "local.py",
        "main.py",
        "src/.gitignore",
        "src/data/x.csv",
        "src/important.log",
    ]
    # git itself agrees
    subprocess.run(["git", "init", "-q", root], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert names(root) == sorted(listed.split())


def test_select__sfmlignore__has_the_last_word(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            "main.py": "",
            ".gitignore": "weights.bin\n",
            ".sfmlignore": "!weights.bin\nnotes/\n",
            "weights.bin": "",
            "notes/a.md": "",
        },
    )
    assert names(root) == [".gitignore", ".sfmlignore", "main.py", "weights.bin"]
    assert skipped(root) == {"notes/": ".sfmlignore"}


def test_select__tools_folders__stay_and_are_named(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            "main.py": "",
            ".git/HEAD": "",
            "envs/mine/pyvenv.cfg": "",
            "__pycache__/m.pyc": "",
            "sub/.DS_Store": "",
        },
    )
    (root / "linked").symlink_to(tmp_path.parent)
    (root / "broken").symlink_to(tmp_path / "nothing")
    assert names(root) == ["main.py"]
    assert skipped(root) == {
        ".git/": "a tool's own",
        "__pycache__/": "a tool's own",
        "broken": "no regular file",
        "envs/mine/": "a virtual environment",
        "linked/": "a link to a folder",
        "sub/.DS_Store": "a tool's own",
    }


def test_select__rules_of_the_repository_above__count(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {
            ".git/HEAD": "",
            ".gitignore": "*.bin\n/outer/only.txt\n",
            "outer/main.py": "",
            "outer/x.bin": "",
            "outer/only.txt": "",
            "outer/sub/only.txt": "",
        },
    )
    assert names(root / "outer") == ["main.py", "sub/only.txt"]


def test_select__folder_that_is_ignored_itself__was_asked_for(tmp_path: Path) -> None:
    root = make(
        tmp_path, {".git/HEAD": "", ".gitignore": "scratch/\n", "scratch/main.py": "", "scratch/a": ""}
    )
    assert names(root / "scratch") == ["a", "main.py"]


def test_select__include__beats_every_rule(tmp_path: Path) -> None:
    root = make(
        tmp_path,
        {"main.py": "", ".gitignore": "data/\n", "data/a/b.csv": "", "data/c.csv": "", ".venv/x": ""},
    )
    assert names(root, include=("data/a",)) == [".gitignore", "data/a/b.csv", "main.py"]
    for name in ("nothing", "../outside", "/etc/passwd"):
        with pytest.raises(InputError, match="--include"):
            names(root, include=(name,))


def test_select__entrypoint_is_ignored__says_by_what(tmp_path: Path) -> None:
    root = make(tmp_path, {"gen/main.py": "", ".gitignore": "gen/\n"})
    with pytest.raises(InputError, match=r"gen/main\.py would not travel: \.gitignore"):
        names(root, "gen/main.py")
    assert names(root, "gen/main.py", include=("gen/main.py",)) == [".gitignore", "gen/main.py"]


def test_select__tracked__only_what_git_has(tmp_path: Path) -> None:
    root = make(tmp_path, {"main.py": "", "new.py": ""})
    with pytest.raises(InputError, match="no git repository"):
        names(root, tracked=True)
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "add", "main.py"], cwd=root, check=True)
    assert names(root, tracked=True) == ["main.py"]

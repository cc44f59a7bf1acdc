from __future__ import annotations

import os
from pathlib import Path

import pytest

from sfml.emulator.executors import copying


def test_copy__tree_of_all_kinds__is_the_same_without_what_is_no_file(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "deep" / "empty").mkdir(parents=True)
    (source / "deep" / "file").write_bytes(b"\0text")
    (source / "deep" / "file").chmod(0o640)
    (source / "deep").chmod(0o711)
    (source / "link").symlink_to("deep")
    (source / "dangling").symlink_to("nowhere")
    os.mkfifo(source / "pipe")
    os.utime(source / "deep" / "file", ns=(1, 2))
    target.mkdir()

    copying.copy(str(source), str(target))

    assert sorted(str(path.relative_to(target)) for path in target.rglob("*")) == [
        "dangling", "deep", "deep/empty", "deep/file", "link",
    ]  # fmt: skip
    assert (target / "deep" / "file").read_bytes() == b"\0text"
    found = (target / "deep" / "file").stat()
    assert (found.st_mode & 0o777, found.st_mtime_ns) == (0o640, 2)
    assert (target / "deep").stat().st_mode & 0o777 == 0o711
    assert (target / "link").readlink() == Path("deep")


def test_copy__no_such_folder__is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        copying.copy(str(tmp_path / "none"), str(tmp_path))

"""What a fetch brings, and what it leaves alone."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from sfml.errors import InputError
from sfml.jobs import kept
from sfml.jobs.fetch import FILES, Wanted, fetch, wanted
from sfml.jobs.finish import Outcome
from sfml.jobs.places import StageFile
from sfml.services.status import JobStatus

STATUS = JobStatus(
    job_id="D.S.J",
    status="DONE",
    compute_pool="P",
    nodes=1,
    owner="R",
    created=None,
    ended=None,
    message=None,
)
NOBODY: Any = None  # texts need no connection


def staged(*names: str) -> list[StageFile]:
    return [StageFile(name=name, size=3, md5=None) for name in names]


def test_wanted__odd_names__stay_below_the_folder(tmp_path: Path) -> None:
    store = kept.of(tmp_path, "D.S.J")
    names = ("../../etc/passwd", "/abs", "a/./b", "a/../c", "mljob_result")
    found = wanted(tmp_path / "out", store, "S/x", staged(*names))
    inside = [file.path.relative_to(tmp_path / "out" / FILES).as_posix() for file in found]
    assert inside == ["etc/passwd", "abs", "a/b", "a/c", "mljob_result"]


def test_wanted__kept_job__its_result_stands_for_the_launchers_file(tmp_path: Path) -> None:
    store = kept.of(tmp_path, "D.S.J")
    store.keep(Outcome(status=STATUS, found=True, value=1), ["line"])
    found = wanted(tmp_path / "out", store, "S/x", staged("mljob_result", "mljob_result.pkl", "model"))
    assert [file.path.name for file in found] == ["job.json", "result.json", "log.txt", "model"]


def test_is_there__same_size_other_bytes__no(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    digest = hashlib.md5(b"abc", usedforsecurity=False).hexdigest()
    same = Wanted(path=tmp_path / "a", remote="S/a", size=3, md5=digest)
    assert same.is_there
    assert Wanted(path=tmp_path / "a", remote="S/a", size=3, md5="not-an-md5-2").is_there
    assert not Wanted(path=tmp_path / "a", remote="S/a", size=4, md5=digest).is_there
    (tmp_path / "a").write_bytes(b"abd")
    assert not same.is_there


def test_fetch__another_file_in_the_way__nothing_is_changed(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"mine")
    files = [Wanted(path=tmp_path / "a", content=b"1"), Wanted(path=tmp_path / "b", content=b"2")]
    with pytest.raises(InputError, match="1 files are there already"):
        fetch(NOBODY, tmp_path, files, force=False, progress=lambda _: None)
    assert not (tmp_path / "a").exists()
    done = fetch(NOBODY, tmp_path, files, force=True, progress=lambda _: None)
    assert done.written == ("a", "b")
    again = fetch(NOBODY, tmp_path, files, force=False, progress=lambda _: None)
    assert (again.written, again.unchanged) == ((), ("a", "b"))


def test_fetch__folder_in_the_way__is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError):
        fetch(NOBODY, tmp_path, [Wanted(path=tmp_path / "a", content=b"1")], force=True, progress=print)

"""What is kept of a job comes back as it was, and is for its owner only."""

import stat
from pathlib import Path
from typing import Any

import pytest

from sfml.errors import CancelledError, JobFailedError, SfmlError
from sfml.jobs import keeping, kept
from sfml.jobs.finish import Outcome
from sfml.services.status import JobStatus

STATUS = JobStatus(
    job_id="D.S.J", status="DONE", compute_pool="P", nodes=2, owner="R", created="c", ended="e", message=None
)


class Custom:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Custom)

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"a": [1, "ä", None]}, "result.json"),
        (None, "result.json"),
        ({1: 2}, "result.pkl"),
        ((1, 2), "result.pkl"),
        ({1, 2}, "result.pkl"),
        (Custom(), "result.pkl"),
    ],
)
def test_keep__value__comes_back_equal(value: Any, name: str, tmp_path: Path) -> None:
    store = kept.of(tmp_path, "D.S.J")
    assert not store.exists
    store.keep(Outcome(status=STATUS, found=True, value=value), ["a", "", "b\u2028c"])
    assert store.exists
    assert store.outcome() == Outcome(status=STATUS, found=True, value=value)
    assert store.log() == ["a", "", "b\u2028c"]
    assert {path.name for path in store.files()} == {"job.json", "log.txt", name}
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()} == {0o600}
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "error", [JobFailedError("no", hint="why", script_code=3), CancelledError("ended"), JobFailedError("x")]
)
def test_keep__failure__comes_back_with_code_and_hint(error: SfmlError, tmp_path: Path) -> None:
    store = kept.of(tmp_path, "D.S.J")
    store.keep(Outcome(status=STATUS, found=True, error=error), None)
    found = store.outcome().error
    assert type(found) is type(error)
    assert (str(found), found.hint) == (str(error), error.hint)
    assert getattr(found, "script_code", None) == getattr(error, "script_code", None)
    assert store.log() is None


def test_of__name_with_a_slash__stays_one_folder(tmp_path: Path) -> None:
    assert kept.of(tmp_path, 'D.S."../a/b"').folder.parent == tmp_path / "jobs"


def test_recorder__lines__come_back_in_order() -> None:
    with kept.recorder() as recorder:
        for number in range(3):
            recorder.line(f"line {number} \udcff")
        assert list(recorder.lines()) == [f"line {number} ?" for number in range(3)]


def test_keep__log_that_is_kept_already__stays(tmp_path: Path) -> None:
    store = kept.of(tmp_path, "D.S.J")
    store.keep_log(["all", "of it"])
    assert not store.exists
    with kept.recorder() as recorder:
        recorder.line("the end only")
        keeping.keep_followed(store, Outcome(status=STATUS, found=False), recorder)
    assert store.exists
    assert store.log() == ["all", "of it"]

"""A failed job is explained: what, where, and what to try."""

from typing import Any

import pytest

from sfml.errors import CancelledError, JobFailedError, NotFoundError
from sfml.jobs.failure import Failure, advice, explain
from sfml.jobs.results import RemoteError

ERROR = RemoteError(
    type="builtins.ValueError",
    message="bad",
    traceback='  File "/mnt/job_stage/app/t.py", line 3, in <module>\n',
)


def failure(**changes: Any) -> Failure:
    values: dict[str, Any] = {
        "job_id": "D.S.J",
        "status": "FAILED",
        "logs_command": "sfml jobs logs D.S.J",
        "exit_code": 1,
        "error": None,
        "last_lines": ["one", "two"],
        "shown": False,
    }
    return Failure(**{**values, **changes})


def test_explain__exception__has_the_remote_traceback() -> None:
    error = explain(failure(error=ERROR))
    assert isinstance(error, JobFailedError)
    assert str(error) == "the job D.S.J failed: ValueError: bad (exit code 1)"
    assert "line 3, in <module>\nValueError: bad" in str(error.hint)
    assert error.script_code == 1


def test_explain__no_result_file__has_the_traceback_of_the_log() -> None:
    crash = ["Traceback (most recent call last):", '  File "t.py", line 3', "ValueError: bad"]
    assert "line 3\nValueError: bad" in str(explain(failure(crash=crash, shown=True)).hint)


def test_explain__exit_code_alone__shows_the_last_lines() -> None:
    error = explain(failure(exit_code=3))
    assert str(error) == "the job D.S.J failed: exit code 3"
    assert "  one\n  two" in str(error.hint)


def test_explain__script_never_began__shows_the_log_even_when_attached() -> None:
    lines = ["ERROR: No matching distribution found for nosuch==9"]
    error = explain(failure(shown=True, started=False, last_lines=lines))
    assert "before its script began" in str(error)
    assert lines[0] in str(error.hint)
    assert "pip finds no nosuch==9" in str(error.hint)


def test_explain__cancelled__is_not_a_failure() -> None:
    assert isinstance(explain(failure(status="CANCELLED")), CancelledError)


def test_explain__cancelled_by_its_own_limit__says_so() -> None:
    line = "sfml: the job has run for 60 s, its --max-runtime, and is cancelled"
    assert "--max-runtime" in str(explain(failure(status="CANCELLED", last_lines=["x", line])))


def test_explain__deleted__is_not_found() -> None:
    assert isinstance(explain(failure(status="DELETED")), NotFoundError)


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        ("ModuleNotFoundError: No module named 'rich.table'", "--pip rich"),
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "--eai"),
        ("torch.OutOfMemoryError: CUDA out of memory", "--compute-pool"),
        ("MemoryError", "more memory"),
        ("DataLoader worker (pid 7) is killed by signal: Bus error.", "/dev/shm"),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/home/me/x.csv'", "/home/me/x.csv"),
        ("Insufficient privileges to operate on table 'T'", "--role"),
    ],
)
def test_advice__known_cause__says_what_to_try(seen: str, word: str) -> None:
    assert any(word in text for text in advice(failure(last_lines=[seen])))


@pytest.mark.parametrize(
    ("code", "word"), [(137, "memory"), (139, "native"), (135, "/dev/shm"), (143, "outside")]
)
def test_advice__killed__explains_the_code(code: int, word: str) -> None:
    assert any(word in text for text in advice(failure(exit_code=code)))


def test_advice__unknown_cause__names_the_whole_log() -> None:
    assert advice(failure()) == ["sfml jobs logs D.S.J"]

"""How a job's end is shown, and what it means for the exit code."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sfml.cli.attached import View, command, detaching
from sfml.cli.output import Output
from sfml.config import Config
from sfml.errors import InterruptedByUserError, JobFailedError, NotFinishedError
from sfml.jobs.finish import Outcome
from sfml.services.status import JobStatus


def config(origin: str = "--connection") -> Config:
    return Config(
        connection="my dev",
        compute_pool="P",
        stage="S",
        user="u",
        state=Path(),
        origins={"connection": origin},
    )


def view(*, as_json: bool = False, script_code: bool = False) -> tuple[View, io.StringIO, io.StringIO]:
    stdout, stderr = io.StringIO(), io.StringIO()
    out = Output(as_json=as_json, stdout=stdout, stderr=stderr)
    return View(config=config(), out=out, verbose=False, script_code=script_code), stdout, stderr


def outcome(**changes: Any) -> Outcome:
    status = JobStatus(
        job_id="D.S.J",
        status=changes.pop("status", "DONE"),
        compute_pool="P",
        nodes=1,
        owner="R",
        created=None,
        ended=None,
        message=None,
    )
    return Outcome(status=status, **{"found": True, **changes})


@pytest.mark.parametrize(
    ("value", "text"),
    [("hello", "hello\n"), (None, ""), (42, "42\n"), ({"a": 1}, '{\n  "a": 1\n}\n'), ([], "[]\n")],
)
def test_report__value__is_all_that_stdout_has(value: object, text: str) -> None:
    shown, stdout, stderr = view()
    shown.report(outcome(value=value), None)
    assert stdout.getvalue() == text
    assert "D.S.J DONE" in stderr.getvalue()


def test_report__json__has_the_result(tmp_path: Path) -> None:
    shown, stdout, _ = view(as_json=True)
    shown.report(outcome(value={"a": 1}), tmp_path / "r.json")
    assert json.loads(stdout.getvalue()) == {"job_id": "D.S.J", "status": "DONE", "result": {"a": 1}}
    assert json.loads((tmp_path / "r.json").read_text()) == {"a": 1}


def test_report__value_that_json_cannot_hold__is_shown_as_python_would() -> None:
    shown, stdout, _ = view(as_json=True)
    shown.report(outcome(value={1, 2}), None)
    assert json.loads(stdout.getvalue())["result"] == "{1, 2}"


def test_report__no_result_file__is_mentioned() -> None:
    shown, stdout, stderr = view()
    shown.report(outcome(found=False), None)
    assert stdout.getvalue() == ""
    assert "before the launcher could write down" in stderr.getvalue()


@pytest.mark.parametrize(
    ("script_code", "own", "code"), [(False, 3, 100), (True, 3, 3), (True, None, 100), (True, 0, 100)]
)
def test_report__failed_job__exit_code(script_code: bool, own: int | None, code: int) -> None:
    shown, _, _ = view(script_code=script_code)
    error = JobFailedError("it failed", script_code=own)
    with pytest.raises(JobFailedError) as caught:
        shown.report(outcome(status="FAILED", error=error), None)
    assert caught.value.exit_code == code


def test_detaching__interrupt__names_the_way_back() -> None:
    with pytest.raises(InterruptedByUserError) as caught, detaching("D.S.J", config()):
        raise KeyboardInterrupt
    assert "sfml jobs wait --connection 'my dev' D.S.J" in str(caught.value.hint)


def test_detaching__time_is_over__names_the_way_back() -> None:
    with pytest.raises(NotFinishedError) as caught, detaching("D.S.J", config()):
        raise NotFinishedError("not yet")
    assert "sfml jobs wait --connection 'my dev' D.S.J" in str(caught.value.hint)


def test_command__connection_from_elsewhere__needs_no_flag() -> None:
    assert command("wait", "J", config("SFML_CONNECTION")) == "sfml jobs wait J"

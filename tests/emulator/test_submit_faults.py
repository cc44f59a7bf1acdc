"""What goes wrong around a submit: tokens that end, and a client that dies between upload and job."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend, start
from sfml import cli, jobs, session
from sfml.errors import NoConnectionError

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("client-jobs")]

# Seconds; the script outlives the first, and in one test the second.
TICKS = "import time\nfor n in range({ticks}):\n    print('tick', n)\n    time.sleep(0.5)\n__return__ = n\n"

Serve = Callable[..., LocalBackend]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server with these options, and makes it the connection ``short``."""
    running: list[LocalBackend] = []

    def serve(*options: str) -> LocalBackend:
        server = start(tmp_path / "server", *options)
        running.append(server)
        file = tmp_path / "snowflake" / "connections.toml"
        file.parent.mkdir(exist_ok=True)
        file.touch(mode=0o600)
        lines = [f"{key} = {json.dumps(value)}" for key, value in server.parameters().items()]
        file.write_text("[short]\n" + "\n".join(lines) + "\n")
        return server

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
    monkeypatch.setenv("SFML_CONNECTION", "short")
    monkeypatch.setenv("SFML_STATE", str(tmp_path / "state"))
    yield serve
    for server in running:
        server.stop()


def test_follow__session_token_ends_on_the_way__every_line_and_the_result(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve("--session-lifetime", "2")
    (tmp_path / "ticks.py").write_text(TICKS.format(ticks=14))
    code = cli.run(["submit", "--as-is", "ticks.py"])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    assert captured.out.splitlines() == [*(f"tick {n}" for n in range(14)), "13"]


def test_follow__login_ends_on_the_way__exits_3_and_says_how_to_come_back(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve("--session-lifetime", "12", "--master-lifetime", "12")
    (tmp_path / "ticks.py").write_text(TICKS.format(ticks=200))
    jobs.get_job_status(jobs.submit_file("ticks.py", max_runtime=1)["job_id"])  # all is imported and warm now
    code = cli.run(["submit", "--as-is", "ticks.py"])
    err = capsys.readouterr().err
    assert code == NoConnectionError.exit_code, err
    job_id = next((word for word in err.split() if ".TICKS_" in word), None)
    assert job_id is not None, err
    assert f"sfml jobs wait {job_id}" in err
    assert jobs.get_job_status(job_id)["status"] in ("RUNNING", "DONE")
    jobs.cancel_job(job_id)


DIES = """
import os, signal
from pathlib import Path
from sfml.config import resolve
from sfml.jobs import payload, request, submit
from sfml.session import begin

chosen = resolve({}, os.environ, Path.cwd())
found = payload.locate(Path("project"), "main.py")
wanted = request.Request(
    payload=found, compute_pool=chosen.compute_pool, stage=chosen.stage, name="main",
    user=chosen.user, state=chosen.state,
)
with begin(chosen) as opening:
    submit.prepare(opening.connection(), request.checked(wanted))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_submit__killed_between_upload_and_job__the_next_one_uses_the_upload(
    serve: Serve, tmp_path: Path
) -> None:
    serve()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "main.py").write_text("__return__ = 'whole'\n")
    died = subprocess.run([sys.executable, "-c", DIES], env=os.environ, check=False)
    assert died.returncode == -signal.SIGKILL
    opened = session.get_session()
    before = _staged(opened)
    assert before
    assert jobs.list_jobs(session=opened) == []
    assert jobs.submit_directory("project", "main.py", wait=True, session=opened)["result"] == "whole"
    after = _staged(opened)
    assert {name: after[name] for name in before} == before  # not sent again: the times are the same
    opened.connection.close()


def _staged(opened: Any) -> dict[str, Any]:
    from sfml.config import resolve

    stage = resolve({}, os.environ, Path.cwd()).stage
    return {row[0]: row[3] for row in opened.connection.cursor().execute(f"LIST @{stage}").fetchall()}

"""The submitting client is killed at any moment: what it left is a whole job or none."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sfml import jobs
from sfml.services import status
from sfml.session import backend

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("client-jobs")]

KILLS = 4


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SFML_CONNECTION", "local")
    monkeypatch.setenv("SFML_STATE", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    for number in range(20):
        (tmp_path / "project" / f"part{number}.py").write_text(f"VALUE = {number}\n")
    names = ", ".join(f"part{number}" for number in range(20))
    (tmp_path / "project" / "main.py").write_text(f"import {names}\n__return__ = part19.VALUE\n")
    yield os.environ
    backend.stop(tmp_path / "state" / "local")


def submit(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sfml", "submit", "--detach", "project", "--entrypoint", "main.py"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ended() -> list[str]:
    """The states of all jobs, once all are over."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [job["status"] for job in jobs.list_jobs(limit=100)]
        if all(state in status.TERMINAL for state in found):
            return found
        time.sleep(0.3)
    pytest.fail(f"jobs did not end: {found}")


def test_submit__client_is_killed_at_random_moments__jobs_that_exist_are_whole(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    backend.ensure(tmp_path / "state" / "local")
    began = time.monotonic()
    assert submit(environment).wait(timeout=60) == 0
    took = time.monotonic() - began
    chance = random.Random(20261121)
    for number in range(KILLS):
        with submit(environment) as process:
            # Spread over a whole submit, so that each part of it is met.
            time.sleep(took * (number + chance.random()) / KILLS)
            process.send_signal(signal.SIGKILL)
    states = ended()
    assert set(states) == {"DONE"}
    assert 1 <= len(states) <= 1 + KILLS
    assert submit(environment).wait(timeout=60) == 0
    assert len(ended()) == len(states) + 1

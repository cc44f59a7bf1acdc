"""An engine that goes away while containers run."""

from __future__ import annotations

import gc
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from engine_line import Line, line
from local_backend import start
from pods import Runs, api, left, server
from service_world import POOL, World, furnished
from sfml.emulator.executors.base import Started
from sfml.emulator.executors.choice import sweep
from sfml.emulator.executors.words import ENGINE_LOST

__all__ = ["api", "line", "server"]
WITHIN = 120


# docker-py leaves a socket that it could not connect to the garbage collector, which has to come in time.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("restart", [False, True])
def test_engine__goes_away__runs_end_with_the_reason_and_the_next_server_tidies_up(
    line: Line, api: Any, server: tuple[str, int], tmp_path: Path, restart: bool
) -> None:
    from sfml.emulator.executors.docker.executor import DockerExecutor

    executor = DockerExecutor(tmp_path / "state", endpoint=lambda: server, first_pause=0.01)
    runs = Runs(executor, tmp_path / "runs")
    following = runs.start(runs.script("sleep 1000"), restart=restart)
    following.until(lambda report: isinstance(report, Started))
    line.cut()

    ended = following.ended()
    assert (ended.code, ended.reason) == (None, ENGINE_LOST)
    late = runs.start(runs.script("true")).ended()
    assert late.code is None
    assert late.reason
    executor.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DOCKER_HOST")
        DockerExecutor(tmp_path / "state", endpoint=lambda: server).close()
    assert left(api, tmp_path / "state") == []
    del executor, runs, following
    gc.collect()


def test_engine__goes_away_from_a_server__statements_say_so_and_nothing_hangs(
    line: Line, api: Any, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    backend = start(state, "--executor", "docker")
    with furnished(backend, api) as account:
        spec = json.dumps({"spec": {"containers": [account.container("echo up; sleep 1000")]}})
        account.sql(f"CREATE SERVICE svc IN COMPUTE POOL {POOL} FROM SPECIFICATION $${spec}$$")
        account.sql(f"CALL svc!SPCS_WAIT_FOR('RUNNING', {WITHIN})")
        told: list[str] = []
        waiting = threading.Thread(target=_waited_for, args=(account, told), daemon=True)
        waiting.start()
        _until_running(account)
        line.cut()
        waiting.join(WITHIN)
        assert ENGINE_LOST in told[0]
        with pytest.raises(ProgrammingError, match=r"ended with status: FAILED\. .*engine"):
            account.run("late", {"containers": [account.container("true")]})
        (job,) = account.rows("SHOW SERVICE CONTAINERS IN SERVICE job")
        assert ENGINE_LOST in job["message"]
        account.sql("DROP SERVICE svc")
    assert backend.stop() == 0
    assert "Traceback" not in (state / "server.log").read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DOCKER_HOST")
        sweep(state, volumes=True)
    assert left(api, state) == []


def _until_running(account: World) -> None:
    deadline = time.monotonic() + WITHIN
    while [row["status"] for row in account.rows("SHOW JOB SERVICES")] != ["RUNNING"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _waited_for(account: World, told: list[str]) -> None:
    """Run a job as one statement, and keep what it says."""
    try:
        told.append(str(account.run("job", {"containers": [account.container("sleep 1000")]})))
    except ProgrammingError as error:
        told.append(str(error))

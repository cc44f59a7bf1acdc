"""ML Jobs as processes, where runs have namespaces and where their paths are rewritten."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from snowflake.ml import jobs

from local_backend import LocalBackend, start
from mljob_operations import *  # noqa: F403 - the whole suite
from mljob_operations import POOL, STAGE, connect, serve
from sfml.emulator.executors.process import ProcessExecutor


@pytest.fixture(scope="module", params=["namespace", "rewrite"])
def backend(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalBackend]:
    if request.param == "namespace" and not ProcessExecutor(tmp_path_factory.mktemp("probe")).isolates():
        pytest.skip("this kernel gives us no namespaces")
    yield from serve(shared, tmp_path_factory.mktemp("backend") / "state", "--paths", request.param)


@pytest.fixture
def killed(tmp_path: Path) -> tuple[Path, str, str]:
    """The state directory of a killed server, and the ids of a job that was done and one that ran."""
    os.mkfifo(tmp_path / "held")
    script = tmp_path / "work.py"
    server = start(tmp_path / "state")
    session = connect(server)
    script.write_text("print('kept')\n__return__ = [1, 2]")
    done = jobs.submit_file(str(script), POOL, stage_name=STAGE, session=session)
    assert done.result() == [1, 2]
    script.write_text(f"held = open({str(tmp_path / 'held')!r}, 'w')\nimport time\ntime.sleep(600)")
    cut = jobs.submit_file(str(script), POOL, stage_name=STAGE, session=session)
    with (tmp_path / "held").open("rb") as held:
        server.kill()
        assert held.read() == b""  # no process of the job holds it any more
    session.connection.close(retry=False)
    session.close()
    return server.state, done.id, cut.id


def test_server__is_killed__the_next_one_knows_what_happened(killed: tuple[Path, str, str]) -> None:
    state, done, cut = killed
    server = start(state)
    session = connect(server)
    again = jobs.get_job(done, session=session)
    assert (again.status, again.result(), again.get_logs()) == ("DONE", [1, 2], "kept")
    lost = jobs.get_job(cut, session=session)
    assert lost.status == "FAILED"
    history = jobs.list_jobs(session=session).set_index("name")
    assert "stopped while the job was running" in history.loc[lost.name, "message"]
    session.close()
    assert server.stop() == 0

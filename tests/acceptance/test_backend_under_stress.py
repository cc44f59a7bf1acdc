"""The local backend as a program under load and under the knife, through the unmodified clients."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest
from snowflake.ml import jobs
from snowflake.snowpark import Session

import submitter
from local_backend import LocalBackend, start

POOL = "STRESS_POOL"
KILLS = 20
LINES = 100_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalBackend]:
    running = start(tmp_path / "state")
    yield running
    assert running.stop() == 0
    assert "Traceback" not in (running.state / "server.log").read_text()


def connected(server: LocalBackend, **more: Any) -> Session:
    session = Session.builder.configs(server.parameters(**more)).create()
    session.sql(
        f"CREATE COMPUTE POOL IF NOT EXISTS {POOL} MIN_NODES=1 MAX_NODES=3 INSTANCE_FAMILY=CPU_X64_XS"
    ).collect()
    return session


def submit(session: Session, script: Path) -> jobs.MLJob[Any]:
    return jobs.submit_file(str(script), POOL, stage_name="stress", session=session)


def marks_of(script: Path) -> Path:
    return script.with_suffix(".marks")


def marking(script: Path) -> Path:
    """A script that leaves a line for each time that it is run."""
    script.write_text(f"open({str(marks_of(script))!r}, 'a').write('ran\\n')\n__return__ = 'whole'\n")
    return script


def test_server__killed_at_any_moment_of_a_submit__its_state_is_consistent(tmp_path: Path) -> None:
    moments = random.Random(20)
    client = subprocess.Popen(
        [sys.executable, submitter.__file__], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True
    )
    assert client.stdin
    assert client.stdout
    assert client.stdout.readline() == "ready\n"
    undisturbed = 0.0
    for number in range(KILLS + 1):
        script = marking(tmp_path / f"job_{number}.py")
        server = start(tmp_path / "state")
        connected(server).close()
        order = {"connection": server.parameters(), "script": str(script), "pool": POOL}
        began = time.monotonic()
        print(json.dumps(order), file=client.stdin, flush=True)
        if number == 0:
            lines = [client.stdout.readline()]
            undisturbed = time.monotonic() - began
        time.sleep(moments.uniform(0, 2 * undisturbed))
        server.kill()
    client.kill()
    lines += client.communicate()[0].splitlines()
    submitted = {job_id: Path(script) for script, job_id in map(str.split, lines)}
    assert len(submitted) > 1  # the first, and some of those that a kill met
    check_after_kills(start(tmp_path / "state"), tmp_path, submitted)


def check_after_kills(server: LocalBackend, folder: Path, submitted: dict[str, Path]) -> None:
    """Every acknowledged job is there and over, none ran twice, and the server is as good as new."""
    session = connected(server)
    for job_id, script in submitted.items():
        job = jobs.get_job(job_id, session=session)
        assert job.wait(timeout=60) in ("DONE", "FAILED")
        if job.status == "DONE":
            assert job.result() == "whole"
            assert marks_of(script).read_text() == "ran\n"
    for marks in folder.glob("*.marks"):
        assert marks.read_text() in ("", "ran\n")
    listed = jobs.list_jobs(session=session, limit=100)
    assert {name.rsplit(".", 1)[-1] for name in submitted} <= set(listed["name"])
    assert submit(session, marking(folder / "last.py")).result() == "whole"
    session.close()
    assert server.stop() == 0


def test_logs__a_hundred_thousand_lines_followed__each_is_shown_or_its_gap_is(
    server: LocalBackend, tmp_path: Path
) -> None:
    from sfml.jobs.follow import Follower
    from sfml.services.logs import MISSING

    script = tmp_path / "chatty.py"
    script.write_text(f"for n in range({LINES}):\n    print('line', n)\n")
    session = connected(server)
    shown: list[str] = []
    job = submit(session, script)
    follower = Follower(
        connection=session.connection, job_id=job.id, show=shown.append, notice=lambda _: None
    )
    assert follower.run(timeout=120).status.status == "DONE"
    session.close()
    assert MISSING not in shown
    assert shown == [f"line {n}" for n in range(LINES)]


def test_job__runs_out_of_memory__fails_alone_and_says_so(server: LocalBackend, tmp_path: Path) -> None:
    greedy, modest = tmp_path / "greedy.py", tmp_path / "modest.py"
    greedy.write_text(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "held = []\nwhile True:\n    held.append(bytearray(64 << 20))\n"
    )
    modest.write_text("__return__ = sum(range(10))\n")
    session = connected(server)
    lost, kept = submit(session, greedy), submit(session, modest)
    assert kept.result() == 45
    with pytest.raises((RuntimeError, MemoryError), match="Memory"):
        lost.result()
    assert lost.status == "FAILED"
    session.close()

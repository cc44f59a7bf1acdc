"""The backend as a program: start, stop, refuse, and what a killed one leaves behind."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import connect

from local_backend import LocalBackend, start

pytestmark = pytest.mark.slow
SIZE = 100_000


def rows(backend: LocalBackend, *statements: str) -> list[tuple[Any, ...]]:
    """What the last of the statements answers."""
    with connect(**backend.parameters()) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def refusal(state: Path, *options: str) -> tuple[int, str]:
    """Exit code and complaint of a server that is not to start."""
    command = [sys.executable, "-m", "sfml.emulator", "--state", str(state), *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal__running_server__ends_well_and_takes_its_endpoint_away(tmp_path: Path, number: int) -> None:
    server = start(tmp_path / "state")
    server.process.send_signal(number)
    server.process.communicate(timeout=120)
    assert server.process.returncode == 0
    assert not (tmp_path / "state" / "endpoint.json").exists()


def test_signal__while_a_statement_waits__ends_within_seconds(tmp_path: Path) -> None:
    server = start(tmp_path / "state")
    connection = connect(**server.parameters(network_timeout=5))
    connection.cursor().execute_async("call system$wait(100)")
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 90  # the statement itself takes 100


def test_start__second_server_on_the_same_state__one_line_and_code_1(tmp_path: Path) -> None:
    server = start(tmp_path / "state")
    code, complaint = refusal(tmp_path / "state")
    assert code == 1
    assert f"process {server.process.pid}" in complaint
    assert "Traceback" not in complaint
    assert server.stop() == 0


def test_start__port_in_use__one_line_and_code_1(tmp_path: Path) -> None:
    server = start(tmp_path / "one")
    code, complaint = refusal(tmp_path / "two", "--port", str(server.endpoint["port"]))
    assert code == 1
    assert "Traceback" not in complaint
    assert "address" in complaint
    server.stop()


def test_start__state_of_a_newer_version__refused(tmp_path: Path) -> None:
    server = start(tmp_path / "state")
    server.stop()
    with sqlite3.connect(tmp_path / "state" / "catalog.sqlite") as db:
        db.execute("pragma user_version = 1000")
    db.close()
    code, complaint = refusal(tmp_path / "state")
    assert (code, "Traceback" in complaint) == (1, False)
    assert "format 1000" in complaint


def test_files__of_the_state__are_for_their_owner_only(tmp_path: Path) -> None:
    server = start(tmp_path / "state")
    for name in ("", "endpoint.json", "password"):
        assert (tmp_path / "state" / name).stat().st_mode & 0o077 == 0
    password = (tmp_path / "state" / "password").read_text().strip()
    rows(server, "select 1")
    server.stop()
    others = [path for path in (tmp_path / "state").rglob("*") if path.is_file() and path.name != "password"]
    assert [path for path in others if password.encode() in path.read_bytes()] == []


def test_idle_exit__nobody_asks__the_server_ends(tmp_path: Path) -> None:
    server = start(tmp_path / "state", "--idle-exit", "6")  # a client on a busy machine may pause
    rows(server, "select 1")
    assert server.process.poll() is None
    server.process.communicate(timeout=120)
    assert server.process.returncode == 0


def test_kill__objects_tables_and_files__are_there_on_the_next_start(tmp_path: Path) -> None:
    server = start(tmp_path / "state")
    (tmp_path / "a.txt").write_text("kept")
    rows(
        server,
        "create database d",
        "create table t as select 7 as n",
        "create stage s",
        f"put file://{tmp_path}/a.txt @s auto_compress = false",
    )
    server.kill()
    again = start(tmp_path / "state")
    assert rows(again, "select n from d.public.t") == [(7,)]
    (tmp_path / "out").mkdir()
    rows(again, f"get @d.public.s file://{tmp_path}/out")
    assert (tmp_path / "out" / "a.txt").read_text() == "kept"
    assert again.stop() == 0


WORK = """
import json, os, sys
from snowflake.connector import connect
cursor = connect(**json.loads(sys.argv[1])).cursor()
print("ready", flush=True)
for number in range(1000):
    name = f"{sys.argv[2]}_{number}"
    cursor.execute(f"create database {name}")
    cursor.execute("create stage s")
    cursor.execute(f"put file://{sys.argv[3]} @s auto_compress = false")
    print(name, flush=True)
"""


def test_kill__at_random_moments_of_much_work__what_was_answered_is_there(tmp_path: Path) -> None:
    """Each round: a client creates databases and stages, and uploads, until the server is killed under it."""
    generator = random.Random(7)
    answered: list[str] = []
    (tmp_path / "data.bin").write_bytes(os.urandom(SIZE))
    for number in range(6):
        server = start(tmp_path / "state")
        answered += work_until_killed(server, tmp_path / "data.bin", number, after=generator.uniform(0.05, 1))
    server = start(tmp_path / "state")
    names = {row[1] for row in rows(server, "show databases")}
    assert len(answered) > 10
    assert [name for name in answered if name not in names] == []
    assert {rows(server, f"list @{name}.public.s")[0][1] for name in answered} == {SIZE}
    assert server.stop() == 0


def work_until_killed(server: LocalBackend, data: Path, number: int, *, after: float) -> list[str]:
    """Names of databases with a stage and a whole file in it, as far as the server said so."""
    parameters = json.dumps(server.parameters())
    client = subprocess.Popen(
        [sys.executable, "-c", WORK, parameters, f"R{number}", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    time.sleep(after)
    server.kill()
    client.kill()
    return client.communicate(timeout=120)[0].split()


def test_endpoint__of_a_killed_server__is_replaced_by_the_next(tmp_path: Path) -> None:
    first = start(tmp_path / "state")
    first.kill()
    assert (tmp_path / "state" / "endpoint.json").exists()
    second = start(tmp_path / "state")
    endpoint = json.loads((tmp_path / "state" / "endpoint.json").read_text())
    assert endpoint["pid"] == second.process.pid
    second.stop()


SUBMIT = """
import json, sys
from snowflake.ml import jobs
from snowflake.snowpark import Session
session = Session.builder.configs(json.loads(sys.argv[1])).create()
pool = "create compute pool if not exists p min_nodes=1 max_nodes=2 instance_family=CPU_X64_XS"
session.sql(pool).collect()
print("ready", flush=True)
for number in range(20):
    job = jobs.submit_file(sys.argv[2], "p", stage_name="payload", session=session)
    print(job.id, flush=True)
"""
FINAL = {"DONE", "FAILED", "CANCELLED", "INTERNAL_ERROR"}


def test_kill__at_random_moments_of_a_submit__every_job_known_and_none_left_running(tmp_path: Path) -> None:
    """Each round: jobs are submitted until the server is killed; the next one knows and ends them all."""
    generator = random.Random(11)
    script = tmp_path / "job.py"
    script.write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)\n")
    known: set[str] = set()
    for _ in range(4):
        server = start(tmp_path / "state")
        known |= set(submit_until_killed(server, script, after=generator.uniform(0.1, 3)))
        again = start(tmp_path / "state")
        states = {f"LOCAL.PUBLIC.{row[0]}": row[1] for row in rows(again, "show job services in account")}
        assert known - set(states) == set()
        assert {name: state for name, state in states.items() if state not in FINAL | {"PENDING"}} == {}
        for name, state in states.items():
            if state == "PENDING":  # it had no node yet: it waits for its turn, and may be cancelled
                rows(again, f"call {name}!spcs_cancel_job()")
        again.kill()
    assert known
    deadline = time.monotonic() + 120
    while processes_of(script) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(script) == []


def submit_until_killed(server: LocalBackend, script: Path, *, after: float) -> list[str]:
    """Names of the jobs that the client was told of."""
    client = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SUBMIT, json.dumps(server.parameters()), str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    time.sleep(after)
    server.kill()
    client.kill()
    return client.communicate(timeout=120)[0].split()


def processes_of(script: Path) -> list[str]:
    """Command lines of live processes that run the script."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if script.name in line and "job_stage" in line:
            found.append(line)
    return found

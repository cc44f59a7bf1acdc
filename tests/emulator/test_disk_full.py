"""A server whose disk is full: what it cannot do it says, what it has stays, and it goes on afterwards."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import connect
from snowflake.connector.errors import ProgrammingError

from local_backend import start

SIZE = "32m"
POOL = "create compute pool p min_nodes=1 max_nodes=4 instance_family=CPU_X64_XS"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("optional: no right to mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def fill(file: Path) -> None:
    """Leave no room beside it."""
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(descriptor, bytes(1024))
    except OSError:
        os.close(descriptor)


def job(script: str) -> str:
    container = {"name": "main", "image": "/local/public/repo/app:1", "command": ["bash", "-c", script]}
    return f"from specification $${json.dumps({'spec': {'containers': [container]}})}$$"


def test_disk__is_full_and_then_is_not__all_goes_on(disk: Path, tmp_path: Path) -> None:
    server = start(disk / "state")
    gate, filler = tmp_path / "gate", disk / "filler"
    with connect(**server.parameters()) as connection:

        def sql(text: str) -> list[tuple[Any, ...]]:
            return list(connection.cursor().execute(text).fetchall())

        for statement in (POOL, "create image repository repo", "create stage files"):
            sql(statement)
        running = f"until [ -e {gate} ]; do sleep 0.1; done; echo over"
        sql(f"execute job service in compute pool p name=waiting async=true {job(running)}")

        fill(filler)
        for statement in (
            "create stage more",
            "create table numbers as select 1 as n",
            f"execute job service in compute pool p name=late async=true {job('true')}",
        ):
            with pytest.raises(ProgrammingError, match="disk is full"):
                sql(statement)
        assert [row[0] for row in sql("show services")] == ["WAITING"]
        gate.touch()

        filler.unlink()
        sql("call waiting!spcs_wait_for('DONE', 60)")
        sql("create table numbers as select 1 as n")
        sql(f"execute job service in compute pool p name=late {job('echo now')}")
        assert sql("call system$get_service_logs('late', 0, 'main')") == [("now",)]
    assert server.stop() == 0
    assert "Traceback" not in (disk / "state" / "server.log").read_text()

    again = start(disk / "state")
    with connect(**again.parameters()) as connection:
        assert connection.cursor().execute("select n from numbers").fetchall() == [(1,)]
        assert [row[0] for row in connection.cursor().execute("show services").fetchall()] == [
            "LATE",
            "WAITING",
        ]
    assert again.stop() == 0

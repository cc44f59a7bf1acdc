"""`sfml up`: what it takes beyond the start of the box itself, and when there is nothing to do."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from measure import Row

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))

import tunnel_ends  # noqa: E402

import local_backend  # noqa: E402 - found by the line above
import real_box  # noqa: E402
import ssh_server  # noqa: E402

TOOLKIT = HERE.parent / "toolkit"
REPEAT = 5
LIMIT = 2.0
_SERVICE = "ML_DEV.PUBLIC.ML_DEV_BOX_LOCAL"


@dataclass(frozen=True, kw_only=True)
class World:
    """A user's project, and the local backend beside it."""

    project: Path
    environ: Mapping[str, str]
    backend: local_backend.LocalBackend

    def sfml(self, *arguments: str) -> float:
        """Seconds of wall time."""
        began = time.perf_counter()
        command = [sys.executable, "-m", "sfml", *arguments]
        done = subprocess.run(
            command, cwd=self.project, env=self.environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return time.perf_counter() - began

    def rows(self, statement: str) -> list[dict[str, Any]]:
        from snowflake.connector import DictCursor, connect

        with connect(**self.backend.parameters()) as connection, connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(statement).fetchall()]


def own_start(rows: Callable[[str], list[dict[str, Any]]], service: str) -> float:
    """Seconds from the service's creation to its instance's being ready, as its events have them."""
    times: dict[str, datetime] = {}
    for row in rows(f"SELECT * FROM TABLE({service}!SPCS_GET_EVENTS())"):
        detail = json.dumps(row, default=str)
        for word in ("pending", "running"):
            if f"Service instance is {word}" in detail:
                times[word] = row["TIMESTAMP"]
    return (times["running"] - times["pending"]).total_seconds()


def rows() -> Iterator[Row]:
    yield from _as_process()
    if tunnel_ends.engine():
        yield from _in_container()


def _in_container() -> Iterator[Row]:
    """With a box of the shipped image."""
    with tunnel_ends.box() as made:
        beyond, again, starts = [], [], []
        for _ in range(3):
            taken = _seconds(made.up)
            starts.append(own_start(made.rows, real_box.SERVICE))
            beyond.append(taken - starts[-1])
            again.append(_seconds(made.up))
            made.sfml("down", *real_box.PLACE, "--yes", "--data", "--delete-home")
    detail = f"of {statistics.median(starts):.1f} s; median of 3, at most {max(beyond):.2f} s"
    what = "sfml up, beyond a container's own start"
    yield Row(what=what, figure=statistics.median(beyond), unit="s", limit=LIMIT, detail=detail)
    yield Row(what="sfml up, nothing to do, container", figure=statistics.median(again), unit="s")


def _seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _as_process() -> Iterator[Row]:
    """With sshd and bridge as programs of this machine."""
    with ExitStack() as stack:
        world = _world(stack)
        up = ("up", "--yes", "--egress", "packages")
        beyond, again, woken = [], [], []
        for _ in range(REPEAT):
            taken = world.sfml(*up)
            beyond.append(taken - own_start(world.rows, _SERVICE))
            again.append(world.sfml(*up))
            woken.append(world.sfml("status"))
            world.sfml("down", "--yes", "--data", "--delete-home")
        made, same = statistics.median(beyond), statistics.median(again)
        detail = f"from nothing to ssh; median of {REPEAT}, at most {max(beyond):.2f} s"
        yield Row(
            what="sfml up, beyond the box's own start", figure=made, unit="s", limit=LIMIT, detail=detail
        )
        yield Row(what="sfml up, nothing to do", figure=same, unit="s", detail=f"at most {max(again):.2f} s")
        yield Row(what="sfml status", figure=statistics.median(woken), unit="s")


def _world(stack: ExitStack) -> World:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sfml-bench-")))
    for name in ("home", "project", "sshd"):
        (folder / name).mkdir()
    server = stack.enter_context(ssh_server.running(folder / "sshd"))
    _write_project(folder / "project", server.port, folder / "sshd" / "host.pub")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SFML_", "SNOWFLAKE_"))}
    environ = {**kept, "HOME": str(folder / "home"), "PYTHONPATH": str(TOOLKIT)}
    os.environ["PYTHONPATH"] = str(TOOLKIT)
    backend = local_backend.start(folder / "project" / ".sfml" / "local", "--executor", "process")
    stack.callback(backend.stop)
    stack.callback(_stop_agent, folder / "home")
    return World(project=folder / "project", environ=environ, backend=backend)


def _write_project(project: Path, sshd: int, host_key: Path) -> None:
    bridge = [
        sys.executable, "-m", "sfml.tunnel.bridge", "--port", "18022", "--ssh-port", str(sshd),
        "--host-key", str(host_key),
    ]  # fmt: skip
    container = {
        "name": "main", "image": "/ml_dev/public/images/dev:latest", "command": bridge,
        "env": {"PYTHONPATH": str(TOOLKIT), "SFML_BOX_OWNER": "LOCAL"},
    }  # fmt: skip
    spec = {"containers": [container], "endpoints": [{"name": "ssh", "port": 18022, "public": True}]}
    (project / "specs" / "service").mkdir(parents=True)
    (project / "specs" / "service" / "dev-box.yaml.j2").write_text(json.dumps({"spec": spec}))
    (project / "sfml.yaml").write_text("connection: local\nexecutor: process\n")


def _stop_agent(home: Path) -> None:
    lock = home / ".ssh" / "sfml" / "agent.lock"
    if lock.exists() and lock.read_text():
        os.kill(int(lock.read_text()), 15)

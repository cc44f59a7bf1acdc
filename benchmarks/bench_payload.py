"""Submit a folder with .git and .venv beside its files, over a network with 100 ms to each request.

sfml's submit_directory and snowflake.ml.jobs' of the same folder, in turn, from one process with an open
session each, through a proxy that delays every request on its way to the local backend.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench_submit import SFML, local_backend
from measure import Row, once

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
from slow import SlowProxy

DELAY = 0.1
FILES = 60
POOL, STAGE = "SYSTEM_COMPUTE_POOL_CPU", "BENCH_PAYLOADS"


def project(folder: Path) -> Path:
    """60 files in six folders, committed to git, with a small virtual environment beside them.

    No file that begins with a dot: the client's PUT of ``.*`` would fail on .git.
    """
    root = folder / "project"
    names = [f"part{number % 6}/module{number}.py" for number in range(FILES - 1)]
    packages = [f".venv/lib/site-packages/package{n // 8}/m{n}.py" for n in range(80)]
    for name in [*names, *packages]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {name}\n" + "VALUE = 1\n" * 200)
    (root / ".venv" / "pyvenv.cfg").write_text("version = 3.11\n")
    (root / "main.py").write_text("__return__ = 42\n")
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q"], cwd=root, check=True)
    subprocess.run([*git, "add", "main.py", *names], cwd=root, check=True)
    subprocess.run([*git, "commit", "-q", "-m", "all"], cwd=root, check=True)
    return root


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name, local_backend(Path(name)) as connection:
        proxy = SlowProxy((str(connection["host"]), int(str(connection["port"]))), delay=DELAY)
        os.environ["SFML_STATE"] = f"{name}/.sfml"
        try:
            slow = {**connection, "port": proxy.port}
            yield from _measured(project(Path(name)), slow, proxy)
            yield from _commands(Path(name), slow, proxy)
        finally:
            proxy.close()


def _measured(root: Path, connection: dict[str, Any], proxy: SlowProxy) -> Iterator[Row]:
    from snowflake.ml import jobs as client
    from snowflake.snowpark import Session

    from sfml import jobs

    with Session.builder.configs(connection).create() as session:
        session.sql(f"CREATE STAGE IF NOT EXISTS {STAGE}").collect()
        options: dict[str, Any] = {"entrypoint": "main.py", "stage_name": STAGE, "session": session}

        def ours() -> None:
            jobs.submit_directory(root, compute_pool=POOL, connection_name="local", **options)

        first, asked = _timed(ours, proxy)
        again, few = _timed(ours, proxy)
        sent = [row[0] for row in session.sql(f"LIST @{STAGE}").collect()]
        theirs, many = _timed(lambda: client.submit_directory(str(root), POOL, **options), proxy)
    stray = [name for name in sent if "/.git/" in name or "/.venv/" in name]
    detail = f"sfml {first:.1f} s, {asked} requests; the client {theirs:.1f} s, {many} requests"
    yield Row(
        what="submit a folder / snowflake.ml.jobs, wall",
        figure=first / theirs,
        unit="",
        limit=0.2,
        detail=detail,
    )
    yield Row(
        what="unchanged submit / snowflake.ml.jobs, wall",
        figure=again / theirs,
        unit="",
        detail=f"{again:.1f} s",
    )
    yield Row(what="unchanged submit, requests", figure=few, unit="", limit=5)
    yield Row(what="files of .git and .venv on the stage", figure=len(stray), unit="", limit=0)


def _commands(folder: Path, connection: dict[str, Any], proxy: SlowProxy) -> Iterator[Row]:
    """The same as a user calls it: a process for each submit, with its login, its plan, and no waiting."""
    home = folder / "snowflake"
    home.mkdir()
    lines = [f"{key} = {json.dumps(value)}" for key, value in connection.items()]
    file = home / "connections.toml"
    file.touch(mode=0o600)
    file.write_text("[slow]\n" + "\n".join(lines) + "\n")
    root = folder / "project"
    (root / "main.py").write_text("__return__ = 43\n")
    env = {**os.environ, "SNOWFLAKE_HOME": str(home), "BENCH_CONNECTION": json.dumps(connection)}
    submit = [
        "submit",
        root,
        "--entrypoint",
        "main.py",
        "--connection",
        "slow",
        "--detach",
        "--compute-pool",
        POOL,
    ]
    first, _ = _timed(lambda: once([SFML, *submit], env=env, cwd=folder), proxy)
    again, few = _timed(lambda: once([SFML, *submit], env=env, cwd=folder), proxy)
    theirs, _ = _timed(lambda: once([sys.executable, "-c", CLIENT, root], env=env, cwd=folder), proxy)
    detail = f"sfml {first:.1f} s, the client {theirs:.1f} s"
    yield Row(
        what="sfml submit FOLDER / a program of the client's, wall",
        figure=first / theirs,
        unit="",
        limit=0.2,
        detail=detail,
    )
    yield Row(
        what="unchanged sfml submit / the client's, wall",
        figure=again / theirs,
        unit="",
        detail=f"{again:.1f} s",
    )
    yield Row(what="unchanged sfml submit, requests with login and logout", figure=few, unit="", limit=7)


# The peer as its documentation shows it.
CLIENT = f"""
import json, os, sys
from snowflake.ml.jobs import submit_directory
from snowflake.snowpark import Session

with Session.builder.configs(json.loads(os.environ["BENCH_CONNECTION"])).create() as session:
    submit_directory(sys.argv[1], "{POOL}", entrypoint="main.py", stage_name="{STAGE}", session=session)
"""


def _timed(call: Callable[[], object], proxy: SlowProxy) -> tuple[float, int]:
    """Seconds, and requests but for heartbeats and telemetry, which are sent beside the work."""
    proxy.requests.clear()
    began = time.perf_counter()
    call()
    took = time.perf_counter() - began
    beside = ("/telemetry", "/session/heartbeat")
    return took, sum(not path.startswith(beside) for _, path in proxy.requests)


if __name__ == "__main__":
    for row in rows():
        print(json.dumps(row.__dict__))

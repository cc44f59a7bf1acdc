"""The local backend as a program: start to its first HTTP answer, memory at rest, statements per second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Row, Timing, median

STATEMENTS = 300


@contextmanager
def backend(state: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, object], float]]:
    """A started server, its endpoint file, and the seconds from its start to its first HTTP answer."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "sfml.emulator", "--state", str(state)])
    try:
        yield process, _first_answer(state / "endpoint.json", process), time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(timeout=20)


def _first_answer(file: Path, process: subprocess.Popen[bytes]) -> dict[str, object]:
    while process.poll() is None:
        try:
            endpoint: dict[str, object] = json.loads(file.read_text())
            url = f"http://{endpoint['host']}:{endpoint['port']}/"
            with urllib.request.urlopen(url, timeout=1):
                return endpoint
        except (OSError, ValueError):
            time.sleep(0.005)
    raise SystemExit(f"the backend exited {process.returncode}")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _start_once() -> Timing:
    with tempfile.TemporaryDirectory() as name, backend(Path(name) / "state") as (_, _, seconds):
        return Timing(cpu=0, wall=seconds)


def _connect(state: Path, endpoint: dict[str, object]) -> object:
    import snowflake.connector

    return snowflake.connector.connect(
        **{
            key: endpoint[key]
            for key in ("host", "port", "protocol", "account", "user", "database", "schema")
        },
        password=(state / str(endpoint["password_file"])).read_text().strip(),
    )


def _statements_per_second(state: Path, endpoint: dict[str, object], connections: int) -> float:
    """``SHOW STAGES`` from so many connections at once, through the real connector."""
    opened = [_connect(state, endpoint) for _ in range(connections)]

    def work(connection: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        for _ in range(STATEMENTS // connections):
            cursor.execute("show stages").fetchall()

    threads = [threading.Thread(target=work, args=(connection,)) for connection in opened]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    for connection in opened:
        connection.close()  # type: ignore[attr-defined]
    return STATEMENTS // connections * connections / seconds


def rows() -> Iterator[Row]:
    start = median(_start_once)
    yield Row(what="backend start -> first HTTP answer, wall", figure=start.wall, unit="s", limit=0.7)
    with tempfile.TemporaryDirectory() as name:
        state = Path(name) / "state"
        with backend(state) as (process, endpoint, _):
            time.sleep(1)
            yield Row(what="backend idle, resident", figure=_resident_mb(process.pid), unit="MB", limit=60)
            for connections in (1, 8):
                rate = _statements_per_second(state, endpoint, connections)
                what = f"statements per second, {connections} connection(s)"
                yield Row(what=what, figure=rate, unit="/s", detail="SHOW STAGES through the connector")

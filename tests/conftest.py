"""A test process that grows without end is stopped, with the stacks of its threads, before the machine is."""

import faulthandler
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

LIMIT_MIB = 3072
EVERY_S = 0.5


pytest.register_assert_rewrite("mljob_operations")

# How long an example takes says more of the machine than of the code.
settings.register_profile("sfml", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sfml")


def pytest_configure(config: pytest.Config) -> None:
    if Path("/proc/self/statm").is_file():
        threading.Thread(target=_watch, args=(os.dup(sys.__stderr__.fileno()),), daemon=True).start()


def _watch(stderr: int) -> None:
    pause = threading.Event()
    while _resident_mib() < LIMIT_MIB:
        pause.wait(EVERY_S)
    where = os.environ.get("PYTEST_CURRENT_TEST", "between two tests")
    os.write(stderr, f"\nthis test process holds more than {LIMIT_MIB} MiB: {where}\n".encode())
    faulthandler.dump_traceback(stderr, all_threads=True)
    before = _processor_time()
    pause.wait(EVERY_S)
    busy = {name: spent - before.get(name, 0) for name, spent in _processor_time().items()}
    found = f"{_resident_mib()} MiB now; ticks by thread (name, native id): {busy}\n"
    os.write(stderr, found.encode())
    os.write(stderr, Path("/proc/self/smaps_rollup").read_bytes())
    os._exit(70)


def _processor_time() -> dict[tuple[str, str], int]:
    """Clock ticks that each thread has run, those included that are no Python threads."""
    found = {}
    for task in Path("/proc/self/task").iterdir():
        name, rest = (task / "stat").read_text(encoding="utf-8").split("(", 1)[1].rsplit(")", 1)
        found[name, task.name] = sum(map(int, rest.split()[11:13]))
    return found


def _resident_mib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.fixture(autouse=True)
def _no_dead_sessions() -> Iterator[None]:
    """Takes sessions whose server is gone out of Snowpark's list.

    The ML client's telemetry takes any listed session for its own, and with a dead one it doubles what it
    holds at each call (snowflake-ml-python 2.6.0, ``_get_snowflake_connection``).
    """
    yield
    snowpark, telemetry = map(
        sys.modules.get, ("snowflake.snowpark.session", "snowflake.ml._internal.telemetry")
    )
    for session in list(snowpark._active_sessions) if snowpark else ():
        if not _is_alive(session.connection):
            snowpark._remove_session(session)
    if telemetry:
        telemetry._conn = None


def _is_alive(connection: Any) -> bool:
    if connection.is_closed():
        return False
    try:
        socket.create_connection((connection.host, int(connection.port)), timeout=1).close()
    except OSError:
        return False
    return True

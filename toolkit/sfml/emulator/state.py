"""The state directory of one server: its lock, and the file that tells clients where the server is.

docs/reference/local-backend.md lists what else is in it; its format is that of the catalog.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sfml.errors import ConfigError

LOCK_FILE = "lock"
ENDPOINT_FILE = "endpoint.json"
LOG_FILE = "server.log"
_TRIES = 10
_BETWEEN_TRIES = 0.05


def private_directory(state: Path) -> None:
    """Make the state directory, if needed, for its owner only."""
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)


@contextmanager
def held(state: Path) -> Iterator[None]:
    """The state directory for this process alone; a second server is refused.

    The lock ends with the process, however it ends.
    """
    private_directory(state)
    descriptor = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(descriptor):
            raise _taken(state)
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


@contextmanager
def announced(state: Path, endpoint: dict[str, object]) -> Iterator[None]:
    """The endpoint file, there for as long as the server answers."""
    file = state / ENDPOINT_FILE
    temporary = file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(endpoint, indent=2) + "\n")
    temporary.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _locked(descriptor: int) -> bool:
    """Whether this process has the lock now; tried for a while, since clients look at it (a shared lock)."""
    for attempt in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_TRIES if attempt < _TRIES - 1 else 0)
        else:
            return True
    return False


def _taken(state: Path) -> ConfigError:
    process = (state / LOCK_FILE).read_text().strip() or "unknown"
    return ConfigError(
        f"another local backend (process {process}) uses the state directory {state}",
        hint="stop it with `sfml local stop`, or choose another state directory",
    )

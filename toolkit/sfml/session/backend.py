"""The local backend as a program: start it on demand, find it, stop it. One for each state folder.

What the server keeps there is documented in docs/reference/local-backend.md; this side reads
``endpoint.json`` and ``password``, and asks the lock on ``lock`` whether a server is alive.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sfml import __version__, proc
from sfml.errors import ConfigError, NoConnectionError, ToolMissingError

# A server that was started because a command needed it ends after half an hour without a request or a job.
IDLE_EXIT = 30 * 60
_START_WITHIN = 30.0
_STOP_WITHIN = 10.0
_LOOK_EVERY = 0.02
_START_LOG = "start.log"
# The server's own names (docs/reference/local-backend.md).
_LOCK = "lock"
_ENDPOINT = "endpoint.json"
_USED_ENGINE = "executor/docker"
_ANEW = "sfml local stop; the next command starts it anew, with all that it keeps"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a running server is, and how to log in."""

    host: str
    port: int
    pid: int
    version: str
    started: str
    executor: str
    parameters: Mapping[str, Any] = field(repr=False)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://{self.host}:{self.port}"


def find(state: Path) -> Endpoint | None:
    """The server that runs on this state folder, if there is one."""
    try:
        announced = json.loads((state / _ENDPOINT).read_text(encoding="utf-8"))
        password = (state / announced["password_file"]).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    # Looked at last: while a server starts, a look at its lock could be in its way.
    if not _is_held(state / _LOCK):
        return None
    names = ("account", "user", "host", "port", "protocol", "role", "warehouse", "database", "schema")
    return Endpoint(
        host=announced["host"],
        port=announced["port"],
        pid=announced["pid"],
        version=announced["version"],
        started=announced["started"],
        executor=announced.get("executor", "auto"),
        parameters={**{name: announced[name] for name in names}, "password": password},
    )


def ensure(
    state: Path,
    *,
    idle_exit: float | None = IDLE_EXIT,
    executor: str = "auto",
    fake_gpu: bool = False,
    ingress_tls: bool = False,
    more: Sequence[str] = (),
) -> Endpoint:
    """The server on this state folder, started where none runs; ``more`` are options of its program.

    ConfigError for one of another version, or that runs already and cannot take what is asked for.
    """
    found = find(state)
    if found is not None:
        _require_same_version(found)
        _require_executor(found, executor)
        if more:
            text = f"the local backend runs already, and takes {' '.join(more)} only when it starts"
            raise ConfigError(text, hint=_ANEW)
        return found
    _require_installed()
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = ["--executor", executor, *(["--fake-gpu"] if fake_gpu else [])]
    if ingress_tls:
        options.append("--ingress-tls")
    options += more
    if idle_exit is not None:
        options += ["--idle-exit", str(idle_exit)]
    with _only_starter(state):
        return find(state) or _start(state, options)


def stop(state: Path) -> Endpoint | None:
    """End the server, with what it runs; the one that was stopped, None where none ran."""
    found = find(state)
    if found is None:
        return None
    os.kill(found.pid, signal.SIGTERM)
    if not _ends(state, _STOP_WITHIN):
        os.kill(found.pid, signal.SIGKILL)
        _ends(state, _STOP_WITHIN)
    return found


def sweep(state: Path, *, volumes: bool) -> None:
    """Remove what servers that were killed left in the container engine; with ``volumes``, kept data too.

    Nothing is started where no server on this folder ever used the engine. CommandError: it did not work.
    """
    if (state / _USED_ENGINE).exists():
        wanted = ["--sweep", "all" if volumes else "runs"]
        proc.run([sys.executable, "-m", "sfml.emulator", "--state", str(state), *wanted], cwd=state)


def _ends(state: Path, seconds: float) -> bool:
    """Wait until no server holds the state folder."""
    deadline = time.monotonic() + seconds
    while _is_held(state / _LOCK):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY)
    return True


def _start(state: Path, options: Sequence[str]) -> Endpoint:
    _ends(state, _STOP_WITHIN)  # one that is just stopping
    (state / _ENDPOINT).unlink(missing_ok=True)  # left behind by one that was killed
    command = [sys.executable, "-m", "sfml.emulator", "--state", str(state), *options]
    log = state / _START_LOG
    log.unlink(missing_ok=True)
    process = proc.start_detached(command, log=log, cwd=state)
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        found = find(state)
        if found is not None:
            return found
        if process.poll() is not None:
            raise _not_started(f"the local backend ended with code {process.returncode}", log)
        time.sleep(_LOOK_EVERY)
    process.terminate()
    raise _not_started(f"the local backend did not answer within {_START_WITHIN:.0f} s", log)


def _not_started(what: str, log: Path) -> NoConnectionError:
    last = proc.redact("\n".join(log.read_text(errors="replace").splitlines()[-10:]))
    return NoConnectionError(what, hint=f"{last}\n(whole log: {log})".strip())


def _require_same_version(found: Endpoint) -> None:
    if found.version != __version__:
        raise ConfigError(
            f"the local backend that runs is of sfml {found.version}, and this is {__version__}",
            hint=_ANEW,
        )


def _require_executor(found: Endpoint, wanted: str) -> None:
    if wanted not in ("auto", found.executor):
        raise ConfigError(
            f"the local backend that runs has the executor '{found.executor}', not '{wanted}'",
            hint=_ANEW,
        )


def _require_installed() -> None:
    missing = [name for name in ("aiohttp", "fakesnow") if importlib.util.find_spec(name) is None]
    if missing:
        raise ToolMissingError(
            f"the local backend is not installed ({', '.join(missing)} missing)",
            hint="pip install 'snowflake-ml-accelerator[local]'",
        )


@contextmanager
def _only_starter(state: Path) -> Iterator[None]:
    """One process at a time looks and starts, so that two commands at once share one server."""
    import fcntl

    with (state / "start.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_held(lock: Path) -> bool:
    import fcntl

    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False

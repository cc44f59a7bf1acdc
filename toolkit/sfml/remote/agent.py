"""The agent of one user: holds a session for each connection and gives out its token on the user's socket.

So one login serves all of ssh, scp and an editor's connections. Tokens are in its memory alone. It ends by
itself after some hours without a question.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import config, project, session
from sfml.errors import NoConnectionError, SfmlError
from sfml.session.faults import translated
from sfml.session.rows import over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

IDLE = 12 * 3600.0
_TRUSTED_FOR = 60.0
"""Seconds for which a session that has just answered counts as alive."""
_ANSWER_WITHIN = 30
"""Seconds after which the connector gives up a request; without it, it tries for ever."""


@dataclass(kw_only=True)
class Held:
    """One session, and when it last proved to be alive."""

    connection: SnowflakeConnection
    proved_at: float


Key = tuple[str, str | None, str]
"""Connection, role and state folder: what decides who logs in."""


class Agent:
    """The sessions of one user."""

    def __init__(self) -> None:
        self._sessions: dict[Key, Held] = {}
        self._refused: dict[Key, tuple[float, NoConnectionError]] = {}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What a client asked for; an error and its hint where that cannot be."""
        try:
            held = self._session(request)
            if request.get("ask") == "story":
                from sfml import sql
                from sfml.remote.state import story

                return {"story": story(over(held.connection), sql.name(str(request["service"])))}
            return {"token": _token(held.connection)}
        except SfmlError as error:
            return {"error": str(error), "hint": error.hint}

    def close(self) -> None:
        """End every session."""
        for held in self._sessions.values():
            held.connection.close(retry=False)  # it may be dead

    def _session(self, request: Mapping[str, Any]) -> Held:
        key = (str(request["connection"]), request.get("role"), str(request["state"]))
        held = self._sessions.get(key)
        is_there = held and (key[0] != config.LOCAL or _is_served(held, Path(key[2])))
        if held and is_there and (self._is_trusted(held, request) or self._proves_itself(held)):
            return held
        self._sessions.pop(key, None)
        self._sessions[key] = self._log_in(key, float(request.get("asked", time.monotonic())))
        return self._sessions[key]

    def _log_in(self, key: Key, asked: float) -> Held:
        """A new session. Who asked before a login failed gets its answer: an editor opens many connections at
        once, and each would open the browser again."""
        refused_at, error = self._refused.get(key, (0.0, None))
        if error and asked < refused_at:
            raise error
        try:
            return _log_in(*key)
        except NoConnectionError as error:
            self._refused[key] = time.monotonic(), error
            raise

    @staticmethod
    def _is_trusted(held: Held, request: Mapping[str, Any]) -> bool:
        return not request.get("fresh") and time.monotonic() - held.proved_at < _TRUSTED_FOR

    @staticmethod
    def _proves_itself(held: Held) -> bool:
        """Whether the session still answers; the connector renews an expired token meanwhile."""
        try:
            over(held.connection)("SELECT 1")
        except SfmlError:
            return False
        held.proved_at = time.monotonic()
        return True


def _is_served(held: Held, state: Path) -> bool:
    """Whether the local backend still is where the session began: one that starts anew has another port."""
    from sfml.session import backend

    found = backend.find(project.local_state(state))
    return found is not None and found.port == held.connection.port


def _log_in(connection: str, role: str | None, state: str) -> Held:
    """A session of the agent's own. The ingress asks in the token's session who the caller is, and reads the
    answer as JSON: an arrow session ends in HTTP 500 there."""
    import snowflake.connector

    flags = {"connection": connection, "role": role, "state": state}
    chosen = config.resolve(flags, os.environ, Path.home())
    # What the connector prints is meant for a terminal, and may hold what a log must not.
    with translated(), _no_terminal(connection), redirect_stdout(io.StringIO()):
        opened = snowflake.connector.connect(
            **session.parameters(session.in_containers(chosen)),
            session_parameters={"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"},
            client_session_keep_alive=True,
            network_timeout=_ANSWER_WITHIN,
        )
    return Held(connection=opened, proved_at=time.monotonic())


@contextmanager
def _no_terminal(connection: str) -> Iterator[None]:
    """Where no browser can be opened, the connector asks on a terminal, which an agent has not."""
    try:
        yield
    except EOFError:
        raise NoConnectionError(
            f"connection {connection} logs in with a browser, and none can be opened here",
            hint="set BROWSER to one; or use a programmatic access token or a key pair",
        ) from None


def _token(connection: SnowflakeConnection) -> str:
    token = connection.rest.token if connection.rest else None
    if not token:
        raise NoConnectionError("the session has no token that could be given out")
    return token


def serve(path: Path, *, idle: float = IDLE) -> None:
    """Answer on a socket that its user alone may open, until there was no question for ``idle`` seconds."""
    agent = Agent()
    with socket.socket(socket.AF_UNIX) as listener:
        _bind(listener, path)
        listener.settimeout(idle)
        try:
            while True:
                connection, _ = listener.accept()
                with connection:
                    _serve_one(connection, agent)
        except TimeoutError:
            return
        finally:
            path.unlink(missing_ok=True)
            agent.close()


def _bind(listener: socket.socket, path: Path) -> None:
    path.unlink(missing_ok=True)  # of an agent that was killed: we hold the lock
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(64)


def _serve_one(connection: socket.socket, agent: Agent) -> None:
    connection.settimeout(5)
    try:
        with connection.makefile("rb") as file:
            request = json.loads(file.readline(64 * 1024))
        connection.sendall(json.dumps(agent.answer(request)).encode() + b"\n")
    except (OSError, ValueError, KeyError):
        return  # a client that went away, or that is none of ours


def main(path: Path) -> int:
    """Be the agent on this socket, unless there is one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with path.with_suffix(".lock").open("a") as lock:  # another agent's number may stand there
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        serve(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))

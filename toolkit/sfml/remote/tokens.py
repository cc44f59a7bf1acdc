"""The token for one connection to an endpoint: never kept in a file, an argument or a log.

A programmatic access token stands for itself, and a key pair's JWT is exchanged for a token. Every other way
to log in leads through the user's agent, which has one session for each connection and gives out its token.
Imports little: ssh waits for it.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sfml.errors import NoConnectionError
from sfml.remote.entry import AGENT, DIRECT, KEY_PAIR, Entry, SshFolder

if TYPE_CHECKING:
    from sfml.keypair import KeyPair

T = TypeVar("T")

_START_WITHIN = 20.0
_ANSWER_WITHIN = 150.0  # a login in a browser may be part of it
_LONGEST_PATH = 100  # of a Unix socket: 108 with its end on Linux, 104 on macOS


def header(token: str) -> tuple[str, str]:
    """The header that an ingress takes (documentation, tutorial 8)."""
    return "Authorization", f'Snowflake Token="{token}"'


def token(entry: Entry, place: SshFolder, environ: Mapping[str, str], *, refused: int = 0) -> str:
    """A token for the box's endpoints; ``refused``: how many were refused just now.

    OSError where what gives it cannot be reached.
    """
    if entry.way == DIRECT:
        return _still(access_token(entry.connection, environ), entry, "programmatic access token")
    if entry.way == KEY_PAIR:
        from sfml.remote import exchange

        pair = _still(key_pair(entry.connection, environ), entry, "key pair")
        return exchange.token(pair, entry.url, entry.role, environ=environ)
    request = {
        "ask": "token",
        "connection": entry.connection,
        "role": entry.role,
        "state": entry.state,
        "fresh": refused > 0,
    }
    return str(ask(place, request)["token"])


def _still(found: T | None, entry: Entry, what: str) -> T:
    if found is None:
        raise NoConnectionError(
            f"connection {entry.connection} has no {what} any more",
            hint="sfml up notes its new way to log in",
        )
    return found


def way(connection: str, environ: Mapping[str, str]) -> str:
    """How a token is had for a connection; NoConnectionError for a key file that others can read."""
    if access_token(connection, environ):
        return DIRECT
    pair = key_pair(connection, environ)
    if pair is None:
        return AGENT
    pair.require_private()
    return KEY_PAIR


def key_pair(connection: str, environ: Mapping[str, str]) -> KeyPair | None:
    """The key pair that a connection logs in with; None for another way to log in."""
    from sfml import keypair

    return keypair.of(_settings(connection, environ), environ)


def access_token(connection: str, environ: Mapping[str, str]) -> str | None:
    """The programmatic access token that a connection logs in with; None for another way to log in."""
    settings = _settings(connection, environ)
    if str(settings.get("authenticator", "")).upper() != "PROGRAMMATIC_ACCESS_TOKEN":
        return None
    file = settings.get("token_file_path")
    text = (
        _read(Path(str(file)).expanduser())
        if file
        else str(settings.get("token") or settings.get("password") or "")
    )
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise NoConnectionError(f"what connection {connection} has in the place of an access token is none")
    return text or None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        hint = "its place is the connection's token_file_path"
        raise NoConnectionError(f"the access token in {file} cannot be read: {why}", hint=hint) from None


def _settings(connection: str, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """A connection's settings; none for the local backend, which logs in by itself."""
    from sfml import config

    found = None if connection == config.LOCAL else config.connections(environ).get(connection)
    settings: Mapping[str, Any] = found.value if found else {}
    return settings


def socket_path(place: SshFolder) -> Path:
    """Where the agent listens: in our folder, or, where its path is too long, in one of ours in /tmp."""
    path = place.own / "agent.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    import hashlib

    digest = hashlib.sha256(os.fsencode(place.own)).hexdigest()[:12]
    folder = Path("/tmp") / f"sfml-{os.getuid()}-{digest}"  # noqa: S108 - checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or folder.is_symlink():
        raise NoConnectionError(f"{folder} is not yours alone, so that no token may pass there")
    return folder / "agent.sock"


def ask(place: SshFolder, request: Mapping[str, Any]) -> dict[str, Any]:
    """The agent's answer; it is started where none runs."""
    path = socket_path(place)
    try:
        connection = _connect(path)
    except OSError:
        connection = _start(place, path)
    with connection:
        connection.settimeout(_ANSWER_WITHIN)
        asked = {**request, "asked": time.monotonic()}  # the same clock for all processes of a machine
        connection.sendall(json.dumps(asked).encode() + b"\n")
        line = _line(connection)
    answer: dict[str, Any] = json.loads(line) if line else {"error": "the agent ended without an answer"}
    if "error" in answer:
        raise NoConnectionError(str(answer["error"]), hint=answer.get("hint"))
    return answer


def _line(connection: socket.socket) -> bytes:
    try:
        with connection.makefile("rb") as file:
            return file.readline()
    except TimeoutError:
        raise NoConnectionError(
            f"the agent that holds your session has not answered for {_ANSWER_WITHIN:.0f} s",
            hint="a login in the browser may wait for you; else Snowflake cannot be reached",
        ) from None


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(5)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _start(place: SshFolder, path: Path) -> socket.socket:
    """A connection to an agent that was started now."""
    import sys

    from sfml import proc

    log = place.own / "agent.log"
    command = [sys.executable, "-P", "-m", "sfml.remote.agent", str(path)]
    process = proc.start_detached(command, log=log, cwd=place.own)
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        try:
            return _connect(path)
        except OSError:
            if process.poll() not in (None, 0):  # 0: another one was quicker
                break
            time.sleep(0.02)
    raise NoConnectionError("the agent that holds your session does not start", hint=f"its log: {log}")

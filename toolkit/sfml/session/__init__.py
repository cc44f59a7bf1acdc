"""Sessions with Snowflake, or with the local backend, which is the connection named ``local``."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sfml import config, project
from sfml.config import Config
from sfml.errors import NoConnectionError
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

T = TypeVar("T")

# A login that needs a person (browser, MFA) may take this long, one that does not this long: in seconds.
_PATIENT = 120
_PROMPT = 30
_WITH_A_PERSON = ("externalbrowser", "username_password_mfa", "oauth_authorization_code")
# A host that does not take a connection within this many seconds is not there.
_REACH_WITHIN = 10.0


def get_session(connection_name: str | None = None) -> Session:
    """An open Snowpark session: with this connection, else the configured one."""
    flags = {"connection": connection_name}
    return connect(config.resolve(flags, os.environ, project.root(Path.cwd())))


def connect(config: Config) -> Session:
    """An open Snowpark session for a configuration; NoConnectionError says why there is none."""
    return begin(config).session()


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A login under way. What the caller imports meanwhile costs no time of its own."""

    future: Future[SnowflakeConnection]

    def connection(self) -> SnowflakeConnection:
        """The connection, once it is there."""
        return self.future.result()

    def session(self) -> Session:
        """The same connection as a Snowpark session."""
        from snowflake.snowpark import Session

        connection = self.connection()
        with translated():
            session: Session = Session.builder.configs({"connection": connection}).create()
        return session


def begin(config: Config) -> Opening:
    """Start to log in, in the background; the local backend is started where it is needed."""
    if config.connection is None:
        raise NoConnectionError("no connection was chosen", hint=choices())
    _require_known(config)
    reached = in_background(lambda: _reach(config))
    import snowflake.connector

    def log_in() -> SnowflakeConnection:
        with translated():
            return snowflake.connector.connect(**reached.result())

    return Opening(future=in_background(log_in))


def choices() -> str:
    """The two connections that a user can choose."""
    return config.CHOICES


def in_background(call: Callable[[], T]) -> Future[T]:
    """Run ``call`` in a thread that does not keep the program from ending."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


def parameters(config: Config) -> dict[str, Any]:
    """What the connector is to be called with; starts the local backend where it is the connection."""
    return _reach(config)


def _require_known(chosen: Config) -> None:
    if chosen.is_local:
        return
    known = config.connections(os.environ)
    if chosen.connection not in known:
        files = config.connection_files(os.environ)
        raise NoConnectionError(
            f"there is no connection '{chosen.connection}' in {files.connections}",
            hint=f"{config.nearest(str(chosen.connection), known)}\n{choices()}",
        )


def _reach(chosen: Config) -> dict[str, Any]:
    wanted = {name: getattr(chosen, name) for name in ("database", "schema", "warehouse", "role")}
    given = {name: value for name, value in wanted.items() if value is not None}
    common = {"application": "sfml", **given}
    if chosen.is_local:
        from sfml.session import backend

        endpoint = backend.ensure(project.local_state(chosen.state))
        # There is no cloud around the local backend to ask who we are.
        return {**endpoint.parameters, **common, "platform_detection_timeout_seconds": 0.0}
    settings = config.connections(os.environ)[str(chosen.connection)].value
    _require_host(settings)
    patience = _PATIENT if str(settings.get("authenticator", "")).lower() in _WITH_A_PERSON else _PROMPT
    return {"connection_name": chosen.connection, "login_timeout": patience, **common}


def _require_host(settings: dict[str, Any]) -> None:
    """NoConnectionError at once where the host does not exist; the connector would try for minutes."""
    account = settings.get("account")
    host = settings.get("host") or (f"{account}.snowflakecomputing.com" if account else None)
    proxies = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    if host is None or "proxy_host" in settings or any(os.environ.get(name) for name in proxies):
        return
    import socket

    try:
        socket.create_connection((host, int(settings.get("port", 443))), timeout=_REACH_WITHIN).close()
    except OSError as error:
        raise NoConnectionError(
            f"cannot reach {host}: {error.strerror or error}",
            hint="check the connection's account (or host) and your network",
        ) from error

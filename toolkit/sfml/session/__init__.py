"""Sessions with Snowflake, or with the local backend, which is the connection named ``local``."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sfml import config, keypair, project
from sfml.config import Config
from sfml.errors import ConfigError, NoConnectionError
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


class Opening:
    """A login under way: what the caller imports meanwhile costs no time. Closes what it opened."""

    def __init__(self, future: Future[SnowflakeConnection], *, given: Session | None = None) -> None:
        self._future = future
        self._given = given
        self._session = given

    def connection(self) -> SnowflakeConnection:
        """The connection, once it is there."""
        return self._future.result()

    def session(self) -> Session:
        """The same connection as a Snowpark session."""
        if self._session is None:
            with without_collection():
                from snowflake.snowpark import Session

            with translated():
                self._session = Session.builder.configs({"connection": self.connection()}).create()
        return self._session

    def __enter__(self) -> Opening:
        return self

    def __exit__(self, *_: object) -> None:
        done = self._future.done() and not self._future.cancelled() and self._future.exception() is None
        if self._given is None and done:
            self._future.result().close()
            if self._session is not None:  # or Snowpark would go on to offer it, closed, to its other users
                self._session.close()


def begin(config: Config, *, without: Sequence[str] = ()) -> Opening:
    """Start to log in, in the background; the local backend is started where it is needed.

    ``without``: packages that the connector takes where it finds them and that this process has no use for;
    loading them can take longer than all the rest.
    """
    if config.connection is None:
        raise NoConnectionError("no connection was chosen", hint=choices())
    _require_known(config)
    reached = in_background(lambda: _reach(config))
    with without_collection(), hidden(*without):
        import snowflake.connector

    def log_in() -> SnowflakeConnection:
        with translated():
            return snowflake.connector.connect(**reached.result())

    return Opening(in_background(log_in))


def opened(session: Session) -> Opening:
    """An open session of somebody else's, which stays open."""
    future: Future[SnowflakeConnection] = Future()
    future.set_result(session.connection)
    return Opening(future, given=session)


@contextmanager
def without_collection() -> Iterator[None]:
    """For imports: the collector would look through their many objects again and again, for nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Inside, these packages seem not to be installed: for imports that take them where they find them."""
    spared = [name for name in names if name not in sys.modules]
    for name in spared:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system's sign for "not installed"
    try:
        yield
    finally:
        for name in spared:
            del sys.modules[name]


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


def in_containers(chosen: Config) -> Config:
    """The same where only containers will do: a local backend that is started for it runs them, if it can."""
    if not chosen.is_local or chosen.executor != "auto" or shutil.which("docker") is None:
        return chosen
    from sfml.session import backend

    is_there = backend.find(project.local_state(chosen.state)) is not None
    return chosen if is_there else replace(chosen, executor="docker")


def require_containers(chosen: Config) -> None:
    """ConfigError where the local backend that runs has processes, and nobody has chosen that."""
    from sfml.session import backend

    found = backend.find(project.local_state(chosen.state)) if chosen.is_local else None
    if found and found.executor == chosen.executor == "auto" and shutil.which("docker"):
        raise ConfigError(
            "this needs containers, and the local backend that runs has processes",
            hint="sfml local stop, then this again starts it with containers, and all that it keeps\n"
            "(executor: process in sfml.yaml stays with processes)",
        )


def _reach(chosen: Config) -> dict[str, Any]:
    wanted = {name: getattr(chosen, name) for name in ("database", "schema", "warehouse", "role")}
    given = {name: value for name, value in wanted.items() if value is not None}
    common = {"application": "sfml", **given}
    if chosen.is_local:
        from sfml.session import backend

        endpoint = backend.ensure(project.local_state(chosen.state), executor=chosen.executor)
        _pass_proxies_by(endpoint.host)
        # There is no cloud around the local backend to ask who we are.
        return {**endpoint.parameters, **common, "platform_detection_timeout_seconds": 0.0}
    settings = config.connections(os.environ)[str(chosen.connection)].value
    _require_host(settings)
    patience = _PATIENT if str(settings.get("authenticator", "")).lower() in _WITH_A_PERSON else _PROMPT
    said = {**config.overrides(str(chosen.connection), os.environ), **_of_key_pair(settings)}
    named = {**said, "connection_name": chosen.connection, "login_timeout": patience, **common}
    # Where the file is, the connector decides when it is imported; say it again, for what was set since.
    file = config.connection_files(os.environ).connections
    return {**named, "connections_file_path": file} if file.exists() else named


def _pass_proxies_by(host: str) -> None:
    """Reach this machine directly: the connector asks HTTP_PROXY for it unless NO_PROXY says otherwise."""
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")):
        listed = [one.strip() for one in known.split(",") if one.strip()]
        os.environ["no_proxy"] = ",".join(dict.fromkeys([*listed, host]))


def _of_key_pair(settings: dict[str, Any]) -> dict[str, Any]:
    """The key, where the connection logs in with one: the connector does not know all names that snow has."""
    pair = keypair.of(settings, os.environ)
    return keypair.parameters(pair) if pair else {}


def url(chosen: Config) -> str | None:
    """Where the connection's server answers; None where that is not known, or it is the local backend."""
    found = None if chosen.is_local else config.connections(os.environ).get(str(chosen.connection))
    host = keypair.host(found.value) if found else None
    if found is None or host is None:
        return None
    settings = found.value
    return f"{settings.get('protocol', 'https')}://{host}:{settings.get('port', 443)}"


def _require_host(settings: dict[str, Any]) -> None:
    """NoConnectionError at once where the host does not exist; the connector would try for minutes."""
    host = keypair.host(settings)
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

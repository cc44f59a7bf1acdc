"""A WebSocket connection to a box's endpoint: through a proxy where one is set, with TLS for https."""

from __future__ import annotations

import base64
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote, urlsplit

from . import upgrade

if TYPE_CHECKING:
    import ssl

TIMEOUT = 15.0
_RECORDS = 1 << 16
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Headers = Sequence[tuple[str, str]]


class UnreachableError(Exception):
    """There is no way to the endpoint now: no network, no name, no listener, no time left."""


class AnsweredError(Exception):
    """The endpoint, or what stands before it, answered with something else than a WebSocket."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}{': ' + text if text else ''}")
        self.status = status
        self.text = text


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an endpoint is; ``proxy`` is the HTTP proxy on the way, as in HTTPS_PROXY."""

    url: str
    proxy: str | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or _PORTS[parts.scheme]

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken there."""
        return urlsplit(self.url).scheme in ("https", "wss")


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for this URL; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = "https_proxy" if parts.scheme in ("https", "wss") else "http_proxy"
    proxy = environ.get(name) or environ.get(name.upper())
    exempt = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    is_here = host in _LOOPBACK or host.endswith(".localhost")
    if not proxy or is_here or any(_matches(host, entry.strip()) for entry in exempt):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _matches(host: str, entry: str) -> bool:
    suffix = entry.lstrip("*").lstrip(".").lower()
    return entry == "*" or (suffix != "" and (host == suffix or host.endswith(f".{suffix}")))


@dataclass(kw_only=True)
class Wire:
    """An open WebSocket's bytes, without blocking; ``rest`` came with the answer's head."""

    socket: socket.socket
    is_resumable: bool
    rest: bytes = b""
    _is_encrypted: bool = False
    _retry: tuple[type[Exception], ...] = field(default=(BlockingIOError, InterruptedError))

    def fileno(self) -> int:
        """For poll."""
        return self.socket.fileno()

    def read_into(self, space: memoryview) -> int | None:
        """How many bytes came into the space, 0 at the end, None when there are none now."""
        try:
            return self.socket.recv_into(space)
        except self._retry:
            return None

    def write(self, pieces: Sequence[bytes | memoryview]) -> int:
        """How many of the pieces' bytes were taken."""
        try:
            if self._is_encrypted:
                return self.socket.send(_joined(pieces))
            return self.socket.sendmsg(pieces)
        except self._retry:
            return 0

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


def dial(place: Place, headers: Headers, *, timeout: float = TIMEOUT) -> Wire:
    """An open WebSocket; UnreachableError or AnsweredError where there is none."""
    deadline = time.monotonic() + timeout
    try:
        connection = connect(place, timeout=timeout)
    except OSError as error:
        raise _unreachable(place, error) from error
    try:
        return _upgraded(connection, place, headers, deadline)
    except OSError as error:
        connection.close()
        raise UnreachableError(f"{place.address[0]} broke the connection: {error}") from error
    except BaseException:
        connection.close()
        raise


def knock(place: Place, *, timeout: float = TIMEOUT) -> None:
    """Come back where there is a way to the endpoint; UnreachableError where there is none."""
    try:
        _reach(place, time.monotonic() + timeout).close()
    except OSError as error:
        raise _unreachable(place, error) from error


def _unreachable(place: Place, error: OSError) -> UnreachableError:
    host, port = place.address
    way = " through the proxy" if place.proxy else ""
    return UnreachableError(f"{host}:{port} cannot be reached{way}: {error}")


def connect(place: Place, *, timeout: float = TIMEOUT) -> socket.socket:
    """A connection to the endpoint, through proxy and TLS where they are; OSError where there is none."""
    connection = _reach(place, time.monotonic() + timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not place.is_encrypted:
        return connection
    try:
        return _tls_context().wrap_socket(connection, server_hostname=place.address[0])
    except BaseException:
        connection.close()
        raise


def _reach(place: Place, deadline: float) -> socket.socket:
    if place.proxy:
        return _through_proxy(place, deadline)
    return socket.create_connection(place.address, _left(deadline))


def _tls_context() -> ssl.SSLContext:
    import ssl  # costs as much as the rest of the start, and a local endpoint needs none

    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])  # with HTTP/2 there is no upgrade
    return context


def _through_proxy(place: Place, deadline: float) -> socket.socket:
    """A connection that a CONNECT opened (RFC 9110, section 9.3.6)."""
    proxy = urlsplit(place.proxy or "")
    if proxy.scheme != "http" or not proxy.hostname:
        raise OSError(f"a proxy is http://host:port, not {proxy.scheme}://…")
    host, port = place.address
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {name} HTTP/1.1", f"Host: {name}"]
    if proxy.username:
        login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}")
    connection = socket.create_connection((proxy.hostname, proxy.port or 80), _left(deadline))
    try:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        head = _read_head(connection, deadline, one_byte_at_a_time=True)
    except BaseException:
        connection.close()
        raise
    if not head.first[1].startswith("2"):
        connection.close()
        raise OSError(f"the proxy {proxy.hostname} answered {head.first[1]} {head.first[2]}")
    return connection


def _upgraded(connection: socket.socket, place: Place, headers: Headers, deadline: float) -> Wire:
    parts = urlsplit(place.url)
    host, port = place.address
    name = f"[{host}]" if ":" in host else host
    if port != _PORTS[parts.scheme]:
        name = f"{name}:{port}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(upgrade.request(target, name, key, headers))
    head = _read_head(connection, deadline)
    if head.first[1] != "101":
        _refused(connection, head)
    if head.all("sec-websocket-accept") != [upgrade.accept(key)]:
        raise AnsweredError(101, "what answers is no WebSocket server")
    connection.settimeout(0)  # no blocking
    is_resumable = head.words("sec-websocket-protocol") == [upgrade.SUBPROTOCOL]
    return Wire(
        socket=connection, is_resumable=is_resumable, rest=head.rest,
        _is_encrypted=place.is_encrypted, _retry=_retries(place),
    )  # fmt: skip


def _joined(pieces: Sequence[bytes | memoryview]) -> bytes:
    """The first pieces as one: TLS takes no list, and each piece would be a record of its own."""
    size = most = 0
    while most < len(pieces) and size < _RECORDS:
        size += len(pieces[most])
        most += 1
    return b"".join(pieces[:most])


def _retries(place: Place) -> tuple[type[Exception], ...]:
    if not place.is_encrypted:
        return BlockingIOError, InterruptedError
    import ssl

    return BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError


def _refused(connection: socket.socket, head: upgrade.Head) -> NoReturn:
    """The answer as an error, with the beginning of its text and not the address of a sign-in page."""
    text = head.rest
    try:
        connection.settimeout(1.0)
        text += connection.recv(2048)
    except OSError:
        pass
    words = " ".join(_detail(text.decode("utf-8", "replace")).split())
    is_page = words.startswith("<")
    raise AnsweredError(int(head.first[1]), head.first[2] if is_page or not words else words[:300])


def _detail(text: str) -> str:
    """What an ingress says, without the JSON around it."""
    import json

    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text


def _read_head(
    connection: socket.socket, deadline: float, *, one_byte_at_a_time: bool = False
) -> upgrade.Head:
    """The next head; after a CONNECT nothing behind it may be taken, since TLS reads on from there."""
    data = b""
    while True:
        try:
            head = upgrade.split_head(data)
        except upgrade.HeadError as error:
            raise AnsweredError(0, str(error)) from error
        if head:
            return head
        connection.settimeout(_left(deadline))
        more = connection.recv(1 if one_byte_at_a_time else 4096)
        if not more:
            raise ConnectionError("the connection was closed before there was an answer")
        data += more


def _left(deadline: float, clock: Callable[[], float] = time.monotonic) -> float:
    left = deadline - clock()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left

"""The ports at which public endpoints answer: one for each, the same again after a restart."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sfml.emulator import ports
from sfml.emulator.faults import Fault
from sfml.emulator.ingress.admission import Endpoint, Gate, Pass, public
from sfml.emulator.ingress.connection import Client
from sfml.emulator.ingress.heads import Request
from sfml.emulator.ingress.passing import AVAILABLE, Passages
from sfml.emulator.ingress.replies import Reply, failed
from sfml.emulator.settings import Settings

_LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"
_BACKLOG = 1024
_NAMED = "localhost"
_RESOLVE_WITHIN = 1.0
_RESTART = 2.0


class Doors:
    """Listens for one server; the connections live in its event loop.

    An address is ``<label>-<account>.localhost:<port>`` where this machine resolves such names (RFC 6761),
    else ``127.0.0.1:<port>``; the second form always works. With TLS ``https://`` stands before it.
    """

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._loop = loop
        self._gate: Gate | None = None
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="ingress")
        self._file = settings.state / "ingress.json"
        self._lock = threading.Lock()
        self._ports: dict[str, int] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._servers: list[asyncio.Server] = []
        self._clients: set[Client] = set()
        self._named: bool | None = None
        self._passages: Passages | None = None

    def begin(self, gate: Gate) -> None:
        """Decide by ``gate`` from now on, and listen again for the endpoints that had a port."""
        self._gate = gate
        known = _load(self._file)
        for service in gate.backend.services.find():
            for name in public(service):
                label = self._label(service.record.id, name)
                if label in known:
                    self._open(Endpoint(service=service.record.id, name=name, label=label), known[label])

    def address(self, service: int, endpoint: str) -> str:
        """Host and port of a public endpoint, which listens from now on."""
        label = self._label(service, endpoint)
        with self._lock:
            known = label in self._ports
        if not known:
            self._open(Endpoint(service=service, name=endpoint, label=label), 0)
        if self._named is None:
            self._named = _resolves(f"sfml.{_NAMED}")
        host = f"{label}-{self._settings.account.lower()}.{_NAMED}" if self._named else _HOST
        # Snowflake's has no scheme, since it is always https; a client takes an address here for http.
        scheme = "https://" if self._settings.ingress_tls else ""
        return f"{scheme}{host}:{self._ports[label]}"

    def label_at(self, address: str) -> str | None:
        """The label of the endpoint with this address, in either form."""
        port = address.rpartition(":")[2]
        found = {str(port): label for label, port in self._ports.items()}
        return found.get(port)

    def token(self, form: Mapping[str, str]) -> str:
        """What `/oauth/token` answers; :class:`Fault` when there is no token for this."""
        from sfml.emulator.ingress.exchange import exchange

        gate = self._gate
        assert gate is not None
        return exchange(form, door=gate.callers.door, tickets=gate.callers.tickets, label_at=self.label_at)

    def in_use(self) -> bool:
        """Whether a connection is open."""
        return bool(self._clients)

    def restart(self) -> None:
        """Close the endpoints and cut what is open, as an ingress that is restarted; then open them again."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        for client in list(self._clients):
            client.end()
        self._loop.call_later(_RESTART, self._open_again)

    def _open_again(self) -> None:
        with self._lock:
            known, self._ports = self._ports, {}
        for label, port in known.items():
            self._open(self._endpoints[label], port)

    def close(self) -> None:
        """Stop listening and cut what is open; from the loop's thread."""
        for server in self._servers:
            server.close()
        for client in list(self._clients):
            client.end()
        if self._passages:
            self._passages.close()
        self._threads.shutdown(wait=False)

    def _label(self, service: int, endpoint: str) -> str:
        return label_of(service, endpoint, self._settings.account)

    def _open(self, endpoint: Endpoint, port: int) -> None:
        with self._lock:
            if endpoint.label in self._ports:
                return
            listening = _listen(port or ports.unused())
            self._ports[endpoint.label] = listening.getsockname()[1]
            self._endpoints[endpoint.label] = endpoint
            self._file.write_text(json.dumps(self._ports, indent=2) + "\n")
        asyncio.run_coroutine_threadsafe(self._serve(endpoint, listening), self._loop)

    async def _serve(self, endpoint: Endpoint, listening: socket.socket) -> None:
        server = await self._loop.create_server(
            lambda: self._client(endpoint), sock=listening, ssl=self._tls(endpoint)
        )
        self._servers.append(server)

    def _tls(self, endpoint: Endpoint) -> ssl.SSLContext | None:
        if not self._settings.ingress_tls:
            return None
        from sfml.emulator.ingress import authority

        names = (f"{endpoint.label}-{self._settings.account.lower()}.{_NAMED}", _NAMED)
        return authority.context(self._settings.state, names)

    def _client(self, endpoint: Endpoint) -> Client:
        gate, settings = self._gate, self._settings
        assert gate is not None

        async def decide(request: Request, body: bytes) -> Reply | Pass:
            return await self._loop.run_in_executor(self._threads, _decided, gate, request, endpoint, body)

        client = Client(
            decide,
            idle=settings.ingress_idle,
            cut_expired=settings.ingress_cut_expired,
            ignore_pings=settings.ingress_ignore_pings,
            now=gate.callers.now,
            passages=self._passing,
        )
        self._clients.add(client)
        client.on_end = self._clients.discard
        return client

    def _passing(self) -> Passages | None:
        """What passes WebSockets' bytes, from the first on; None where the system has no way for that."""
        if self._settings.ingress_tls or self._settings.ingress_ignore_pings:
            return None  # the bytes have to be encrypted, or looked at
        if self._passages is None and AVAILABLE:
            self._passages = Passages()
        return self._passages


def _decided(gate: Gate, request: Request, endpoint: Endpoint, body: bytes) -> Reply | Pass:
    """The ingress's edge: a refusal or a bug becomes an answer, and no connection is left without one."""
    try:
        return gate.decide(request, endpoint, body)
    except Fault as fault:
        return failed(fault.message)
    except Exception:  # noqa: BLE001 - as in app.py, for connections that do not pass there
        _LOG.exception("the ingress failed: a bug of the local backend")
        return failed("Internal error.")


def label_of(service: int, endpoint: str, account: str) -> str:
    """The first part of an endpoint's host name: another one for a service that was made anew."""
    digest = hashlib.sha256(f"{account} {service} {endpoint}".encode()).digest()
    return base64.b32encode(digest)[:8].decode().lower()


def _listen(port: int) -> socket.socket:
    """A socket that takes connections; on another port when that one is taken."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
    except OSError as error:
        _LOG.warning("the ingress cannot have port %s again: %s", port, error)
        listening.bind((_HOST, ports.unused()))
    listening.listen(_BACKLOG)
    listening.setblocking(False)  # noqa: FBT003 - no keyword is taken
    return listening


def _resolves(name: str) -> bool:
    """Whether this machine finds itself under the name, without asking the network for long."""
    found: list[str] = []

    def look() -> None:
        with contextlib.suppress(OSError):
            found.extend(str(entry[4][0]) for entry in socket.getaddrinfo(name, None))

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(_RESOLVE_WITHIN)
    return bool(found) and all(address in (_HOST, "::1") for address in found)


def _load(file: Path) -> Mapping[str, int]:
    try:
        found: dict[str, int] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found

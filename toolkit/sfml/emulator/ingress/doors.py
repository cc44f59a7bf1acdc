"""The ports at which public endpoints answer: one for each, the same again after a restart."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from sfml.emulator.ingress.admission import Endpoint, Gate
from sfml.emulator.ingress.connection import Client
from sfml.emulator.ingress.heads import Request
from sfml.emulator.settings import Settings

_LOG = logging.getLogger(__name__)
_HOST = "127.0.0.1"
_BACKLOG = 1024
_NAMED = "localhost"


class Doors:
    """Listens for one server; the connections live in its event loop.

    An address is ``<label>-<account>.localhost:<port>`` where this machine resolves such names (RFC 6761), else
    ``127.0.0.1:<port>``; the second form always works.
    """

    def __init__(self, settings: Settings, gate: Gate, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._gate = gate
        self._loop = loop
        self._file = settings.state / "ingress.json"
        self._lock = threading.Lock()
        self._ports: dict[str, int] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._servers: list[asyncio.Server] = []
        self._clients: set[Client] = set()
        self._named = _resolves(f"sfml.{_NAMED}")

    def reopen(self, services: Iterable[tuple[int, Iterable[str]]]) -> None:
        """Listen again for the endpoints of these services that had a port."""
        known = _load(self._file)
        for service, names in services:
            for name in names:
                if (port := known.get(label_of(service, name, self._settings.account))) is not None:
                    self._open(Endpoint(service=service, name=name, label=self._label(service, name)), port)

    def address(self, service: int, endpoint: str) -> str:
        """Host and port of a public endpoint, which listens from now on."""
        label = self._label(service, endpoint)
        with self._lock:
            known = label in self._ports
        if not known:
            self._open(Endpoint(service=service, name=endpoint, label=label), 0)
        host = f"{label}-{self._settings.account.lower()}.{_NAMED}" if self._named else _HOST
        return f"{host}:{self._ports[label]}"

    def label_at(self, address: str) -> str | None:
        """The label of the endpoint with this address, in either form."""
        port = address.rpartition(":")[2]
        found = {str(port): label for label, port in self._ports.items()}
        return found.get(port)

    def close(self) -> None:
        """Stop listening and cut what is open; from the loop's thread."""
        for server in self._servers:
            server.close()
        for client in list(self._clients):
            client.end()

    def _label(self, service: int, endpoint: str) -> str:
        return label_of(service, endpoint, self._settings.account)

    def _open(self, endpoint: Endpoint, port: int) -> None:
        with self._lock:
            if endpoint.label in self._ports:
                return
            listening = _listen(port)
            self._ports[endpoint.label] = listening.getsockname()[1]
            self._endpoints[endpoint.label] = endpoint
            self._file.write_text(json.dumps(self._ports, indent=2) + "\n")
        asyncio.run_coroutine_threadsafe(self._serve(endpoint, listening), self._loop)

    async def _serve(self, endpoint: Endpoint, listening: socket.socket) -> None:
        server = await self._loop.create_server(lambda: self._client(endpoint), sock=listening)
        self._servers.append(server)

    def _client(self, endpoint: Endpoint) -> Client:
        async def decide(request: Request, body: bytes) -> object:
            return await self._loop.run_in_executor(None, partial(self._decide, request, endpoint, body))

        settings = self._settings
        client = Client(
            decide,  # type: ignore[arg-type]
            idle=settings.ingress_idle,
            cut_expired=settings.ingress_cut_expired,
            now=self._gate.now,
        )
        self._clients.add(client)
        client.on_end = self._clients.discard
        return client

    def _decide(self, request: Request, endpoint: Endpoint, body: bytes) -> object:
        return self._gate.decide(request, endpoint, body)


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
        listening.bind((_HOST, 0))
    listening.listen(_BACKLOG)
    listening.setblocking(False)
    return listening


def _resolves(name: str) -> bool:
    with contextlib.suppress(OSError):
        return all(found[4][0] in (_HOST, "::1") for found in socket.getaddrinfo(name, None))
    return False


def _load(file: Path) -> Mapping[str, int]:
    try:
        found: dict[str, int] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found


Address = Callable[[int, str], str]

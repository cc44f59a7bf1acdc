"""The way to an instance: the request's head goes there, the answer's head is read and made the ingress's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sfml.emulator.ingress import fields
from sfml.emulator.ingress.admission import Pass
from sfml.emulator.ingress.ends import End
from sfml.emulator.ingress.heads import END, LIMIT, BadHeadError, Request, read_response, write
from sfml.emulator.ingress.replies import held_back, unreachable

if TYPE_CHECKING:
    from sfml.emulator.ingress.connection import Client


class Container(End):
    """The end towards the container."""

    def __init__(self, client: Client, request: Request, passed: Pass) -> None:
        super().__init__()
        self.peer = client
        client.peer = self
        self._client = client
        self._request = request
        self._pass = passed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        request = self._request
        head = fields.towards_container(request, self._pass.user)
        transport.write(write(f"{request.method} {request.target} {request.version}", head))  # type: ignore[attr-defined]

    def on_data(self, data: bytes) -> None:
        """Read the answer's head, and those of interim answers before it."""
        self.waiting += data
        try:
            while self._send is None and (end := self.waiting.find(END)) >= 0:
                head, self.waiting = self.waiting[:end], self.waiting[end + len(END) :]
                self._on_head(head)
        except BadHeadError:
            self._client.reply(unreachable(self._pass.service))
            return
        if self._send is None and len(self.waiting) > LIMIT:
            self._client.reply(unreachable(self._pass.service))

    def _on_head(self, head: bytes) -> None:
        response = read_response(head)
        if fields.is_executable(response):
            self._client.reply(held_back())
            return
        client = self._client.transport
        if client is None or client.is_closing():
            return
        interim = 100 <= response.status < 200 and response.status != 101
        if response.status == 101 and not self._request.upgrades:
            raise BadHeadError("nobody asked for another protocol")
        ours = [*fields.towards_client(response, self._pass.hosts), *self._pass.answers]
        sent = response.fields if interim else ours
        client.write(write(f"HTTP/1.1 {response.status} {response.reason}", sent))
        if response.status == 101:
            self._client.join(self)
        elif not interim:
            self.splice()

    def connection_lost(self, error: Exception | None) -> None:
        if self._send is None:
            self._client.reply(unreachable(self._pass.service))
        super().connection_lost(error)

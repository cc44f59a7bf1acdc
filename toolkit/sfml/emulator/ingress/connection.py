"""One connection: a request's head is read and decided on, then bytes pass through as they are.

Each connection carries one request, or becomes a WebSocket: so no byte is looked at, copied or unmasked
after the heads, and nothing can follow a request unseen.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from sfml.emulator.ingress.admission import Pass
from sfml.emulator.ingress.bodies import Body, body_of
from sfml.emulator.ingress.container import Container
from sfml.emulator.ingress.ends import End
from sfml.emulator.ingress.frames import Frames
from sfml.emulator.ingress.heads import END, LIMIT, BadHeadError, Request, read_request, write
from sfml.emulator.ingress.passing import Link, Passages
from sfml.emulator.ingress.replies import Reply, bad_request, unreachable
from sfml.emulator.ingress.signin import OWN_PATHS

_CONNECT_WITHIN = 10.0
_OWN_BODY = 64 << 10
_LINGERS = 5.0
_LOOKS = 10
"""How often within the idle limit a connection is looked at."""

Decide = Callable[[Request, bytes], Awaitable[Reply | Pass]]


class Client(End):
    """The end towards the client. ``idle`` seconds without a byte in either direction end it."""

    def __init__(
        self,
        decide: Decide,
        *,
        idle: float,
        cut_expired: bool,
        ignore_pings: bool,
        now: Callable[[], float],
        passages: Callable[[], Passages | None],
    ) -> None:
        super().__init__()
        self._decide = decide
        self._passages = passages
        self._link: Link | None = None
        self._passed = 0
        self._idle = idle
        self._cut_expired = cut_expired
        self._ignore_pings = ignore_pings
        self._now = now
        self._request: Request | None = None
        self._body: Body | None = None
        self._task: asyncio.Task[None] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._silent = 0
        self._answered = False
        self.on_end: Callable[[Client], None] = lambda _: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, error: Exception | None) -> None:
        for timer in self._timers.values():
            timer.cancel()
        if self._task:
            self._task.cancel()
        if self._link:
            self._link.cut()
        super().connection_lost(error)
        self.on_end(self)

    def end(self) -> None:
        """Cut both ends now."""
        if self._link:
            self._link.cut()
        for end in (self, self.peer):
            if end and end.transport:
                end.transport.abort()

    # --- the request

    def on_data(self, data: bytes) -> None:
        try:
            if self._body is not None and self.peer is not None:
                self._pass_body(data)
                return
            self.waiting += data
            if self._request is None:
                self._read_head()
            if self._request is not None and self._task is None:
                self._begin(self._request)
            elif len(self.waiting) > LIMIT:
                raise BadHeadError("data before the answer")
        except BadHeadError as error:
            self.reply(bad_request(str(error)))

    def _read_head(self) -> None:
        end = self.waiting.find(END)
        if end < 0:
            if len(self.waiting) > LIMIT:
                raise BadHeadError("the head is too long")
            return
        self._request = read_request(self.waiting[:end])
        self._body = None
        self.waiting = self.waiting[end + len(END) :]

    def _begin(self, request: Request) -> None:
        """Decide, once an own page's form is there."""
        if request.path.startswith(OWN_PATHS):
            length = int(request.get("content-length") or 0)
            if length > _OWN_BODY or request.get("transfer-encoding"):
                raise BadHeadError("the form is too long")
            if len(self.waiting) < length:
                return
        assert self.transport is not None
        self.transport.pause_reading()
        self._task = asyncio.get_running_loop().create_task(self._go_on(request))

    async def _go_on(self, request: Request) -> None:
        decision = await self._decide(request, self.waiting)
        if isinstance(decision, Reply):
            self.reply(decision)
            return
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_WITHIN):
                await loop.create_connection(
                    lambda: Container(self, request, decision), decision.host, decision.port
                )
        except (OSError, TimeoutError):
            self.reply(unreachable(decision.service))
            return
        if self._cut_expired and decision.expires is not None:
            left = max(decision.expires - self._now(), 0)
            self._timers["expiry"] = loop.call_later(left, self.end)
        if not request.upgrades:
            self._body = body_of(request)
            with contextlib.suppress(BadHeadError):
                rest, self.waiting = self.waiting, b""
                self._pass_body(rest)
        if self.transport and not self.transport.is_closing() and not self._link:
            self.transport.resume_reading()

    def _pass_body(self, data: bytes) -> None:
        """The body's bytes go on; those after it nowhere."""
        assert self._body is not None
        if self._body.done or not data:
            return
        taken = self._body.take(data)
        if self.peer and self.peer.transport:
            self.peer.transport.write(data[:taken])

    def reply(self, reply: Reply) -> None:
        """Answer by ourselves, and end the connection."""
        if self._answered or self.transport is None or self.transport.is_closing():
            return
        self._answered = True
        if self.peer:
            self.peer.peer = None
            self.peer.finish()
        length = ("Content-Length", str(len(reply.body)))
        head = write(
            f"HTTP/1.1 {reply.status} {reply.reason}", [*reply.fields, length, ("Connection", "close")]
        )
        wants_body = self._request is None or self._request.method != "HEAD"
        self.transport.write(head + reply.body if wants_body else head)
        self.finish()

    def finish(self) -> None:
        """Close; where the client still sends, only when it has read what it got.

        Its system would throw away an answer that was not read yet, were its bytes refused (RFC 9112, 9.6).
        """
        if self.transport is None or self.transport.is_closing() or "lingering" in self._timers:
            return
        if not self._is_sending():
            super().finish()
            return
        self._send = lambda _: None
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        loop = asyncio.get_running_loop()
        self._timers["lingering"] = loop.call_later(_LINGERS, self.transport.close)

    def _is_sending(self) -> bool:
        """Whether more of the request is to come."""
        if self._request is None:
            return bool(self.waiting)
        if self._body is None:
            self._body = body_of(self._request)
            with contextlib.suppress(BadHeadError):
                self._body.take(self.waiting)
        return not self._body.done

    # --- a WebSocket

    def join(self, container: Container) -> None:
        """From now on both ends' bytes go to each other, unseen and for good."""
        if self._ignore_pings:
            self.frames, container.frames = Frames(), Frames()
            self.frames.carry(self.waiting)
            container.frames.carry(container.waiting)
        self.splice()
        container.splice()
        ends = (self.transport, container.transport)
        passages = self._passages()
        if passages is None or any(end is None or end.get_write_buffer_size() for end in ends):
            return  # what was written before has to go first
        one, other = (_taken_over(end) for end in ends if end)
        loop = asyncio.get_running_loop()

        def ended() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: so is everything
                loop.call_soon_threadsafe(self.end)

        self._link = passages.link(one, other, on_end=ended)

    # --- time

    def _watch(self) -> None:
        """Look every so often whether a byte has passed; end what was silent for the whole limit."""
        ends = [end for end in (self, self.peer) if end]
        if self._link:
            self.active = self.active or self._link.count > self._passed
            self._passed = self._link.count
        self._silent = 0 if any(end.active for end in ends) else self._silent + 1
        for end in ends:
            end.active = False
        if self._silent >= _LOOKS:
            self.end()
        else:
            self._timers["idle"] = asyncio.get_running_loop().call_later(self._idle / _LOOKS, self._watch)


def _taken_over(transport: asyncio.Transport) -> socket.socket:
    """The transport's socket, which it does not read from any more."""
    transport.pause_reading()
    taken: socket.socket = transport.get_extra_info("socket").dup()
    taken.settimeout(0)
    return taken

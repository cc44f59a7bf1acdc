"""One end of a passage, towards a client or a container: what it reads goes to the other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from sfml.emulator.ingress.frames import Frames

_BUFFER = 1 << 20


class End(asyncio.Protocol):
    """One end: what it reads goes to its peer, which holds it back when it cannot send."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.peer: End | None = None
        self.active = True
        self.waiting = b""  # came, and was not passed on yet
        self.frames: Frames | None = None  # of a WebSocket whose pings are no activity
        self._send: Callable[[bytes], None] | None = None  # set: everything goes to the peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=_BUFFER)
        # asyncio does this for sockets of protocol TCP; those from our listener say 0. Without it a message
        # may wait 40 ms for the acknowledgement of the one before.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.active = self.active or self.frames is None or self.frames.carry(data)
        if self._send is not None:
            self._send(data)
        else:
            self.on_data(data)

    def on_data(self, data: bytes) -> None:
        raise NotImplementedError

    def splice(self) -> None:
        """From now on everything that comes goes to the peer."""
        assert self.peer is not None
        assert self.peer.transport is not None
        self._send = self.peer.transport.write
        if self.waiting:
            rest, self.waiting = self.waiting, b""
            self._send(rest)

    def pause_writing(self) -> None:
        if self.peer and self.peer.transport:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer and self.peer.transport and not self.peer.transport.is_closing():
            self.peer.transport.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        if self.peer:
            self.peer.finish()

    def finish(self) -> None:
        """Close, after what is left to send."""
        if self.transport:
            self.transport.close()

"""A connected socket in an event loop: its owner is called back where it wants to read or to write.

asyncio's own transports copy what they receive, and what they cannot send at once: at hundreds of megabytes
a second that is what a bridge would spend most of its time on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

_RETRY = (BlockingIOError, InterruptedError)


class Channel:
    """The socket, and what its owner wants of it. Errors are OSError; closed is closed for good."""

    def __init__(
        self, connection: socket.socket, *, on_readable: Callable[[], None], on_writable: Callable[[], None]
    ) -> None:
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._on_readable, self._on_writable = on_readable, on_writable
        self._reads = self._writes = False
        self.is_closed = False

    def read_if(self, wanted: object) -> None:
        """Be told of bytes to read, or not."""
        wanted = bool(wanted) and not self.is_closed
        if wanted is self._reads:
            return
        self._reads = wanted
        if wanted:
            self._loop.add_reader(self._socket, self._on_readable)
        else:
            self._loop.remove_reader(self._socket)

    def write_if(self, wanted: object) -> None:
        """Be told of room to write, or not."""
        wanted = bool(wanted) and not self.is_closed
        if wanted is self._writes:
            return
        self._writes = wanted
        if wanted:
            self._loop.add_writer(self._socket, self._on_writable)
        else:
            self._loop.remove_writer(self._socket)

    def receive_into(self, space: memoryview) -> int | None:
        """How many bytes came into the space, 0 at the end, None when there are none now."""
        try:
            return self._socket.recv_into(space)
        except _RETRY:
            return None

    def send(self, pieces: Sequence[bytes | memoryview]) -> int:
        """How many of the pieces' bytes were taken."""
        try:
            return self._socket.sendmsg(pieces)
        except _RETRY:
            return 0

    def end(self) -> None:
        """There will be no more bytes from this side."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection, whatever is under way."""
        self.read_if(None)
        self.write_if(None)
        self.is_closed = True
        self._socket.close()

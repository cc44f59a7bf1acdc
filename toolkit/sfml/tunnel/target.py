"""A session's connection to sshd."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from .channel import Channel
from .flow import Outlet
from .sessions import Session
from .stream import PlainStream, Stream

if TYPE_CHECKING:
    from .bridge import Bridge
    from .door import Door

_FLUSH_TIME = 10.0


class Target:
    """sshd's side of one stream; it stays while the other side changes its connections."""

    def __init__(self, bridge: Bridge, stream: Stream | PlainStream, connection: socket.socket) -> None:
        self._bridge = bridge
        self.stream = stream
        self.door: Door | None = None
        self.session: Session[Target] | None = None
        self.gone = False
        self._ended = False  # sshd's side
        self._ends = False  # the client's side, once what waits is gone
        self._closes = False
        self._channel = Channel(connection, on_readable=self._read, on_writable=self._write)
        self._outlet = Outlet(self._channel.send)

    @property
    def is_full(self) -> bool:
        """Whether bytes wait here for sshd."""
        return self._outlet.size > 0

    def _read(self) -> None:
        try:
            count = self._channel.receive_into(self.stream.space())
        except OSError:
            self._lose()
            return
        if count is None:
            return
        if count:
            self._bridge.count(count)
            self.stream.took(count)
            self.flush()
        else:
            self._channel.read_if(None)
            self._end()

    def _end(self) -> None:
        """There are no more bytes of sshd's; the other direction stays open."""
        if self._ended:
            return
        self._ended = True
        if isinstance(self.stream, Stream):
            self.stream.end()
            self.flush()
        elif self.door:
            self.door.send_messages()
            self.door.finish()

    def _lose(self) -> None:
        """The connection is over."""
        self.gone = True
        self._channel.close()
        self._outlet.clear()
        self._end()

    def flush(self) -> None:
        """Send what can be sent, and read on only while there is room."""
        if self.door:
            self.door.send_messages()
        self._channel.read_if(not self._ended and self.stream.takes_more)

    def give(self, payload: memoryview) -> None:
        """Bytes for sshd, which stay as they are until ``pass_on``."""
        self._bridge.count(len(payload))
        if self.gone:
            self.stream.passed_on(len(payload))
        else:
            self._outlet.lend(payload)

    def pass_on(self) -> None:
        """Let go what was given."""
        try:
            self.stream.passed_on(self._outlet.flush_lent())
        except OSError:
            self._lose()
        self._channel.write_if(self._outlet.size)
        self._pass_on_end()

    def give_end(self) -> None:
        """There are no more bytes for sshd."""
        self._ends = True

    def _write(self) -> None:
        """There is room for what waits."""
        try:
            self.stream.passed_on(self._outlet.flush())
        except OSError:
            self._lose()
        self._channel.write_if(self._outlet.size)
        self._pass_on_end()
        if self.door and not self._outlet.size:
            self.door.read_on()
        self.flush()

    def _pass_on_end(self) -> None:
        if self._outlet.size:
            return
        if self._closes:
            self._channel.close()
        elif self._ends:
            self._ends = False
            self.stream.passed_on(1)
            if not self.gone:
                self._end_writing()

    def _end_writing(self) -> None:
        try:
            self._channel.end()
        except OSError:
            self._lose()

    def close(self) -> None:
        """Close the connection after what waits; a sshd that reads no more is not waited for without end."""
        self._ended = self._closes = True
        self._channel.read_if(None)
        self._pass_on_end()
        if self._outlet.size:
            asyncio.get_running_loop().call_later(_FLUSH_TIME, self._channel.close)

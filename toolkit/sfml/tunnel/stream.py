"""A byte stream each way that outlives its connections: positions, acknowledgements, a replay buffer.

A position counts a direction's bytes from 0; the end of the stream counts as one more. What was sent is kept
until the other side has acknowledged it, which it does when it has passed the bytes on: so the buffer's bound
is the flow control too. After a loss, both sides say how far they have received, and the rest is sent again.
"""

from __future__ import annotations

import mmap
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from . import messages
from .messages import Closed, ProtocolError

WINDOW = 4 << 20
"""Bytes under way and not passed on yet: 100 ms of round trip at 40 MB/s."""

AHEAD = 1 << 19
"""Bytes that wait to be sent before no more are read: what is sent soon is still in the processor's cache."""

READ_SIZE = 1 << 18
"""The most bytes that are read at once."""

_NOTHING = memoryview(b"")


@dataclass(frozen=True)
class Data:
    """Bytes to pass on."""

    payload: memoryview


@dataclass(frozen=True)
class End:
    """There will be no more bytes from the other side."""


Event = Data | End | Closed


class Stream:
    """The resumable stream, at either side; what it keeps lies in a ring as large as the window."""

    resumable = True

    def __init__(self, *, window: int = WINDOW) -> None:
        self._window = window
        # Memory that is only there once it is used: a shell's session never fills it.
        self._ring = memoryview(mmap.mmap(-1, window))
        self._taken = 0  # the position after the last byte taken from this side
        self._sent = 0  # the position after the last byte given to the connection
        self._acked = 0  # what lies before it is not kept any more
        self._ended = False
        self._end_sent = False
        self._attached = False
        self.received = 0
        self._passed_on = 0
        self._told = 0  # the last position that was acknowledged
        self._peer_ended_at: int | None = None

    @property
    def room(self) -> int:
        """How many bytes may be taken from this side now."""
        return 0 if self._ended else self._window - (self._taken - self._acked)

    @property
    def takes_more(self) -> bool:
        """Whether this side should be read from: there is room, and not too much waits to be sent."""
        return self.room > 0 and self._taken - self._sent < AHEAD

    @property
    def finished(self) -> bool:
        """Both directions have ended, and both sides know."""
        return self._ended and self._acked == self._taken + 1 and self._peer_ended_at == self._passed_on

    @property
    def peer_ended(self) -> bool:
        """Everything of the other side was passed on, its end too."""
        return self._peer_ended_at == self._passed_on

    def space(self) -> memoryview:
        """Where bytes of this side are to be put; say how many with ``took``. Empty without room."""
        at = self._taken % self._window
        return self._ring[at : at + min(self.room, READ_SIZE)]

    def took(self, count: int) -> None:
        """``count`` bytes of this side were put into the space, to be sent."""
        self._taken += count

    def take(self, data: bytes) -> None:
        """Bytes of this side, no more than there is room for."""
        while data:
            space = self.space()
            piece, data = data[: len(space)], data[len(space) :]
            space[: len(piece)] = piece
            self.took(len(piece))

    def end(self) -> None:
        """This side has no more bytes."""
        self._ended = True

    def passed_on(self, count: int) -> None:
        """``count`` bytes of the other side's, or its end as 1, have left for their goal."""
        self._passed_on += count

    def detach(self) -> None:
        """The connection is lost."""
        self._attached = False

    def attach(self, peer_received: int) -> None:
        """There is a connection, and the other side has everything up to ``peer_received``."""
        if not self._acked <= peer_received <= self._taken + self._ended:
            raise ProtocolError(f"position {peer_received} was never sent, or was acknowledged before")
        self._attached, self._told = True, 0
        self._end_sent = peer_received > self._taken
        self._sent = min(peer_received, self._taken)

    def outgoing(self) -> Iterator[tuple[bytes, memoryview]]:
        """The messages to be sent now, as head and payload; stop when the connection has no room.

        A payload is a view of what is kept, and good until the other side acknowledges it.
        """
        if not self._attached:
            return
        if self._is_acknowledgement_due():
            yield self.acknowledgement(), _NOTHING
        while self._sent < self._taken:
            position, at = self._sent, self._sent % self._window
            payload = self._ring[at : at + min(self._taken - position, messages.OUR_DATA)]
            self._sent += len(payload)
            yield messages.positioned(messages.DATA, position), payload
        if self._ended and not self._end_sent:
            self._end_sent = True
            yield messages.positioned(messages.END, self._taken), _NOTHING

    def _is_acknowledgement_due(self) -> bool:
        untold = self._passed_on - self._told
        return untold >= self._window // 4 or (self.peer_ended and untold > 0)

    def acknowledgement(self) -> bytes:
        """What tells the other side how far its bytes were passed on; also the sign of life."""
        self._told = self._passed_on
        return messages.positioned(messages.ACK, self._passed_on)

    def receive(self, message: bytes | memoryview) -> Event | None:
        """What a message brings for this side; ProtocolError where it cannot be."""
        kind = messages.kind_of(message)
        if kind == messages.CLOSE:
            return messages.read_closed(message)
        position = messages.read_position(message)
        if kind == messages.DATA:
            return self._data(position, memoryview(message)[messages.DATA_HEAD :])
        if kind == messages.END:
            return self._end(position)
        if kind != messages.ACK:
            raise ProtocolError(f"unknown message {kind:#x}")
        self._acknowledged(position)
        return None

    def _data(self, position: int, payload: memoryview) -> Data | None:
        after = position + len(payload)
        if position > self.received:
            raise ProtocolError(f"bytes {self.received} to {position} are missing")
        if after <= self.received:
            return None
        if self._peer_ended_at is not None or after - self._passed_on > self._window + messages.MAX_DATA:
            raise ProtocolError("bytes after the end, or more than may be under way")
        fresh, self.received = payload[self.received - position :], after
        return Data(fresh)

    def _end(self, position: int) -> End | None:
        if self._peer_ended_at == position + 1:
            return None
        if self._peer_ended_at is not None or position != self.received:
            raise ProtocolError(f"the end at {position}, with bytes up to {self.received}")
        self.received = self._peer_ended_at = position + 1
        return End()

    def _acknowledged(self, position: int) -> None:
        if position > self._sent + self._end_sent:
            raise ProtocolError(f"an acknowledgement of {position}, which was never sent")
        self._acked = max(self._acked, position)


class PlainStream:
    """A foreign bridge's stream: each message is bytes of SSH, and a lost connection is the end."""

    resumable = False
    finished = False
    peer_ended = False
    received = 0
    room = READ_SIZE

    def __init__(self) -> None:
        self._space = memoryview(bytearray(READ_SIZE))
        self._pending: deque[bytes] = deque()
        self._waiting = 0

    @property
    def takes_more(self) -> bool:
        """Whether this side should be read from."""
        return self._waiting < AHEAD

    def space(self) -> memoryview:
        """Where bytes of this side are to be put; say how many with ``took``."""
        return self._space

    def took(self, count: int) -> None:
        """``count`` bytes of this side were put into the space, to be sent."""
        self.take(bytes(self._space[:count]))

    def take(self, data: bytes) -> None:
        """Bytes of this side, to be sent."""
        self._pending.append(data)
        self._waiting += len(data)

    def outgoing(self) -> Iterator[tuple[bytes, memoryview]]:
        """The messages to be sent now."""
        while self._pending:
            data = self._pending.popleft()
            self._waiting -= len(data)
            yield b"", memoryview(data)

    def receive(self, message: bytes | memoryview) -> Event | None:
        """A message's bytes."""
        return Data(memoryview(message)) if message else None

    def passed_on(self, count: int) -> None:
        """Nobody is told."""

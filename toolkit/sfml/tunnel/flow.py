"""Bytes on their way out of this process, to something that may be full."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from . import frames
from .frames import Opcode
from .stream import PlainStream, Stream

Bytes = bytes | memoryview
Write = Callable[[Sequence[Bytes]], int]
"""Takes several pieces, as one; answers how many bytes went, 0 where none do now."""

FULL = 1 << 18
"""Bytes that wait for a connection, above which no more are made into frames."""
_AT_ONCE = 16


class Outlet:
    """Pieces leave in their order; what cannot go now waits here."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: deque[memoryview] = deque()
        self._lent = 0  # how many of the last of _waiting
        self.size = 0

    def add(self, *pieces: Bytes) -> None:
        """Pieces that are to go with the next flush, and stay as they are until then."""
        for piece in pieces:
            if len(piece):
                self._waiting.append(memoryview(piece))
                self.size += len(piece)

    def flush(self) -> int:
        """Let go what can; how many bytes did."""
        before = self.size
        while self._waiting:
            count = self._write(list(islice(self._waiting, _AT_ONCE)))
            if not count:
                break
            self._drop(count)
        return before - self.size

    def lend(self, piece: memoryview) -> None:
        """A piece that stays as it is only until ``flush_lent``."""
        if piece:
            self.add(piece)
            self._lent += 1

    def flush_lent(self) -> int:
        """Let go what can, and take copies of what cannot; how many bytes went."""
        count = self.flush()
        for index in range(max(0, len(self._waiting) - self._lent), len(self._waiting)):
            self._waiting[index] = memoryview(bytes(self._waiting[index]))
        self._lent = 0
        return count

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self.size = self._lent = 0

    def _drop(self, count: int) -> None:
        self.size -= count
        while count:
            first = self._waiting[0]
            if count < len(first):
                self._waiting[0] = first[count:]
                return
            count -= len(first)
            self._waiting.popleft()


def gather(stream: Stream | PlainStream, outlet: Outlet, *, masked: bool) -> bool:
    """Put some of what the stream has to say into the outlet, as frames; whether there was anything."""
    before = outlet.size
    for head, payload in stream.outgoing():
        size = len(head) + len(payload)
        outlet.add(frames.head(Opcode.BINARY, size, masked=masked) + head, payload)
        if outlet.size >= FULL:
            break
    return outlet.size > before

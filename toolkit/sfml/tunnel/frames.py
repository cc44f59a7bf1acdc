"""WebSocket frames (RFC 6455, section 5) from bytes and to bytes."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from enum import IntEnum

MAX_MESSAGE = 1 << 20
"""The largest message that is taken: ours stay far below, a foreign bridge's are its read buffer."""

NO_MASK = bytes(4)
"""The masking key of our own frames. Masks keep a browser page from steering what a cache sees (RFC 6455,
section 10.3); here the payload is SSH's own, and XOR in Python would halve the throughput."""


READ_SIZE = 1 << 18
"""The most bytes that are received at once."""
_LONGEST_HEAD = 14


class Opcode(IntEnum):
    """RFC 6455, section 5.2."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class FrameError(Exception):
    """The other side does not speak WebSocket as it should."""


def head(opcode: Opcode, size: int, *, masked: bool) -> bytes:
    """What stands before the payload of one final frame; ``masked`` where a client sends it."""
    flag = 0x80 if masked else 0
    key = NO_MASK if masked else b""
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, flag | size) + key
    if size < 1 << 16:
        return struct.pack("!BBH", 0x80 | opcode, flag | 126, size) + key
    return struct.pack("!BBQ", 0x80 | opcode, flag | 127, size) + key


def encode(opcode: Opcode, payload: bytes = b"", *, masked: bool) -> bytes:
    """One final frame; ``masked`` where a client sends it."""
    return head(opcode, len(payload), masked=masked) + payload


def close_frame(code: int = 1000, *, masked: bool) -> bytes:
    """A close frame with its status code."""
    return encode(Opcode.CLOSE, struct.pack("!H", code), masked=masked)


def unmasked(payload: bytes, key: bytes) -> bytes:
    """``payload`` with the key taken off."""
    if key == NO_MASK:
        return payload
    size = len(payload)
    pattern = int.from_bytes((key * (size // 4 + 1))[:size], "little")
    return (int.from_bytes(payload, "little") ^ pattern).to_bytes(size, "little")


class FrameReader:
    """Bytes in any pieces become whole messages; ``masked`` says which frames the other side must send.

    Bytes are received into ``space()``, and a payload is a view of where they lie: so nothing is copied but
    what is left of a frame that has not come whole.
    """

    def __init__(self, *, masked: bool) -> None:
        self._masked = masked
        # Memory that is only there once it is used: most connections never see a large message.
        self._bytes = memoryview(mmap.mmap(-1, MAX_MESSAGE + _LONGEST_HEAD + READ_SIZE))
        self._start = self._end = 0
        self._parts: list[bytes] = []
        self._kind: Opcode | None = None

    def space(self) -> memoryview:
        """Where the next bytes are to be put; the payloads so far end here."""
        left = self._end - self._start
        if self._start:
            self._bytes[:left] = self._bytes[self._start : self._end]
            self._start, self._end = 0, left
        return self._bytes[self._end : self._end + READ_SIZE]

    def received(self, count: int) -> Iterator[tuple[Opcode, memoryview | bytes]]:
        """The messages that ``count`` bytes more make complete; control frames as they stand between them.

        Raises FrameError. A payload is good until the next ``space()``: take every message before.
        """
        self._end += count
        while (frame := self._frame(self._start)) is not None:
            opcode, final, payload, self._start = frame
            message = self._joined(opcode, final, payload)
            if message is not None:
                yield message

    def feed(self, data: bytes) -> Iterator[tuple[Opcode, bytes]]:
        """The messages that are complete with ``data``, which came by another way; no views."""
        for start in range(0, len(data), READ_SIZE):
            piece = data[start : start + READ_SIZE]
            self.space()[: len(piece)] = piece
            for opcode, payload in self.received(len(piece)):
                yield opcode, bytes(payload)

    def _frame(self, at: int) -> tuple[Opcode, bool, memoryview | bytes, int] | None:
        """The frame that begins at ``at``, and where the next one does."""
        if self._end - at < 2:
            return None
        first, second = self._bytes[at], self._bytes[at + 1]
        opcode = _checked_opcode(first)
        if bool(second & 0x80) is not self._masked:
            raise FrameError("a client masks its frames, a server does not")
        size, start = self._size(at, second & 0x7F)
        if opcode >= Opcode.CLOSE and (size > 125 or not first & 0x80):
            raise FrameError("a control frame is whole and has 125 bytes at most")
        if size > MAX_MESSAGE:
            raise FrameError(f"a frame of {size} bytes is more than {MAX_MESSAGE}")
        begin = start + (4 if self._masked else 0)
        if start < 0 or self._end < begin + size:
            return None
        payload: memoryview | bytes = self._bytes[begin : begin + size]
        if self._masked and (key := bytes(self._bytes[start:begin])) != NO_MASK:
            payload = unmasked(bytes(payload), key)
        return opcode, bool(first & 0x80), payload, begin + size

    def _size(self, at: int, short: int) -> tuple[int, int]:
        """A frame's payload size and where its key or payload begins; that is -1 while it cannot be known."""
        if short < 126:
            return short, at + 2
        width, code = (2, "!H") if short == 126 else (8, "!Q")
        if self._end - at < 2 + width:
            return 0, -1
        return struct.unpack_from(code, self._bytes, at + 2)[0], at + 2 + width

    def _joined(
        self, opcode: Opcode, final: bool, payload: memoryview | bytes
    ) -> tuple[Opcode, memoryview | bytes] | None:
        if opcode >= Opcode.CLOSE:
            return opcode, payload
        if (opcode is Opcode.CONTINUATION) is (self._kind is None):
            raise FrameError("a continuation follows a beginning, and nothing else does")
        kind = self._kind or opcode
        if final and not self._parts:
            self._kind = None
            return kind, payload
        self._parts.append(bytes(payload))
        self._kind = kind
        if sum(map(len, self._parts)) > MAX_MESSAGE:
            raise FrameError(f"a message of more than {MAX_MESSAGE} bytes")
        if not final:
            return None
        whole, self._parts, self._kind = b"".join(self._parts), [], None
        return kind, whole


def _checked_opcode(first: int) -> Opcode:
    if first & 0x70:
        raise FrameError("a reserved bit is set, though no extension was agreed upon")
    try:
        return Opcode(first & 0x0F)
    except ValueError:
        raise FrameError(f"unknown opcode {first & 0x0F}") from None

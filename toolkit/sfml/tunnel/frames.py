"""WebSocket frames (RFC 6455, section 5) from bytes and to bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum

MAX_MESSAGE = 1 << 20
"""The largest message that is taken: ours stay far below, a foreign bridge's are its read buffer."""

NO_MASK = bytes(4)
"""The masking key of our own frames. Masks keep a browser page from steering what a cache sees (RFC 6455,
section 10.3); here the payload is SSH's own, and XOR in Python would halve the throughput."""


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


def encode(opcode: Opcode, *payload: bytes | memoryview, masked: bool) -> bytes:
    """One final frame; ``masked`` where a client sends it."""
    size = sum(map(len, payload))
    flag = 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, flag | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | opcode, flag | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, flag | 127, size)
    return b"".join([head, NO_MASK if masked else b"", *payload])


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
    """Bytes in any pieces become whole messages; ``masked`` says which frames the other side must send."""

    def __init__(self, *, masked: bool) -> None:
        self._masked = masked
        self._bytes = bytearray()
        self._parts: list[bytes] = []
        self._kind: Opcode | None = None

    def feed(self, data: bytes) -> Iterator[tuple[Opcode, bytes]]:
        """The messages that are complete with ``data``; control frames come as they stand between others.

        Raises FrameError; take every message before the next call.
        """
        self._bytes += data
        position = 0
        try:
            while (frame := self._frame(position)) is not None:
                opcode, final, payload, position = frame
                message = self._joined(opcode, final, payload)
                if message is not None:
                    yield message
        finally:
            del self._bytes[:position]

    def _frame(self, at: int) -> tuple[Opcode, bool, bytes, int] | None:
        """The frame that begins at ``at``, and where the next one does."""
        if len(self._bytes) - at < 2:
            return None
        first, second = self._bytes[at], self._bytes[at + 1]
        opcode = _checked_opcode(first)
        if bool(second & 0x80) is not self._masked:
            raise FrameError("a client masks its frames, a server does not")
        size, start = self._size(at, second & 0x7F)
        key_size = 4 if self._masked else 0
        end = start + key_size + size
        if opcode >= Opcode.CLOSE and (size > 125 or not first & 0x80):
            raise FrameError("a control frame is whole and has 125 bytes at most")
        if size > MAX_MESSAGE:
            raise FrameError(f"a frame of {size} bytes is more than {MAX_MESSAGE}")
        if start < 0 or len(self._bytes) < end:
            return None
        with memoryview(self._bytes) as view:
            payload = bytes(view[start + key_size : end])
            key = bytes(view[start : start + key_size]) or NO_MASK
        return opcode, bool(first & 0x80), unmasked(payload, key), end

    def _size(self, at: int, short: int) -> tuple[int, int]:
        """A frame's payload size and where its key or payload begins; that is -1 while it cannot be known."""
        if short < 126:
            return short, at + 2
        width, code = (2, "!H") if short == 126 else (8, "!Q")
        if len(self._bytes) - at < 2 + width:
            return 0, -1
        return struct.unpack_from(code, self._bytes, at + 2)[0], at + 2 + width

    def _joined(self, opcode: Opcode, final: bool, payload: bytes) -> tuple[Opcode, bytes] | None:
        if opcode >= Opcode.CLOSE:
            return opcode, payload
        if (opcode is Opcode.CONTINUATION) is (self._kind is None):
            raise FrameError("a continuation follows a beginning, and nothing else does")
        kind = self._kind or opcode
        if final and not self._parts:
            self._kind = None
            return kind, payload
        self._parts.append(payload)
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

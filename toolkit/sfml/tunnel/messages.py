"""The messages of the resumable stream: one type byte, then its fields, big-endian."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HELLO, WELCOME, CLOSE = 0x01, 0x02, 0x03
DATA, END, ACK = 0x10, 0x11, 0x12

MAX_DATA = 1 << 18
"""The most bytes of one DATA that is taken."""
OUR_DATA = 1 << 16
"""The most bytes of one DATA that is sent: what has come of a frame is copied once before the rest comes."""

ID_SIZE = 16
NEW = bytes(ID_SIZE)
"""In HELLO in place of a session's id: a new session, please."""

# What CLOSE says; the text beside it is for the user.
DONE, UNKNOWN, TARGET, FULL, PROTOCOL = range(5)

_POSITION = struct.Struct("!BQ")
_GREETING = struct.Struct(f"!B{ID_SIZE}sQ")
DATA_HEAD = _POSITION.size


class ProtocolError(Exception):
    """The other side broke the rules of the stream."""


@dataclass(frozen=True)
class Greeting:
    """HELLO or WELCOME: the session, and up to where its sender has the other side's bytes."""

    id: bytes
    received: int


@dataclass(frozen=True)
class Closed:
    """The session is over, for good."""

    code: int
    text: str


def greeting(kind: int, session: bytes, received: int) -> bytes:
    """HELLO or WELCOME."""
    return _GREETING.pack(kind, session, received)


def positioned(kind: int, position: int) -> bytes:
    """DATA's head, END or ACK."""
    return _POSITION.pack(kind, position)


def closed(code: int, text: str = "") -> bytes:
    """CLOSE."""
    return bytes((CLOSE, code)) + text.encode()


def kind_of(message: bytes | memoryview) -> int:
    """The message's type."""
    if not message:
        raise ProtocolError("an empty message")
    return message[0]


def read_greeting(message: bytes | memoryview, expected: int) -> Greeting | Closed:
    """HELLO or WELCOME, whichever is ``expected``, or CLOSE in its place."""
    kind = kind_of(message)
    if kind == CLOSE:
        return read_closed(message)
    if kind != expected or len(message) != _GREETING.size:
        raise ProtocolError(f"the session begins with message {kind:#x}")
    _, session, received = _GREETING.unpack(message)
    return Greeting(session, received)


def read_position(message: bytes | memoryview) -> int:
    """The position in DATA, END or ACK."""
    if len(message) < _POSITION.size or (message[0] != DATA and len(message) > _POSITION.size):
        raise ProtocolError(f"message {message[0]:#x} has {len(message)} bytes")
    position: int = _POSITION.unpack_from(message)[1]
    return position


def read_closed(message: bytes | memoryview) -> Closed:
    """CLOSE."""
    if len(message) < 2:
        raise ProtocolError("a close without its code")
    return Closed(message[1], bytes(message[2:]).decode(errors="replace"))

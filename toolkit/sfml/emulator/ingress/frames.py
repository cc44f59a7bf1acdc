"""Which of a WebSocket's bytes are messages, and which are only pings (RFC 6455, section 5.2)."""

from __future__ import annotations

_CONTROL = 0x8
_MASKED = 0x80
_LENGTHS = {126: 2, 127: 8}
"""How many bytes of length follow the second byte of a frame with this number in it."""


class Frames:
    """Follows the frames of one direction."""

    def __init__(self) -> None:
        self._head = b""
        self._left = 0  # of the frame's content
        self._is_control = False

    def carry(self, data: bytes) -> bool:
        """Whether a message, or a part of one, is in the bytes."""
        at, found = 0, False
        while at < len(data):
            if not self._left:
                self._read_head(data[at])
                at += 1
                found = found or not self._is_control
                continue
            taken = min(self._left, len(data) - at)
            self._left -= taken
            at += taken
            found = found or not self._is_control
        return found

    def _read_head(self, byte: int) -> None:
        """Take a byte of a frame's head, and where it is whole, note what follows."""
        self._head += bytes([byte])
        self._is_control = bool(self._head[0] & _CONTROL)
        if len(self._head) == _size(self._head):
            self._left = _length(self._head)
            self._head = b""


def _size(head: bytes) -> int:
    """How long a head is that begins like this."""
    if len(head) < 2:
        return 2
    return 2 + _LENGTHS.get(head[1] & ~_MASKED, 0) + (4 if head[1] & _MASKED else 0)


def _length(head: bytes) -> int:
    short = head[1] & ~_MASKED
    return int.from_bytes(head[2 : 2 + _LENGTHS[short]]) if short in _LENGTHS else short

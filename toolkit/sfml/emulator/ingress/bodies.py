"""Where a request's body ends: what comes after it is no part of the request, and goes nowhere."""

from __future__ import annotations

from typing import Protocol

from sfml.emulator.ingress.heads import BadHeadError, Request

_LONGEST_LINE = 4096


class Body(Protocol):
    """Counts a body's bytes as they pass."""

    done: bool

    def take(self, data: bytes) -> int:
        """How many of the bytes are the body's; ``done`` afterwards tells whether it has ended."""


def body_of(request: Request) -> Body:
    """The counter for a request's body."""
    if request.get("transfer-encoding"):
        return Chunked()
    return Sized(int(request.get("content-length") or 0))


class Sized:
    """A body of a known length."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def take(self, data: bytes) -> int:
        taken = min(len(data), self._left)
        self._left -= taken
        self.done = self._left == 0
        return taken


class Chunked:
    """A body in chunks (RFC 9112, section 7.1); the last one is empty, and trailers follow it."""

    def __init__(self) -> None:
        self.done = False
        self._line = b""
        self._left = 0  # of the chunk and the line end after it
        self._last = False

    def take(self, data: bytes) -> int:
        at = 0
        while at < len(data) and not self.done:
            at = self._skip(data, at) if self._left else self._read_line(data, at)
        return at

    def _skip(self, data: bytes, at: int) -> int:
        taken = min(len(data) - at, self._left)
        self._left -= taken
        return at + taken

    def _read_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        self._line += data[at : end + 1 if end >= 0 else len(data)]
        if len(self._line) > _LONGEST_LINE:
            raise BadHeadError("a chunk's first line is too long")
        if end < 0:
            return len(data)
        line, self._line = self._line, b""
        if not line.endswith(b"\r\n"):
            raise BadHeadError("a chunk's first line is malformed")
        self._on_line(line[:-2])
        return end + 1

    def _on_line(self, line: bytes) -> None:
        if self._last:  # a trailer, or the empty line that ends it all
            self.done = not line
            return
        size = line.partition(b";")[0].strip()
        if not size or size.strip(b"0123456789abcdefABCDEF") or len(size) > 15:
            raise BadHeadError("a chunk's size is malformed")
        length = int(size, 16)
        self._last = length == 0
        self._left = length + 2 if length else 0

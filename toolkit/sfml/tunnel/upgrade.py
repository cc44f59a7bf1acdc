"""The HTTP/1.1 heads around a WebSocket (RFC 6455, section 4; RFC 9112), from bytes and to bytes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PATH = "/ssh"
"""Where a bridge serves the tunnel."""

SUBPROTOCOL = "sfml.tunnel.v1"
"""Offered by our client, chosen by our bridge; without it a message is bytes of SSH and nothing more."""
FOREIGN_SUBPROTOCOL = "binary"
"""What websockify has to be offered (and without a space before it), or it refuses a client that offers
anything; its messages are plain."""

MAX_HEAD = 32 * 1024
_END = b"\r\n\r\n"
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_REASONS = {
    101: "Switching Protocols",
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    426: "Upgrade Required",
    503: "Service Unavailable",
}


class HeadError(Exception):
    """The bytes are no HTTP/1.1 head, or one that is too long."""


@dataclass(frozen=True)
class Head:
    """The first line's three words, the headers in order, and the bytes that came after them."""

    first: tuple[str, str, str]
    headers: Sequence[tuple[str, str]]
    rest: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]

    def words(self, name: str) -> list[str]:
        """The comma-separated words of a header."""
        return [word.strip() for value in self.all(name) for word in value.split(",") if word.strip()]


def split_head(data: bytes) -> Head | None:
    """The head at the beginning of ``data``; None while it is not complete."""
    end = data.find(_END)
    if end > MAX_HEAD or (end < 0 and len(data) > MAX_HEAD):
        raise HeadError(f"more than {MAX_HEAD} bytes of headers")
    if end < 0:
        return None
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not (words[0].startswith("HTTP/1.") or words[-1].startswith("HTTP/1.")):
        raise HeadError("not HTTP/1.1")
    return Head((words[0], words[1], "".join(words[2:])), [_header(line) for line in lines], data[end + 4 :])


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip() or "\n" in line or "\r" in line or "\0" in line:
        raise HeadError("a header line without a name, or folded")
    return name.lower(), value.strip(" \t")


def request(target: str, host: str, key: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A client's upgrade request that offers the resumable subprotocol."""
    own = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", f"{SUBPROTOCOL},{FOREIGN_SUBPROTOCOL}"),
    ]
    return _head(f"GET {target} HTTP/1.1", [*own, *headers])


def accepted(key: str, subprotocol: str | None) -> bytes:
    """A server's answer that opens the WebSocket."""
    headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept(key))]
    if subprotocol:
        headers.append(("Sec-WebSocket-Protocol", subprotocol))
    return _head(f"HTTP/1.1 101 {_REASONS[101]}", headers)


def answer(status: int, text: str, *, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A plain answer, after which the connection is closed."""
    body = text.encode()
    own = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    ]
    return _head(f"HTTP/1.1 {status} {_REASONS[status]}", [*own, *headers]) + body


def accept(key: str) -> str:
    """What a server answers to a client's key."""
    digest = hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def is_key(text: str) -> bool:
    """Whether a client's key is 16 bytes in base64."""
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _head(first: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    if any("\r" in line or "\n" in line for line in lines):
        raise HeadError("a line break in a header")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")

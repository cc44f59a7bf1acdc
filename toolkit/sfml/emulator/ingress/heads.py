"""Heads of HTTP/1.1 messages, read strictly: what two programs could read differently is refused.

Bytes in, values out; no sockets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LIMIT = 64 << 10
END = b"\r\n\r\n"
# RFC 9110, section 5.6.2 (token) and 5.5 (field-value); RFC 9112, section 3 (request-target in origin form).
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_REQUEST = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([/*][\x21-\x7e\x80-\xff]*) HTTP/1\.([01])")
_STATUS = re.compile(r"HTTP/1\.[01] (\d{3})(?: ([\t\x20-\x7e\x80-\xff]*))?")

Fields = Sequence[tuple[str, str]]


class BadHeadError(Exception):
    """This is no head that may be passed on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request's head."""

    method: str
    target: str
    fields: Fields
    version: str = "HTTP/1.1"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def get(self, name: str) -> str:
        """The value of the only field of that name; '' when there is none."""
        return value(self.fields, name)

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket."""
        asked = "upgrade" in words(value(self.fields, "connection"))
        return self.method == "GET" and asked and self.get("upgrade").lower() == "websocket"


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """A response's head."""

    status: int
    reason: str
    fields: Fields


def read_request(head: bytes) -> Request:
    """The request of a head (without the empty line)."""
    first, fields = _split(head)
    match = _REQUEST.fullmatch(first)
    if match is None:
        raise BadHeadError("the request line is malformed")
    request = Request(method=match[1], target=match[2], fields=fields, version=f"HTTP/1.{match[3]}")
    _check_framing(fields)
    return request


def read_response(head: bytes) -> Response:
    """The response of a head (without the empty line)."""
    first, fields = _split(head)
    match = _STATUS.fullmatch(first)
    if match is None:
        raise BadHeadError("the status line is malformed")
    return Response(status=int(match[1]), reason=match[2] or "", fields=fields)


def write(first: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """A head with its empty line."""
    lines = "".join(f"{name}: {text}\r\n" for name, text in fields)
    return f"{first}\r\n{lines}\r\n".encode("latin-1")


def value(fields: Fields, name: str) -> str:
    """All values of that name (lower case), joined as a list."""
    return ", ".join(text for key, text in fields if key.lower() == name)


def words(text: str) -> list[str]:
    """The items of a comma-separated list, in lower case."""
    return [item.strip().lower() for item in text.split(",")]


def _split(head: bytes) -> tuple[str, Fields]:
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, tuple(map(_field, lines))


def _field(line: str) -> tuple[str, str]:
    name, colon, text = line.partition(":")
    text = text.strip(" \t")
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(text):
        raise BadHeadError("a header field is malformed")
    return name, text


def _check_framing(fields: Fields) -> None:
    names = [name.lower() for name, _ in fields]
    if any(names.count(name) > 1 for name in ("content-length", "transfer-encoding", "host")):
        raise BadHeadError("a header field that must be single is repeated")
    length, coding = value(fields, "content-length"), value(fields, "transfer-encoding")
    if (length and coding) or (length and not re.fullmatch(r"[0-9]{1,18}", length)):
        raise BadHeadError("the length of the body is ambiguous")
    if coding and coding.lower() != "chunked":
        raise BadHeadError("the body's transfer coding is not supported")

"""Heads and bodies of HTTP messages, read strictly."""

from __future__ import annotations

import pytest

from sfml.emulator.ingress.bodies import body_of
from sfml.emulator.ingress.heads import BadHeadError, read_request, read_response, write


def test_read_request__head__has_its_parts() -> None:
    request = read_request(b"GET /a?b=1 HTTP/1.1\r\nHost: x:1\r\nX-A:  1 \r\nX-A: 2")
    assert (request.method, request.target, request.path) == ("GET", "/a?b=1", "/a")
    assert request.get("x-a") == "1, 2"
    assert not request.upgrades


def test_read_request__websocket__upgrades() -> None:
    head = b"GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket"
    assert read_request(head).upgrades
    assert not read_request(head.replace(b"GET", b"POST")).upgrades


@pytest.mark.parametrize(
    "head",
    [b"", b"GET /", b"GET / HTTP/2.0", b"GET  / HTTP/1.1", b"GET http://x/ HTTP/1.1", b"GET /\x00 HTTP/1.1",
     b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nA : b", b"GET / HTTP/1.1\r\n a: b",
     b"GET / HTTP/1.1\r\nA: \x07",
     b"GET / HTTP/1.1\r\nA: b\nC: d", b"GET / HTTP/1.1\r\nHost: a\r\nhost: b",
     b"GET / HTTP/1.1\r\nContent-Length: -1", b"GET / HTTP/1.1\r\nContent-Length: 1, 1",
     b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip",
     b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"],
)  # fmt: skip
def test_read_request__malformed__is_refused(head: bytes) -> None:
    with pytest.raises(BadHeadError):
        read_request(head)


def test_write__what_was_read__is_the_same_bytes() -> None:
    head = b"HTTP/1.1 200 All right\r\nX: 1\r\nx: \xe4\r\n\r\n"
    response = read_response(head[:-4])
    assert write(f"HTTP/1.1 {response.status} {response.reason}", response.fields) == head


def body(fields: str, data: bytes, *, at_once: int) -> tuple[bytes, bool]:
    """What of the data is the body's when it comes in pieces, and whether the body has ended."""
    counter = body_of(read_request(f"POST / HTTP/1.1\r\n{fields}".encode()))
    taken = b""
    for at in range(0, len(data), at_once):
        piece = data[at : at + at_once]
        count = counter.take(piece)
        taken += piece[:count]
    return taken, counter.done


@pytest.mark.parametrize("at_once", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("fields", "whole"),
    [
        ("Content-Length: 5", b"12345"),
        ("Content-Length: 0", b""),
        ("Transfer-Encoding: chunked", b"3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"0\r\nTrailer: x\r\n\r\n"),
    ],
)
def test_body__data_after_it__is_not_taken(fields: str, whole: bytes, at_once: int) -> None:
    assert body(fields, whole + b"GET / HTTP/1.1\r\n\r\n", at_once=at_once) == (whole, True)
    if whole:
        assert body(fields, whole[:-1], at_once=at_once) == (whole[:-1], False)


@pytest.mark.parametrize("data", [b"x\r\n", b"\r\n", b"-1\r\n", b"1\nab", b"f" * 16 + b"\r\n", b"1" * 5000])
def test_body__malformed_chunk__is_refused(data: bytes) -> None:
    counter = body_of(read_request(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked"))
    with pytest.raises(BadHeadError):
        counter.take(data)

"""What passes a public endpoint, with real HTTP and WebSocket clients."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import aiohttp
import pytest

from ingress import WITHIN, Endpoint, get, over_websocket, raw, token, told

pytestmark = pytest.mark.slow

IDLE = 2.0  # that of the server in conftest.py


def test_request__body_of_any_framing__arrives_whole(admin: Any, echo: Endpoint) -> None:
    body = b"0123456789abcdef" * 100_000
    assert told(get(echo, "/", token(admin), method="POST", body=body))["body"] == body.decode()
    parts = iter([body[:70_000], body[70_000:]])
    assert told(get(echo, "/", token(admin), method="PUT", body=parts))["body"] == body.decode()


def test_request__refused_with_a_large_body__is_answered_all_the_same(echo: Endpoint) -> None:
    assert get(echo, "/", method="PUT", body=b"x" * (8 << 20))[0] == 302


def test_request__http_1_0__is_answered_without_chunks(admin: Any, echo: Endpoint) -> None:
    head = f'Host: x\r\nAuthorization: Snowflake Token="{token(admin)}"\r\n'
    assert b"chunked" in raw(echo, f"GET /stream HTTP/1.1\r\n{head}\r\n").lower()
    answer = raw(echo, f"GET /stream HTTP/1.0\r\n{head}\r\n")
    assert b"chunked" not in answer.lower()
    assert answer.endswith(b"\r\n\r\none two ")


def test_request__head_that_is_refused__has_no_content(echo: Endpoint) -> None:
    answer = raw(echo, "HEAD / HTTP/1.1\r\nHost: x\r\nAuthorization: Snowflake Token=x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 401")
    assert answer.endswith(b"\r\n\r\n")


def test_request__that_waits_to_be_asked_for_its_body__is_asked(admin: Any, echo: Endpoint) -> None:
    head = f'Host: x\r\nAuthorization: Snowflake Token="{token(admin)}"\r\nContent-Length: 2\r\n'
    with socket.create_connection(("127.0.0.1", echo.port_of_ingress), timeout=WITHIN) as connection:
        connection.sendall(f"PUT / HTTP/1.1\r\n{head}Expect: 100-continue\r\n\r\n".encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(b"ok")
        found = b""
        while data := connection.recv(65536):
            found += data
    assert found.startswith(b"HTTP/1.1 200")


def test_answer__service_with_integrations__may_load_from_their_hosts(admin: Any, echo: Endpoint) -> None:
    cursor = admin.cursor()
    cursor.execute(
        "create network rule out type = HOST_PORT mode = EGRESS value_list = ('example.com', 'x.org:8443')"
    )
    cursor.execute("create external access integration out allowed_network_rules = (out) enabled = true")
    cursor.execute("alter service echo set external_access_integrations = (out)")
    policy = get(echo, "/", token(admin))[1]["Content-Security-Policy"]
    assert "https://example.com" in policy
    assert "connect-src 'self' http://example.com https://example.com http://x.org:8443" in policy
    cursor.execute("alter service echo unset external_access_integrations")
    assert "example.com" not in get(echo, "/", token(admin))[1]["Content-Security-Policy"]


def test_answer__header_fields__are_scrubbed_and_secured(admin: Any, echo: Endpoint) -> None:
    _, headers, _ = get(echo, "/", token(admin))
    assert headers["X-Own"] == "kept"
    for gone in ("Server", "X-Powered-By", "Access-Control-Allow-Origin"):
        assert gone not in headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Embedder-Policy"] == "credentialless"
    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_answer__executable_content__is_held_back(admin: Any, echo: Endpoint) -> None:
    assert get(echo, "/script", token(admin))[0] == 403


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_request__method_that_is_not_forwarded__is_refused(admin: Any, echo: Endpoint, method: str) -> None:
    assert get(echo, "/", token(admin), method=method)[0] == 405


def test_request__second_one_behind_the_first__goes_nowhere(admin: Any, echo: Endpoint) -> None:
    head = f'Host: x\r\nAuthorization: Snowflake Token="{token(admin)}"\r\n'
    forged = "GET /forged HTTP/1.1\r\nHost: x\r\nSf-Context-Current-User: BOSS\r\n\r\n"
    for first in (f"POST /a HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\nok", f"GET /a HTTP/1.1\r\n{head}\r\n"):
        answer = raw(echo, first + forged)
        assert answer.count(b"HTTP/1.1 200") == 1
        assert b"/forged" not in answer
        assert b"BOSS" not in answer


@pytest.mark.parametrize(
    "lines",
    ["Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 3",
     "Transfer-Encoding: chunked, identity", "Content-Length: +2", "Bad Name: x", "X: a\r\n folded",
     "X: a\x00b"],
)  # fmt: skip
def test_request__head_that_could_be_read_in_two_ways__is_refused(
    admin: Any, echo: Endpoint, lines: str
) -> None:
    head = f'POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Snowflake Token="{token(admin)}"\r\n'
    assert raw(echo, f"{head}{lines}\r\n\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_websocket__messages_of_all_sizes__come_back_as_they_were(admin: Any, echo: Endpoint) -> None:
    sizes = (0, 1, 125, 126, 65_536, 8 << 20)

    async def talk(opened: Any) -> list[Any]:
        found = [await opened.receive_str()]
        for size in sizes:
            await opened.send_bytes(b"x" * size)
            found.append(len(await opened.receive_bytes()))
        return found

    assert over_websocket(echo, token(admin), talk) == ["LOCAL", *sizes]


def test_websocket__silent_for_the_idle_limit__is_cut(admin: Any, echo: Endpoint) -> None:
    async def talk(opened: Any) -> tuple[float, Any]:
        await opened.receive_str()
        for _ in range(3):  # a message now and then keeps it
            await asyncio.sleep(IDLE / 2)
            await opened.send_str("x")
            await opened.receive_str()
        began = time.monotonic()
        message = await opened.receive(timeout=WITHIN)
        return time.monotonic() - began, message.type

    waited, kind = over_websocket(echo, token(admin), talk)
    assert kind in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)
    assert waited > IDLE * 0.8

"""What the bridge lets in, and what it answers to everything else, without a word to sshd."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tunnels import Bridge, EchoTarget, TalkingTarget, bridge, client, exchange, wait_until

KEY = base64.b64encode(bytes(16)).decode()
UPGRADE = (
    f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
)
ANA = "Sf-Context-Current-User: ANA\r\n"


@pytest.fixture
def door(echo: EchoTarget) -> Iterator[Bridge]:
    with bridge(echo.port, "--owner", "ANA") as server:
        yield server


def ask(server: Bridge, text: str) -> bytes:
    """Everything that is answered to a request."""
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall(text.encode("latin-1"))
        connection.settimeout(10)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.startswith(b"HTTP/1.1 101"):
            data = connection.recv(4096)
            if not data:
                break
            answer += data
        return answer


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /healthz HTTP/1.1\r\n", 200),
        ("POST /healthz HTTP/1.1\r\n", 405),
        (f"GET /healthz HTTP/1.1\r\n{ANA}", 200),
        ("GET /healthz HTTP/1.1\r\nSf-Context-Current-User: EVE\r\n", 403),
        ("GET /activity HTTP/1.1\r\nSf-Context-Current-User: EVE\r\n", 403),
        (f"GET /activity HTTP/1.1\r\n{ANA}", 404),
        (f"GET /ssh HTTP/1.1\r\n{ANA}", 426),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}Sf-Context-Current-User: EVE\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}Sf-Context-Current-User: ana\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}Sf_Context_Current_User: ANA\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{ANA}Sf-Context-Current-User: EVE\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}Sf-Context-Current-User: EVE\r\n{ANA}", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{ANA}Origin: https://example.org\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{ANA}Transfer-Encoding: chunked\r\n", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{ANA}Content-Length: 5\r\n", 400),
        (f"GET /ssh HTTP/1.0\r\n{UPGRADE}{ANA}", 400),
        (f"POST /ssh HTTP/1.1\r\n{UPGRADE}{ANA}", 405),
        (f"GET /ssh/ HTTP/1.1\r\n{UPGRADE}{ANA}", 404),
        (f"GET //ssh HTTP/1.1\r\n{UPGRADE}{ANA}", 404),
        (f"GET /%73sh HTTP/1.1\r\n{UPGRADE}{ANA}", 404),
        (f"GET /healthz/../ssh HTTP/1.1\r\n{UPGRADE}{ANA}", 404),
        (f"GET http://127.0.0.1:22/ssh HTTP/1.1\r\n{UPGRADE}{ANA}", 404),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE.replace('13', '8')}{ANA}", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE.replace(KEY, 'short')}{ANA}", 400),
        (f"GET /ssh HTTP/1.1\r\n{ANA}Upgrade: h2c\r\nConnection: Upgrade\r\n", 426),
        ("nonsense\r\n", 400),
    ],
)
def test_bridge__request__is_answered_without_sshd(
    door: Bridge, echo: EchoTarget, request_text: str, status: int
) -> None:
    answer = ask(door, f"{request_text}\r\n")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert echo.connections == 0


def test_bridge__owner__is_let_in(door: Bridge, echo: EchoTarget) -> None:
    answer = ask(door, f"GET /ssh?from=here HTTP/1.1\r\n{UPGRADE}{ANA}\r\n")
    assert answer.startswith(b"HTTP/1.1 101 ")
    wait_until(lambda: echo.connections == 1)


def test_bridge__resumable_without_a_hello__does_not_reach_sshd(door: Bridge, echo: EchoTarget) -> None:
    ask(door, f"GET /ssh HTTP/1.1\r\n{UPGRADE}{ANA}Sec-WebSocket-Protocol: sfml.tunnel.v1\r\n\r\n")
    answer = ask(door, "GET /activity HTTP/1.1\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["bytes"] == 0
    assert echo.connections == 0


def test_host_key__owner__gets_it_and_nobody_else(echo: EchoTarget, tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text("ssh-ed25519 AAAA box\n")
    with bridge(echo.port, "--owner", "ANA", "--host-key", str(key)) as server:
        assert ask(server, f"GET /host-key HTTP/1.1\r\n{ANA}\r\n").endswith(b"\r\n\r\nssh-ed25519 AAAA box\n")
        assert ask(server, "GET /host-key HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403")
        key.unlink()
        assert ask(server, f"GET /host-key HTTP/1.1\r\n{ANA}\r\n").startswith(b"HTTP/1.1 404")


def test_bridge__no_owner_named__does_not_start() -> None:
    with pytest.raises(AssertionError), bridge(1, "--limit", "3"):
        pass


def test_bridge__a_thousand_requests_and_connects__leave_nothing(echo: EchoTarget) -> None:
    with bridge(echo.port) as server:
        before = server.open_files()
        for _ in range(1000):
            assert ask(server, "GET /ssh HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 426")
        assert echo.connections == 0
        for _ in range(1000):
            assert ask(server, f"GET /ssh HTTP/1.1\r\n{UPGRADE}\r\n").startswith(b"HTTP/1.1 101")
        wait_until(lambda: server.open_files() == before and echo.open == 0)


def test_bridge__foreign_client_without_our_subprotocol__gets_plain_frames(echo: EchoTarget) -> None:
    async def talk(url: str) -> bytes:
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as websocket:
            await websocket.send_bytes(b"a" * 300_000)  # masked with a real key, unlike our own
            got = b""
            while len(got) < 300_000 + len(echo.GREETING):
                got += (await websocket.receive(timeout=120)).data
            return got

    with bridge(echo.port) as server:
        assert asyncio.run(talk(server.url)) == echo.GREETING + b"a" * 300_000
        wait_until(lambda: echo.open == 0)


def test_bridge__foreign_client_only_listens__is_asked_for_signs_of_life() -> None:
    async def listen(url: str) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(url, autoping=False) as websocket:
            while (await websocket.receive(timeout=120)).type is not aiohttp.WSMsgType.PING:
                continue  # bytes, all the time: the bridge has no need to speak

    talking = TalkingTarget(pause=0.01)
    with bridge(talking.port, "--any-user", "--heartbeat", "0.5") as server:
        asyncio.run(listen(server.url))
    talking.close()


FOREIGN = """
import asyncio, sys
from aiohttp import web

async def serve(request):
    websocket = web.WebSocketResponse()
    await websocket.prepare(request)
    await websocket.send_bytes(b"SSH-2.0-foreign")
    async for message in websocket:
        await websocket.send_bytes(message.data)
        if message.data.endswith(b"bye"):
            await websocket.close()
        if message.data.endswith(b"die"):
            request.transport.abort()
    return websocket

async def main():
    app = web.Application()
    app.router.add_get("/ssh", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
def foreign() -> Iterator[str]:
    """The address of a server that knows nothing of our messages."""
    process = subprocess.Popen([sys.executable, "-c", FOREIGN], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/ssh"
    finally:
        process.kill()
        process.communicate()


def test_client__foreign_bridge__speaks_plain_frames(foreign: str) -> None:
    data = bytes(3 << 20) + b"bye"
    with client(foreign) as ours:
        assert exchange(ours, data) == b"SSH-2.0-foreign" + data
        assert ours.returncode == 0


def test_client__foreign_bridge_s_connection_breaks__says_that_it_cannot_go_on(foreign: str) -> None:
    with client(foreign) as ours:
        assert ours.stdin
        ours.stdin.write(b"die")
        ours.stdin.flush()
        ours.wait(120)
        _, errors = ours.communicate(timeout=120)
    assert ours.returncode == 255
    assert b"a bridge of another kind than sfml's cannot take it up again" in errors

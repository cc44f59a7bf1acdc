"""A service's public endpoint, and the clients that tests ask it with."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import random
import socket
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

WITHIN = 60.0
PROGRAM = Path(__file__).with_name("echo_service.py")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One public endpoint of a service."""

    service: str
    url: str  # host and port, as SHOW ENDPOINTS has it
    port: int

    @property
    def port_of_ingress(self) -> int:
        return int(self.url.rpartition(":")[2])


def free_port() -> int:
    """One that no outgoing connection can take while the service is suspended."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def until_answered(admin: Any, endpoint: Endpoint) -> None:
    """Wait for the service to be ready; a failure says how it stands."""
    deadline = time.monotonic() + WITHIN
    while (answer := get(endpoint, "/", token(admin)))[0] != 200:
        if time.monotonic() > deadline:
            text = f"call system$get_service_logs('{endpoint.service}', 0, 'main', 100)"
            pytest.fail(f"{answer[2]!r}\n{admin.cursor().execute(text).fetchone()[0]}")
        time.sleep(0.2)


def token(connection: Any) -> str:
    return str(connection.rest.token)


def get(
    endpoint: Endpoint, target: str, secret: str = "", *, method: str = "GET", body: Any = None, **fields: str
) -> tuple[int, Any, bytes]:
    """Status, header fields and content of an answer."""
    headers = {name.replace("_", "-"): text for name, text in fields.items()}
    if secret:
        headers["Authorization"] = f'Snowflake Token="{secret}"'
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port_of_ingress, timeout=WITHIN)
    try:
        connection.request(method, target, body=body, headers=headers, encode_chunked=body is not None)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def raw(endpoint: Endpoint, request: str) -> bytes:
    """What comes back for these bytes, until the ingress hangs up."""
    with socket.create_connection(("127.0.0.1", endpoint.port_of_ingress), timeout=WITHIN) as connection:
        connection.sendall(request.encode("latin-1"))
        found = b""
        while data := connection.recv(65536):
            found += data
    return found


def told(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    assert answer[0] == 200, answer
    found: dict[str, Any] = json.loads(answer[2])
    return found


def headers_of(answer: tuple[int, Any, bytes]) -> dict[str, str]:
    return {name.lower(): value for name, value in told(answer)["headers"]}


def exchange(admin: Any, **form: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(admin.host, admin.port, timeout=WITHIN)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/oauth/token", urllib.parse.urlencode(form), kind)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def over_websocket(endpoint: Endpoint, secret: str, talk: Callable[[Any], Any]) -> Any:
    async def run() -> Any:
        headers = {"Authorization": f'Snowflake Token="{secret}"'}
        url = f"http://127.0.0.1:{endpoint.port_of_ingress}/ws"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, headers=headers, max_msg_size=0, autoclose=False) as opened,
        ):
            return await talk(opened)

    return asyncio.run(run())

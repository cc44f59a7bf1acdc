"""Ways to a box for somebody who may not enter it: through the real ingress to the bridge, and no further.

sshd's place is taken by a program that counts who comes; nobody may.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingress import WITHIN, Endpoint, free_port, headers_of, raw, token, told
from local_backend import LocalBackend
from tunnels import EchoTarget

pytestmark = pytest.mark.slow

TOOLKIT = Path(__file__).parents[3] / "toolkit"
KEY = base64.b64encode(bytes(16)).decode()
UPGRADE = (
    f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n"
)
MINE, HERS = "MINE", "HERS"  # stand for the tokens of the box's owner, and of another user of the service
OWNER = "Sf-Context-Current-User: LOCAL\r\n"


@dataclass(frozen=True, kw_only=True)
class Box:
    """A service with a bridge; ``sshd`` counts the connections that come through it."""

    endpoint: Endpoint
    sshd: EchoTarget
    mine: str
    hers: str

    def ask(self, text: str) -> bytes:
        """What is answered to these bytes, with the tokens in their places."""
        for name, secret in ((MINE, self.mine), (HERS, self.hers)):
            text = text.replace(f"Token={name}", f'Token="{secret}"')
        return raw(self.endpoint, text)


@pytest.fixture(scope="module")
def box(admin: Any, server: LocalBackend, echo: Endpoint) -> Iterator[Box]:
    from snowflake.connector import connect

    sshd, cursor, name = EchoTarget(), admin.cursor(), f"EVE_{uuid.uuid4().hex[:8].upper()}"
    endpoint = _service(cursor, sshd.port)
    cursor.execute(f"create user {name} password = 'secret-{name}' default_role = {name}")
    cursor.execute(f"create role {name}")
    cursor.execute(f"grant role {name} to user {name}")
    cursor.execute(f"grant service role box!all_endpoints_usage to role {name}")
    form = {"session_parameters": {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "json"}}
    with connect(**server.parameters(user=name, password=f"secret-{name}", role=name, **form)) as her:
        made = Box(endpoint=endpoint, sshd=sshd, mine=token(admin), hers=token(her))
        _wait(made)
        yield made
    cursor.execute("drop service box")
    sshd.close()


def _service(cursor: Any, ssh_port: int) -> Endpoint:
    port = free_port()
    command = [sys.executable, "-m", "sfml.tunnel.bridge", "--port", str(port), "--owner", "LOCAL",
               "--ssh-port", str(ssh_port)]  # fmt: skip
    container = {"name": "main", "image": "/local/public/repo/app:1", "command": command,
                 "env": {"PYTHONPATH": str(TOOLKIT)}}  # fmt: skip
    endpoints = [{"name": "ssh", "port": port, "public": True}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}})
    cursor.execute(f"create service box in compute pool ingress_pool from specification $${text}$$")
    cursor.execute("show endpoints in service box")
    return Endpoint(service="BOX", url=cursor.fetchone()[5], port=port)


def _wait(box: Box) -> None:
    deadline = time.monotonic() + WITHIN
    while not box.ask(f"GET /healthz HTTP/1.1\r\nHost: x\r\n{auth(MINE)}\r\n").startswith(b"HTTP/1.1 200"):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def auth(name: str) -> str:
    return f"Authorization: Snowflake Token={name}\r\n"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}", 302),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{OWNER}", 302),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth('nonsense')}", 401),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}", 403),
        # Two identities: whichever the ingress took, the other one must not come of it.
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}{auth(MINE)}", 401),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}{auth(HERS)}", 401),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}Authorization: Basic eDp5\r\n{auth(MINE)}", 302),
        # The name of the owner in every spelling.
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}{OWNER}", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}SF-CONTEXT-CURRENT-USER: LOCAL\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}Sf_Context_Current_User: LOCAL\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}sf-context_Current-user: LOCAL\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}Sf-Context-Current-User : LOCAL\r\n", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}X: a\r\n Sf-Context-Current-User: LOCAL\r\n", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}X: a\nSf-Context-Current-User: LOCAL\r\n", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}X: a\rSf-Context-Current-User: LOCAL\r\n", 400),
        # Fields that a proxy takes away because the client lists them.
        (f"GET /ssh HTTP/1.1\r\nConnection: Sf-Context-Current-User\r\n{UPGRADE}{auth(HERS)}{OWNER}", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}Connection: Authorization\r\n{auth(HERS)}", 403),
        # Other ways to write the path; the bridge knows one.
        (f"GET /%73sh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 404),
        (f"GET //ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 404),
        (f"GET /ssh/ HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 404),
        (f"GET /ssh/../ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 404),
        (f"GET /healthz/..%2fssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}", 403),
        (f"GET /sfc-endpoint/../ssh HTTP/1.1\r\n{UPGRADE}{auth(HERS)}", 404),
        (f"GET http://127.0.0.1:22/ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 400),
        (f"GET ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 400),
        (f"GET /ssh\t HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 400),
        (f"GET /ssh HTTP/1.1 x\r\n{UPGRADE}{auth(MINE)}", 400),
        (f"CONNECT 127.0.0.1:22 HTTP/1.1\r\n{auth(MINE)}", 400),
        (f"CONNECT /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 405),
        # Bodies that two programs would read differently.
        (f"POST /ssh HTTP/1.1\r\n{auth(HERS)}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
        (f"POST /ssh HTTP/1.1\r\n{auth(HERS)}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", 400),
        (f"POST /ssh HTTP/1.1\r\n{auth(HERS)}Transfer-Encoding: \x0bchunked\r\n", 400),
        (f"POST /ssh HTTP/1.1\r\n{auth(HERS)}Transfer_Encoding: chunked\r\n", 403),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}Content-Length: 5\r\n", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}Transfer-Encoding: chunked\r\n", 400),
        # Other protocols, and other WebSockets.
        ("PRI * HTTP/2.0\r\n", 400),
        (f"GET /ssh HTTP/1.1\r\n{auth(MINE)}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", 426),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE.replace('13', '8')}{auth(MINE)}", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE.replace('13', '13, 8')}{auth(MINE)}", 400),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE.replace('websocket', 'websocket, h2c')}{auth(MINE)}", 426),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}Origin: http://evil.example\r\n", 403),
        (f"POST /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}", 405),
        (f"GET /ssh HTTP/1.1\r\n{UPGRADE}{auth(MINE)}X: {'x' * 70_000}\r\n", 400),
    ],
)
def test_box__request_that_may_not_enter__does_not_reach_sshd(box: Box, text: str, status: int) -> None:
    before = box.sshd.connections
    answer = box.ask(text.replace(" HTTP/1.1\r\n", " HTTP/1.1\r\nHost: x\r\n", 1) + "\r\n")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:300]
    assert box.sshd.connections == before


def test_box__head_that_the_ingress_takes_and_the_bridge_does_not__is_refused(box: Box) -> None:
    before = box.sshd.connections
    answer = box.ask(f"GET /ssh HTTP/1.1\r\nHost: x\r\n{UPGRADE}{auth(MINE)}X: {'x' * 40_000}\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 101 "), answer[:300]
    assert box.sshd.connections == before


def test_box__request_behind_a_refused_websocket__goes_nowhere(box: Box) -> None:
    before = box.sshd.connections
    second = f"GET /ssh HTTP/1.1\r\nHost: x\r\n{UPGRADE}{OWNER}\r\n"
    answer = box.ask(f"GET /ssh HTTP/1.1\r\nHost: x\r\n{UPGRADE}{auth(HERS)}\r\n{second}")
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert box.sshd.connections == before


def test_box__owner__is_let_in(box: Box) -> None:
    """What all the others are refused for is not that nobody comes in."""
    before = box.sshd.connections
    data = f"GET /ssh HTTP/1.1\r\nHost: x\r\n{UPGRADE}Authorization: Snowflake Token={box.mine}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", box.endpoint.port_of_ingress), WITHIN) as connection:
        connection.sendall(data.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
        deadline = time.monotonic() + WITHIN
        while box.sshd.connections == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_container__fields_of_the_client_about_itself__do_not_arrive(box: Box, echo: Endpoint) -> None:
    forged = "".join(
        f"{name}: BOSS\r\n"
        for name in ("sf-context-current-user", "SF_CONTEXT_CURRENT_USER", "Sf-Context-Current-User-Email",
                     "sf_context-current-user-token", "X-SF-SPCS-Authorization", "x_sf_spcs_authorization")
    )  # fmt: skip
    text = f'GET / HTTP/1.1\r\nHost: x\r\n{forged}Authorization: Snowflake Token="{box.mine}"\r\n\r\n'
    head, _, body = raw(echo, text).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"BOSS" not in body
    assert headers_of((200, None, body))["sf-context-current-user"] == "LOCAL"
    assert [name for name, _ in told((200, None, body))["headers"]].count("Sf-Context-Current-User") == 1
    assert box.mine.encode() not in body

"""Public endpoints that speak TLS with the local backend's own authority."""

from __future__ import annotations

import json
import random
import socket
import ssl
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_backend import LocalBackend, start
from tunnels import EchoTarget, client, exchange

pytestmark = pytest.mark.slow

WITHIN = 60.0
TOOLKIT = Path(__file__).parents[3] / "toolkit"


@dataclass(frozen=True)
class Box:
    """A service with a bridge, its address, and a token for it."""

    backend: LocalBackend
    url: str
    token: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def authority(self) -> Path:
        return self.backend.state / "ca.pem"


@pytest.fixture(scope="module")
def target() -> Iterator[EchoTarget]:
    found = EchoTarget()
    yield found
    found.close()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, target: EchoTarget) -> Iterator[Box]:
    from snowflake.connector import connect

    backend = start(tmp_path_factory.mktemp("tls") / "state", "--ingress-tls", "--executor", "process")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "sfml.tunnel.bridge", "--port", str(port), "--owner", "LOCAL",
               "--ssh-port", str(target.port)]  # fmt: skip
    container = {"name": "main", "image": "/local/public/repo/app:1", "command": command,
                 "env": {"PYTHONPATH": str(TOOLKIT)}}  # fmt: skip
    endpoints = [{"name": "ssh", "port": port, "public": True}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}})
    with connect(**backend.parameters()) as connection:
        cursor = connection.cursor()
        cursor.execute("create compute pool p min_nodes=1 max_nodes=1 instance_family=CPU_X64_XS")
        cursor.execute("create image repository repo")
        cursor.execute(f"create service box in compute pool p from specification $${text}$$")
        url = cursor.execute("show endpoints in service box").fetchone()[5]
        token = cursor.execute("alter user local add programmatic access token t").fetchone()[1]
    made = Box(backend, url, token)
    deadline = time.monotonic() + WITHIN
    while asked(made, "127.0.0.1") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield made
    assert backend.stop() == 0


def asked(box: Box, name: str, authority: Path | None = None) -> int:
    """The status of a request under this name, with the authority trusted."""
    context = ssl.create_default_context(cafile=authority or box.authority)
    with (
        socket.create_connection(("127.0.0.1", box.port), WITHIN) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        lines = [f"GET /healthz HTTP/1.1\r\nHost: {name}", f'Authorization: Snowflake Token="{box.token}"']
        secure.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(secure.recv(4096).split(b" ")[1])


def test_endpoint__authority_trusted__answers_under_its_names(box: Box) -> None:
    assert box.url.startswith("https://")
    for name in ("127.0.0.1", "localhost"):
        assert asked(box, name) == 200
    host = box.url.removeprefix("https://").partition(":")[0]
    assert asked(box, host) == 200


def test_endpoint__another_name_or_authority__is_not_trusted(box: Box) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        asked(box, "box.example")
    plain = ssl.create_default_context()
    with (
        pytest.raises(ssl.SSLCertVerificationError),
        socket.create_connection(("127.0.0.1", box.port), WITHIN) as connection,
    ):
        plain.wrap_socket(connection, server_hostname="localhost")


def test_authority__its_key__is_its_owners_alone(box: Box) -> None:
    assert stat.S_IMODE((box.backend.state / "ca.key").stat().st_mode) == 0o600


PROXY = """
import os, sys
from sfml.tunnel.client import Client
from sfml.tunnel.command import carry
from sfml.tunnel.dial import Place
token = os.environ["BOX_TOKEN"]
headers = [("Authorization", f'Snowflake Token="{token}"')]
raise SystemExit(carry(Client(Place(url=sys.argv[1] + "/ssh"), lambda _: headers)))
"""


def test_tunnel__through_tls__carries_the_bytes(box: Box) -> None:
    data = random.Random(3).randbytes(5 << 20)
    program = [sys.executable, "-c", PROXY, f"https://localhost:{box.port}"]
    with client("", command=program, SSL_CERT_FILE=str(box.authority), BOX_TOKEN=box.token) as process:
        answer = exchange(process, data)
    assert answer == EchoTarget.GREETING + data

"""Requests that no client sends: always an answer in the protocol's form, never a 5xx."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import socket
from typing import Any

import pytest

from local_backend import LocalBackend


def send(
    backend: LocalBackend,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    endpoint = backend.endpoint
    connection = http.client.HTTPConnection(endpoint["host"], endpoint["port"], timeout=120)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def authorized(connection: Any) -> dict[str, str]:
    return {"Authorization": f'Snowflake Token="{connection.rest.token}"'}


POSTS = [
    "/session/v1/login-request",
    "/session/token-request",
    "/session/heartbeat",
    "/session?delete=true",
    "/queries/v1/query-request?requestId=1",
    "/queries/v1/abort-request",
    "/queries/x/abort-request",
    "/telemetry/send",
]


@pytest.mark.parametrize("path", POSTS)
def test_random_bytes__everywhere__an_answer_and_no_5xx(
    backend: LocalBackend, connect: Any, path: str
) -> None:
    generator = random.Random(path)
    headers = authorized(connect())
    for encoding in ("", "gzip", "br"):
        for size in (1, 100, 10_000):
            body = generator.randbytes(size)
            status, text = send(backend, "POST", path, body, {**headers, "Content-Encoding": encoding})
            assert status == 200
            assert isinstance(json.loads(text)["success"], bool)


@pytest.mark.parametrize("value", [None, "x", 7, [], {"data": 1}, {"data": {"LOGIN_NAME": {"a": 1}}}])
@pytest.mark.parametrize("path", POSTS[:6])
def test_json_of_another_shape__everywhere__an_answer(
    backend: LocalBackend, connect: Any, path: str, value: object
) -> None:
    headers = authorized(connect())
    status, text = send(backend, "POST", path, json.dumps(value).encode(), headers)
    assert status == 200
    assert isinstance(json.loads(text)["success"], bool)


@pytest.mark.parametrize("token", ["", "x", "Snowflake Token=", 'Snowflake Token="wrong"', "Bearer x"])
def test_token__wrong__session_is_gone(backend: LocalBackend, token: str) -> None:
    body = json.dumps({"sqlText": "select 1"}).encode()
    status, text = send(backend, "POST", "/queries/v1/query-request", body, {"Authorization": token})
    assert (status, json.loads(text)["code"]) == (200, "390111")


def test_path__unknown__404(backend: LocalBackend) -> None:
    assert send(backend, "GET", "/api/v1/databases")[0] == 404
    assert send(backend, "POST", "/no/such/path", b"{}")[0] == 404


def test_body__gzip_bomb__refused(backend: LocalBackend, connect: Any) -> None:
    bomb = gzip.compress(b" " * (600 << 20), compresslevel=1)
    headers = {**authorized(connect()), "Content-Encoding": "gzip"}
    status, text = send(backend, "POST", "/queries/v1/query-request", bomb, headers)
    assert (status, json.loads(text)["code"]) == (200, "390400")


def test_body__larger_than_any_statement__refused_and_the_server_lives(
    backend: LocalBackend, connect: Any
) -> None:
    body = b"x" * (129 << 20)
    status, text = send(backend, "POST", "/queries/v1/query-request", body, authorized(connect()))
    assert (status, json.loads(text)["success"]) == (200, False)
    assert connect().is_valid()


def test_not_http__bytes_on_the_socket__the_server_lives(backend: LocalBackend, connect: Any) -> None:
    endpoint = backend.endpoint
    for _ in range(20):
        with socket.create_connection((endpoint["host"], endpoint["port"]), timeout=120) as stream:
            stream.sendall(os.urandom(2000))
    assert connect().is_valid()


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/fs/1/a.txt",
        "/fs/1/a.txt?signature=0&expires=9999999999&op=UPLOAD&overwrite=1",
        "/fs/1/..%2f..%2fcatalog.sqlite",
        "/fs/x/y",
        "/fs/99999999999999999999/y",
    ],
)
def test_file__without_a_good_signature__refused(backend: LocalBackend, method: str, path: str) -> None:
    status, text = send(backend, method, path, b"x")
    assert status in (403, 404)
    assert b"SQLite" not in text


def test_client__that_hangs_up_in_the_middle_of_an_upload__nothing_is_stored(
    backend: LocalBackend, connection: Any, tmp_path: Any
) -> None:
    cursor = connection.cursor()
    cursor.execute("create stage s")
    (tmp_path / "half.bin").write_bytes(b"x")
    answer = cursor._execute_helper(f"put 'file://{tmp_path}/half.bin' @s auto_compress = false")
    url = answer["data"]["stageInfo"]["presignedUrl"]
    path = url.removeprefix(backend.url)
    endpoint = backend.endpoint
    with socket.create_connection((endpoint["host"], endpoint["port"]), timeout=120) as stream:
        head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        stream.sendall(head.encode() + b"x" * 500_000)
    assert cursor.execute("list @s").fetchall() == []
    incoming = backend.state / "stages" / ".incoming"
    for _ in range(200):
        if not list(incoming.iterdir()):
            break
        cursor.execute("select 1")
    assert list(incoming.iterdir()) == []

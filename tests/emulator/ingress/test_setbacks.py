"""An ingress that fails as Snowflake's may: new endpoints that spread, failures that pass, ignored pings."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ingress import PROGRAM, WITHIN, Endpoint, free_port, get, over_websocket, token
from local_backend import LocalBackend, start

pytestmark = pytest.mark.slow

SETBACKS = (500, 503, 504)


def connected(backend: LocalBackend) -> Any:
    from snowflake.connector import connect

    parameters = {"session_parameters": {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "json"}}
    return connect(**backend.parameters(**parameters))


@pytest.fixture(scope="module")
def spreading(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Endpoint, tuple[int, Any, bytes]]:
    """The state of a server whose endpoint is never found, and what it answered."""
    backend, port = (
        start(tmp_path_factory.mktemp("setbacks") / "state", "--ingress-spreading", "3600"),
        free_port(),
    )
    container = {"name": "main", "image": "/local/public/repo/app:1",
                 "command": [sys.executable, str(PROGRAM), str(port)]}  # fmt: skip
    endpoints = [{"name": "web", "port": port, "public": True}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}})
    with connected(backend) as connection:
        cursor = connection.cursor()
        cursor.execute("create compute pool p min_nodes=1 max_nodes=1 instance_family=CPU_X64_XS")
        cursor.execute("create image repository repo")
        cursor.execute(f"create service echo in compute pool p from specification $${text}$$")
        url = cursor.execute("show endpoints in service echo").fetchone()[5]
        endpoint = Endpoint(service="ECHO", url=url, port=port)
        answer = get(endpoint, "/", token(connection))
    assert backend.stop() == 0
    return backend.state, endpoint, answer


@pytest.fixture(scope="module")
def failing(spreading: tuple[Path, Endpoint, Any]) -> Iterator[tuple[Endpoint, str]]:
    """The same endpoint and a token, where each third request fails, and pings are no activity."""
    options = ("--ingress-fail-every", "3", "--ingress-ignore-pings", "--ingress-idle", "5")
    backend = start(spreading[0], *options)
    connection = connected(backend)
    connection.cursor().execute("show endpoints in service echo")  # answered once they listen
    endpoint, secret = spreading[1], token(connection)
    deadline = time.monotonic() + WITHIN
    while get(endpoint, "/", secret)[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield endpoint, secret
    connection.close()
    assert backend.stop() == 0


def test_endpoint__still_spreading__is_not_found_by_those_who_may(
    spreading: tuple[Path, Endpoint, Any],
) -> None:
    status, _, body = spreading[2]
    assert status == 403
    assert "could not find service" in json.loads(body)["detail"]


def test_endpoint__each_third_request_fails__the_others_pass(failing: tuple[Endpoint, str]) -> None:
    endpoint, secret = failing
    found = [get(endpoint, "/", secret)[0] for _ in range(9)]
    assert sorted(status for status in found if status != 200) == list(SETBACKS)


def test_websocket__pings_alone__are_no_activity(failing: tuple[Endpoint, str]) -> None:
    endpoint, secret = failing

    async def talk(opened: Any) -> Any:
        await opened.receive_str()
        async with asyncio.timeout(WITHIN):
            with contextlib.suppress(ConnectionError):
                while not opened.closed:
                    await opened.ping()
                    with contextlib.suppress(TimeoutError):
                        return (await opened.receive(timeout=0.2)).type
        return aiohttp.WSMsgType.CLOSED

    def once_it_opens() -> Any:
        try:
            return over_websocket(endpoint, secret, talk)
        except aiohttp.WSServerHandshakeError:  # one in three
            return over_websocket(endpoint, secret, talk)

    assert once_it_opens() in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)

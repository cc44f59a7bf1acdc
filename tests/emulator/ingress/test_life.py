"""A public endpoint while its service comes, sleeps and goes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ingress import (
    PROGRAM,
    WITHIN,
    Endpoint,
    exchange,
    free_port,
    get,
    over_websocket,
    token,
    until_answered,
)
from local_backend import start

pytestmark = pytest.mark.slow


def test_service__suspended__resumes_on_a_request(admin: Any, echo: Endpoint) -> None:
    cursor = admin.cursor()
    cursor.execute("alter service echo suspend")
    status, _, body = get(echo, "/", token(admin))
    text = "Service ECHO not reachable: no service hosts found."
    assert (status, json.loads(body)["detail"]) == (503, text)
    until_answered(admin, echo)
    cursor.execute("alter service echo set auto_resume = false")
    cursor.execute("alter service echo suspend")
    assert get(echo, "/", token(admin))[0] == 503
    cursor.execute("show services like 'echo'")
    assert cursor.fetchone()[1] in ("SUSPENDING", "SUSPENDED")
    cursor.execute("alter service echo resume")
    until_answered(admin, echo)


def test_service__dropped_and_made_again__has_another_address(admin: Any, echo: Endpoint) -> None:
    cursor = admin.cursor()
    container = {"name": "main", "image": "/local/public/repo/app:1", "command": ["sleep", "60"]}
    endpoints = [{"name": "web", "port": 9, "public": True}, {"name": "in", "port": 10}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}})
    addresses = []
    for _ in range(2):
        cursor.execute(f"create service other in compute pool ingress_pool from specification $${text}$$")
        first, second = cursor.execute("show endpoints in service other").fetchall()
        addresses.append(first[5])
        assert second[5] is None
        cursor.execute("drop service other")
    assert addresses[0] != addresses[1]
    gone = Endpoint(service="OTHER", url=addresses[0], port=9)
    assert get(gone, "/", token(admin))[0] == 404


def test_address__provisioned_and_after_a_restart__is_a_sentence_and_then_the_same(tmp_path: Path) -> None:
    from snowflake.connector import connect

    options = ("--ingress-provisioning", "3", "--ingress-token-lifetime", "3", "--ingress-cut-expired")
    first, port = start(tmp_path / "state", *options), free_port()
    with connect(**first.parameters()) as connection:
        cursor = connection.cursor()
        cursor.execute("create compute pool p min_nodes=1 max_nodes=1 instance_family=CPU_X64_XS")
        cursor.execute("create image repository repo")
        container = {"name": "main", "image": "/local/public/repo/app:1",
                     "command": [sys.executable, str(PROGRAM), str(port)]}  # fmt: skip
        text = json.dumps(
            {
                "spec": {
                    "containers": [container],
                    "endpoints": [{"name": "web", "port": port, "public": True}],
                }
            }
        )
        cursor.execute(f"create service echo in compute pool p from specification $${text}$$")
        show = "show endpoints in service echo"
        assert "provisioning in progress" in cursor.execute(show).fetchone()[5].lower()
        time.sleep(3)
        address = cursor.execute(show).fetchone()[5]
        secret = cursor.execute("alter user local add programmatic access token t").fetchone()[1]
        endpoint = Endpoint(service="ECHO", url=address, port=port)
        deadline = time.monotonic() + WITHIN
        while get(endpoint, "/", secret)[0] != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        ticket = exchange(connection, grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
                          subject_token=secret, subject_token_type="programmatic_access_token",
                          scope=address)[1]  # fmt: skip

        async def talk(opened: Any) -> Any:
            await opened.receive_str()
            async with asyncio.timeout(WITHIN):
                while True:  # until the ingress cuts it, though it is never silent
                    await opened.send_str("x")
                    if (await opened.receive()).type is not aiohttp.WSMsgType.TEXT:
                        return True
                    await asyncio.sleep(0.1)

        with contextlib.suppress(ConnectionError):
            assert over_websocket(endpoint, ticket, talk)
        assert get(endpoint, "/", ticket)[0] == 401
    assert first.stop() == 0
    second = start(tmp_path / "state")
    with connect(**second.parameters()) as connection:
        assert connection.cursor().execute("show endpoints in service echo").fetchone()[5] == address
    assert second.stop() == 0

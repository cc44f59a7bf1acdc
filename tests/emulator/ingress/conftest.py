"""One server with a service that echoes, for all tests of the ingress."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ingress import PROGRAM, Endpoint, free_port, until_answered
from local_backend import LocalBackend, start

IDLE = 2.0
PAGE = "https://app.example.com"
CORS = {"Access-Control-Allow-Origin": [PAGE], "Access-Control-Allow-Methods": ["POST"]}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    """A server that cuts idle connections early, and expired ones."""
    options = ("--ingress-idle", str(IDLE), "--ingress-cut-expired", "--session-lifetime", "600")
    running = start(tmp_path_factory.mktemp("ingress") / "state", *options)
    yield running
    assert running.stop() == 0
    assert "Traceback" not in (running.state / "server.log").read_text()


@pytest.fixture(scope="session")
def admin(server: LocalBackend) -> Iterator[Any]:
    from snowflake.connector import connect

    parameters = {"session_parameters": {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "json"}}
    connection = connect(**server.parameters(**parameters))
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def echo(admin: Any) -> Endpoint:
    """A service that tells what it gets, ready."""
    cursor, port = admin.cursor(), free_port()
    pool = "create compute pool ingress_pool min_nodes=1 max_nodes=3 instance_family=CPU_X64_XS"
    cursor.execute(pool)
    cursor.execute("create image repository repo")
    container = {"name": "main", "image": "/local/public/repo/app:1",
                 "command": [sys.executable, str(PROGRAM), str(port)]}  # fmt: skip
    endpoints = [{"name": "web", "port": port, "public": True, "corsSettings": CORS}]
    roles = [{"name": "visitor", "endpoints": ["web"]}]
    text = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}, "serviceRoles": roles})
    cursor.execute(f"create service echo in compute pool ingress_pool from specification $${text}$$")
    cursor.execute("show endpoints in service echo")
    endpoint = Endpoint(service="ECHO", url=cursor.fetchone()[5], port=port)
    until_answered(admin, endpoint)
    return endpoint

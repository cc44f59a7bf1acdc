"""One server for all tests here, a database for each test, and the real clients."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_backend import LocalBackend, start

Connect = Callable[..., Any]


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    """A server with short waits: a statement of more than a second is answered in progress."""
    server = start(tmp_path_factory.mktemp("backend") / "state", "--answer-after", "1")
    yield server
    assert server.stop() == 0
    log = (server.state / "server.log").read_text()
    assert "Traceback" not in log, f"the server's log has tracebacks:\n{log[-4000:]}"


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No file in the user's home takes part."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("SNOWFLAKE_HOME", str(home / ".snowflake"))
        patch.setenv("SNOWFLAKE_DISABLE_PLATFORM_DETECTION", "true")
        yield


@pytest.fixture(scope="module")
def session(backend: LocalBackend) -> Iterator[Any]:
    """A Snowpark session in a database of the module's own."""
    from snowflake.snowpark import Session

    opened = Session.builder.configs(backend.parameters()).create()
    name = f"MODULE_{uuid.uuid4().hex[:8].upper()}"
    opened.sql(f"create database {name}").collect()
    yield opened
    opened.sql(f"drop database {name}").collect()
    opened.close()


@pytest.fixture
def connect(backend: LocalBackend) -> Iterator[Connect]:
    """Opens connections to the server; what they are given overrides the defaults. Closed after the test."""
    from snowflake.connector import connect

    opened: list[Any] = []

    def open_one(**parameters: Any) -> Any:
        connection = connect(**{"paramstyle": "qmark", **backend.parameters(**parameters)})
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        if not connection.is_closed():
            connection.close()


@pytest.fixture
def database(request: pytest.FixtureRequest, connect: Connect) -> Iterator[str]:
    """A database of this test's own."""
    words = re.sub(r"\W+", "_", request.node.name).upper()[:40]
    name = f"{words}_{uuid.uuid4().hex[:8].upper()}"
    admin = connect(database=None, schema=None)
    admin.cursor().execute(f"create database {name}")
    yield name
    admin.cursor().execute(f"drop database if exists {name}")


@pytest.fixture
def connection(connect: Connect, database: str) -> Any:
    """A connection in this test's database."""
    return connect(database=database, schema="PUBLIC")


@pytest.fixture
def cursor(connection: Any) -> Any:
    return connection.cursor()

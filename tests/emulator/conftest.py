"""One server for all tests here, a database for each test, and the real clients."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend, start
from sfml import cli
from sfml import session as sessions
from sfml.session import backend as own_backend

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


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the module's SCRIPTS, and a backend of its own for its tests."""
    folder = tmp_path_factory.mktemp(request.module.__name__.rpartition(".")[2].removeprefix("test_"))
    for name, text in request.module.SCRIPTS.items():
        (folder / f"{name}.py").write_text(text)
    yield folder
    own_backend.stop(folder / "state" / "local")


@pytest.fixture
def in_place(request: pytest.FixtureRequest, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test works in that folder, with its backend, as the module's USER."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("SFML_CONNECTION", "local")
    monkeypatch.setenv("SFML_STATE", str(place / "state"))
    monkeypatch.setenv("SFML_USER", getattr(request.module, "USER", "tester"))


@pytest.fixture
def opened() -> Iterator[Any]:
    """A session of the configured connection."""
    found = sessions.get_session()
    yield found
    found.connection.close()
    found.close()  # or Snowpark would go on to offer it to its other users


@pytest.fixture
def sfml(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in this process: its exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run

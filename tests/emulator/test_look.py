"""A first look without the connector: it sees what the connector sees, and is silent where that is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend, start
from sfml import config, project
from sfml.config import Config
from sfml.session.look import Place, look, over


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("project")
    return config.resolve({"connection": "local", "database": "LOCAL"}, {}, folder)


@pytest.fixture(scope="module")
def server(chosen: Config) -> Iterator[LocalBackend]:
    running = start(project.local_state(chosen.state))
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def place(server: LocalBackend) -> Iterator[Place]:
    """The same place through the connector."""
    from snowflake.connector import connect

    with connect(**server.parameters()) as connection:
        connection.cursor().execute("create image repository looked_at")
        yield over(connection)


def test_look__beside_the_connector__sees_the_same(chosen: Config, place: Place) -> None:
    def seen(at: Place) -> list[Any]:
        repositories = at.query("show image repositories in schema")
        names = [(row["name"], row["repository_url"]) for row in repositories]
        return [at.database, at.schema, names, at.query("show images in image repository looked_at")]

    assert look(chosen, seen) == seen(place)
    assert "LOOKED_AT" in str(seen(place))


def test_look__statement_is_refused__sees_nothing(chosen: Config, place: Place) -> None:
    assert look(chosen, lambda at: at.query("show images in image repository no_such")) is None


def test_look__password_is_not_taken__sees_nothing(chosen: Config, server: LocalBackend) -> None:
    file: Path = server.state / server.endpoint["password_file"]
    kept = file.read_text()
    file.write_text("another")
    try:
        assert look(chosen, lambda at: at.database) is None
    finally:
        file.write_text(kept)


def test_look__another_account__is_left_to_the_connector(tmp_path: Path) -> None:
    other = config.resolve({"connection": "prod"}, {}, tmp_path)
    assert look(other, lambda at: at.database) is None

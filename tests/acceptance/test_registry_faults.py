"""What becomes of a push when the registry or the right to push goes away in the middle of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docker_cli import Docker, missing
from local_backend import LocalBackend, start
from registries import find, running, wait_for_upload

TOKEN_LIFETIME = 10.0
SIZE = 60_000_000  # a push of seconds, so that its middle can be met
WITHIN = 120.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    """A server whose registry's tokens live for seconds (docker renews one after a minute at least)."""
    if why := missing():
        pytest.skip(why)
    state = tmp_path_factory.mktemp("registry") / "state"
    running = start(state, "--registry-token-lifetime", str(TOKEN_LIFETIME))
    yield running
    assert running.stop() == 0
    assert find(running.state) is None, "the registry outlived its server"


@pytest.fixture
def cursor(server: LocalBackend) -> Iterator[Any]:
    from snowflake.connector import connect

    with connect(**server.parameters()) as connection:
        yield connection.cursor()


@pytest.fixture
def address(cursor: Any) -> str:
    """A new repository's address."""
    cursor.execute("create or replace image repository images")
    cursor.execute("show image repositories in schema")
    return str(cursor.fetchone()[4])


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    command = Docker(tmp_path)
    yield command
    command.close()


def half_pushed(docker: Docker, name: str, server: LocalBackend) -> tuple[Any, int]:
    """A push that has begun, and the registry, which stands still."""
    registry = running(server.state)
    push = docker.start("push", name)
    wait_for_upload(server.state)
    os.kill(registry, signal.SIGSTOP)
    return push, registry


def push_at_last(docker: Docker, name: str) -> None:
    """Push it; a slow machine may take longer than a token lives, so more than once."""
    deadline = time.monotonic() + WITHIN
    while True:
        push = docker.start("push", name)
        output, _ = push.communicate(timeout=WITHIN)
        if push.returncode == 0:
            return
        assert time.monotonic() < deadline, output.decode()


def test_registry__killed_in_the_middle_of_a_push__the_push_goes_on(
    server: LocalBackend, cursor: Any, docker: Docker, address: str
) -> None:
    docker.login(address.partition("/")[0], cursor)
    name = docker.image(f"{address}/big:1", size=SIZE)
    push, registry = half_pushed(docker, name, server)
    os.kill(registry, signal.SIGKILL)
    output, _ = push.communicate(timeout=WITHIN)
    if push.returncode:  # docker gives up after a few tries; what was sent counts for the next push
        assert "denied" not in output.decode()
        docker("push", name)
    assert running(server.state) != registry
    assert cursor.execute("show images in image repository images").fetchone()[1] == "big"


def test_registry__session_ends_in_the_middle_of_a_push__nothing_is_tagged(
    server: LocalBackend, cursor: Any, docker: Docker, address: str
) -> None:
    from snowflake.connector import connect

    other = connect(**server.parameters())
    docker.login(address.partition("/")[0], other.cursor())
    name = docker.image(f"{address}/big:1", size=SIZE)
    push, registry = half_pushed(docker, name, server)
    other.close()
    time.sleep(TOKEN_LIFETIME + 1)
    os.kill(registry, signal.SIGCONT)
    output, _ = push.communicate(timeout=WITHIN)
    assert push.returncode
    assert "unauthorized" in output.decode()
    assert cursor.execute("show images in image repository images").fetchall() == []
    docker.login(address.partition("/")[0], cursor)
    push_at_last(docker, name)
    assert len(cursor.execute("show images in image repository images").fetchall()) == 1


def test_registry__server_killed__it_ends_too_and_keeps_images_and_address(
    tmp_path: Path, docker: Docker
) -> None:
    from snowflake.connector import connect

    if why := missing():
        pytest.skip(why)
    first = start(tmp_path / "state")
    with connect(**first.parameters()) as connection:
        cursor = connection.cursor()
        cursor.execute("create image repository images")
        address = str(cursor.execute("show image repositories in schema").fetchone()[4])
        docker.login(address.partition("/")[0], cursor)
        docker("push", docker.image(f"{address}/tiny:1"))
        first.kill()
    deadline = time.monotonic() + WITHIN
    while find(first.state) is not None:
        assert time.monotonic() < deadline, "the registry outlived its server"
        time.sleep(0.05)
    second = start(tmp_path / "state")
    with connect(**second.parameters()) as connection:
        cursor = connection.cursor()
        assert cursor.execute("show image repositories in schema").fetchone()[4] == address
        assert cursor.execute("show images in image repository images").fetchone()[1] == "tiny"
    assert second.stop() == 0

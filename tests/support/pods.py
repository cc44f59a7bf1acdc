"""The container executor on the real engine, for tests: fixtures, and runs on it."""

from __future__ import annotations

import hashlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sfml.emulator.executors.base import Container, ContainerNews, Ended, Report, Run

IMAGE = "debian:bookworm-slim"
TIMEOUT = 240


@pytest.fixture(scope="session")
def api() -> Any:
    """The engine's client; tests that need it are skipped where there is no engine."""
    docker = pytest.importorskip("docker", reason="no container engine: its client is not installed")
    try:
        client = docker.APIClient(version="auto")
        client.inspect_image(IMAGE)
    except docker.errors.ImageNotFound:
        pytest.skip(f"no container engine that has {IMAGE}")
    except docker.errors.DockerException as error:
        pytest.skip(f"no container engine: {error}")
    yield client
    client.close()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """A stand-in for the server: it answers each connection with one line."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            with near:
                near.sendall(b"the server, for " + near.recv(100))

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


class Runs:
    """Starts runs on an executor and collects what it reports."""

    def __init__(self, executor: Any, root: Path) -> None:
        self.executor = executor
        self.root = root
        self.count = 0

    def container(self, *command: str, name: str = "main", **options: Any) -> Container:
        log = self.root / f"{name}-{self.count}.log"
        return Container(**{"name": name, "log": log, "image": IMAGE, "command": tuple(command), **options})

    def script(self, text: str, **options: Any) -> Container:
        return self.container("/bin/sh", "-c", text, **options)

    def start(self, *containers: Container, **options: Any) -> Following:
        self.count += 1
        directory = self.root / str(self.count)
        directory.mkdir(parents=True)
        key = f"test-{self.root.name}-{self.count}"
        run = Run(**{"key": key, "directory": directory, "containers": containers, **options})
        following = Following(run)
        following.handle = self.executor.start(run, following.reports.put)
        return following

    def wait_for(self, container: Container, text: bytes) -> None:
        """Until the container has written the text."""
        deadline = time.monotonic() + TIMEOUT
        while not (container.log.is_file() and text in container.log.read_bytes()):
            assert time.monotonic() < deadline, f"the container did not write {text!r}"
            time.sleep(0.02)

    def run(self, text: str, **options: Any) -> tuple[Ended, str]:
        """The end of a script in one container, and what it wrote."""
        container = self.script(text, **options)
        return self.start(container).ended(), container.log.read_text()


class Following:
    """A run, and its reports one by one."""

    handle: Any

    def __init__(self, run: Run) -> None:
        self.run = run
        self.reports: queue.Queue[Report] = queue.Queue()
        self.seen: list[Report] = []

    def until(self, wanted: Callable[[Report], bool]) -> Any:
        while True:
            report = self.reports.get(timeout=TIMEOUT)
            self.seen.append(report)
            if wanted(report):
                return report
            assert not isinstance(report, Ended), self.seen

    def news(self, phase: str, container: str = "main", **more: object) -> ContainerNews:
        def fits(report: Report) -> bool:
            return (
                isinstance(report, ContainerNews)
                and (report.phase, report.container) == (phase, container)
                and all(getattr(report, name) == value for name, value in more.items())
            )

        found: ContainerNews = self.until(fits)
        return found

    def ended(self) -> Ended:
        found: Ended = self.until(lambda report: isinstance(report, Ended))
        return found


@pytest.fixture(scope="module")
def executor(api: Any, server: tuple[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An executor that has this module's mark in the engine, and leaves nothing there."""
    from sfml.emulator.executors.docker.executor import DockerExecutor

    state = tmp_path_factory.mktemp("state")
    made = DockerExecutor(state, endpoint=lambda: server, first_pause=0.01)
    yield made
    made.close()
    assert left(api, state) == []


@pytest.fixture
def runs(executor: Any, tmp_path: Path) -> Runs:
    return Runs(executor, tmp_path)


def mark(state: Path) -> str:
    """The label of all that a server on this directory makes in the engine."""
    return f"sfml.state={hashlib.sha256(str(state).encode()).hexdigest()[:12]}"


def left(api: Any, state: Path) -> list[str]:
    """Names of all containers, networks and volumes that this server made."""
    own = {"label": mark(state)}
    containers = [container["Names"][0] for container in api.containers(all=True, filters=own)]
    networks = [network["Name"] for network in api.networks(filters=own)]
    volumes = [volume["Name"] for volume in api.volumes(filters=own)["Volumes"] or ()]
    return [*containers, *networks, *volumes]

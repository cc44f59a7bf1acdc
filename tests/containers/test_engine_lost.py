"""An engine that goes away while containers run."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pods import Runs, api, left, server
from sfml.emulator.executors.base import Started
from sfml.emulator.executors.docker import relay
from sfml.emulator.executors.docker.member import ENGINE_LOST

__all__ = ["api", "server"]
ENGINE = "/var/run/docker.sock"


class Line:
    """A socket that leads to the engine until it is cut."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self._open: list[socket.socket] = []
        self._listener = relay.listen_on(str(path))
        threading.Thread(target=relay.serve, args=(self._listener, self._connect), daemon=True).start()

    def cut(self) -> None:
        for one in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _connect(self) -> socket.socket:
        self._open.append(relay.to_socket(ENGINE))
        return self._open[-1]


@pytest.fixture
def line(api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    if not Path(ENGINE).exists():
        pytest.skip("optional: the engine has another socket")
    made = Line(tmp_path / "engine")
    monkeypatch.setenv("DOCKER_HOST", made.url)
    yield made
    made.cut()


# docker-py leaves a socket that it could not connect to the garbage collector, which has to come in time.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("restart", [False, True])
def test_engine__goes_away__runs_end_with_the_reason_and_the_next_server_tidies_up(
    line: Line, api: Any, server: tuple[str, int], tmp_path: Path, restart: bool
) -> None:
    from sfml.emulator.executors.docker.executor import DockerExecutor

    executor = DockerExecutor(tmp_path / "state", endpoint=lambda: server, first_pause=0.01)
    runs = Runs(executor, tmp_path / "runs")
    following = runs.start(runs.script("sleep 1000"), restart=restart)
    following.until(lambda report: isinstance(report, Started))
    line.cut()

    ended = following.ended()
    assert (ended.code, ended.reason) == (None, ENGINE_LOST)
    late = runs.start(runs.script("true")).ended()
    assert late.code is None
    assert late.reason
    executor.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DOCKER_HOST")
        DockerExecutor(tmp_path / "state", endpoint=lambda: server).close()
    assert left(api, tmp_path / "state") == []
    del executor, runs, following
    gc.collect()

"""A way to the container engine that a test can cut: the engine itself is never stopped."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfml.emulator.executors.docker import relay

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

    def _connect(self, _: socket.socket) -> socket.socket:
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

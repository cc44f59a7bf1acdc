"""The tunnel's two programs as a test runs them, and a target that sends back what it gets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TOOLKIT = Path(__file__).parents[2] / "toolkit"


class EchoTarget:
    """Stands where sshd would: greets as it does, then sends back every byte and the end."""

    GREETING = b"SSH-2.0-echo\r\n"

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.open = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with self._lock:
                    self.connections += 1
                    self.open += 1
                threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(self.GREETING)
            while data := connection.recv(65536):
                connection.sendall(data)
        with self._lock:
            self.open -= 1


class TalkingTarget(EchoTarget):
    """Sends without end; ``sent`` is how much of it went."""

    def __init__(self, *, pause: float = 0.0) -> None:
        self._pause = pause
        self.sent = 0
        super().__init__()

    def _echo(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(self.GREETING)
            while True:
                self.sent += connection.send(bytes(1 << 16))
                time.sleep(self._pause)


class SilentTarget(EchoTarget):
    """Takes connections, and says nothing."""

    GREETING = b""


@dataclass(frozen=True)
class Bridge:
    """A running bridge."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ssh"

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@contextmanager
def bridge(target: int, *options: str, port: int = 0) -> Iterator[Bridge]:
    """A bridge to a port of this machine; without options everybody may come in."""
    # As an image runs it: the folder alone, and nothing else of sfml.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOOLKIT / "sfml")}
    command = [sys.executable, "-m", "tunnel.bridge", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--ssh-port", str(target), *(options or ("--any-user",))]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("listening on port "), line
        yield Bridge(port=int(line.split()[-1]), process=process)
    finally:
        process.terminate()
        process.wait(60)
        assert process.stdout
        process.stdout.close()


def client_command(url: str) -> list[str]:
    return [sys.executable, "-m", "sfml.tunnel.command", url]


@contextmanager
def client(url: str, *, command: Sequence[str] = (), **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """The client between pipes, or another program that is one."""
    env = {**os.environ, "PYTHONPATH": str(TOOLKIT), **environ}
    process = subprocess.Popen(
        command or client_command(url),
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def exchange(process: subprocess.Popen[bytes], data: bytes) -> bytes:
    """What comes back for ``data`` and its end."""
    return process.communicate(data, timeout=240)[0]


def wait_until(condition: object, seconds: float = 120) -> None:
    """Until ``condition()`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)

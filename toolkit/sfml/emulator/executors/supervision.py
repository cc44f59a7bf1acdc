"""Supervisors as the server sees them: started one by one, or forked from a process that has loaded a lot."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sfml.emulator.executors.overlay import Overlays

_TOOLKIT = Path(__file__).parents[3]
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    " from sfml.emulator.executors.supervisor.{} import main; main()"
)
_READY = b"ready"
"""What supervisor/template.py says when it has loaded."""
_UNUSED_FOR = 600.0
"""Seconds after which a template that nobody needed gives its memory back."""

Plan = dict[str, Any]


class Supervisor:
    """The server's end: reports come in, and closing the way out is the order to kill."""

    def __init__(self, link: socket.socket, plan: Plan, process: subprocess.Popen[bytes] | None) -> None:
        self._link = link
        self._process = process
        link.sendall(json.dumps(plan).encode() + b"\n")

    def reports(self) -> Iterator[dict[str, Any]]:
        """What it reports, until it ends; then the link is closed."""
        lost = contextlib.suppress(ConnectionResetError)  # it was killed
        with self._link, self._link.makefile("rb") as lines, lost:
            for line in lines:
                yield json.loads(line)
        if self._process:
            self._process.wait()

    def kill(self) -> None:
        with contextlib.suppress(OSError):  # it has ended
            self._link.shutdown(socket.SHUT_WR)

    def address(self) -> str:
        return "127.0.0.1"


def start(plan: Plan, environment: Mapping[str, str]) -> Supervisor:
    """A supervisor of its own: free of the user's Python settings, out of a terminal's reach."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM.format("main"), str(_TOOLKIT)],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    return Supervisor(ours, plan, process)


class Template:
    """The process that has loaded what ML Jobs' launcher imports: one at most, while it is of use."""

    def __init__(self, root: Path, environment: Callable[[Path], Mapping[str, str]]) -> None:
        self._root = root
        self._environment = environment
        self._overlays = Overlays(root)
        self._loaded_from: tuple[int, ...] = ()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False
        self._timer: threading.Timer | None = None

    def load(self) -> None:
        """Begin to load, unless that was done; returns at once."""
        with self._lock:
            if self._process is None:
                shutil.rmtree(self._root, ignore_errors=True)
                self._overlays.create(self._root / "env", ())
                self._loaded_from = self._overlays.stamp()
                self._control, theirs = socket.socketpair()
                with theirs:
                    self._process = self._start(theirs)
                self._control.settimeout(0)
                self._renew()

    def fork(self, plan: Plan) -> Supervisor | None:
        """A supervisor that has everything loaded; None while there is none."""
        if self._loaded_from != self._overlays.stamp():
            self.stop()  # what it has loaded may be another version now
        with self._lock:
            if self._control is None or not self._is_ready(self._control):
                return None
            self._renew()
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(self._control, [b"r"], [theirs.fileno()])
        return Supervisor(ours, plan, None)

    def stop(self) -> None:
        """Let the process go; what it forked goes on."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            if self._control and self._process:
                self._control.close()
                self._process.kill()
                self._process.wait()
            self._control = self._process = self._timer = None
            self._ready = False

    def _start(self, link: socket.socket) -> subprocess.Popen[bytes]:
        env = self._root / "env"
        return subprocess.Popen(
            [str(env / "bin" / "python"), "-c", _PROGRAM.format("template"), str(_TOOLKIT)],
            stdin=link.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(self._environment(env)),
            start_new_session=True,
        )

    def _is_ready(self, control: socket.socket) -> bool:
        if not self._ready:
            with contextlib.suppress(BlockingIOError):
                self._ready = control.recv(len(_READY)) == _READY
        return self._ready

    def _renew(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(_UNUSED_FOR, self.stop)
        self._timer.daemon = True
        self._timer.start()

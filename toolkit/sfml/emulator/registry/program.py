"""The registry program: found, configured, kept running on its port, and ended with the server.

It is Debian's ``docker-registry`` (distribution), or the container image of the same program.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sfml import proc
from sfml.emulator import ports
from sfml.emulator.faults import Fault
from sfml.emulator.registry.routes import SERVICE
from sfml.errors import CommandError, ToolMissingError

_LOG = logging.getLogger(__name__)
ISSUER = "sfml"
"""Of the tokens that the program accepts."""
_PROGRAM = "docker-registry"
_CONTAINER_IMAGES = ("registry:2", "registry:3")
HOW_TO_INSTALL = (
    "the local backend found no registry program: install one with `apt-get install docker-registry`,"
    " or let the container engine have its image with `docker pull registry:2`"
)
_START_WITHIN = 20.0
_STOP_WITHIN = 5.0
_AGAIN_AFTER = (0.1, 0.5, 2.0, 5.0)
"""Seconds before a registry that died is started again; the last one from then on."""
_STABLE_AFTER = 30.0
# The program ends when the writing end of its input closes: with the server, however that ends.
_GUARD = """
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill -TERM "$child"; } 2>/dev/null &
guard=$!
wait "$child"
code=$?
kill "$guard" 2>/dev/null
exit "$code"
"""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How the program is started here: what comes before its own arguments, and what it finds where."""

    command: tuple[str, ...]
    listen: str
    data: str
    files: str


class Files:
    """The registry's directory below the server's state."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.config = directory / "config.json"  # JSON is YAML
        self.certificate = directory / "certificate.pem"
        self.port = directory / "port"
        self.garbage = directory / "garbage"
        self.log = directory / "registry.log"


def find_launch(files: Files, port: int) -> Launch | None:
    """The program of this machine, or a container of the image that its engine has; None without both."""
    if path := shutil.which(_PROGRAM):
        here = str(files.directory)
        return Launch(command=(path,), listen=f"127.0.0.1:{port}", data=str(files.data), files=here)
    for image in _CONTAINER_IMAGES:
        if _engine_has(image):
            return _in_container(image, files, port)
    return None


def _in_container(image: str, files: Files, port: int) -> Launch:
    command = (
        "docker", "run", "--rm", "--init", "--publish", f"127.0.0.1:{port}:5000",
        "--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{files.directory}:/sfml",
        "--label", "sfml.registry", "--entrypoint", "registry", image,
    )  # fmt: skip
    return Launch(command=command, listen=":5000", data="/sfml/data", files="/sfml")


def _engine_has(image: str) -> bool:
    try:
        proc.run(["docker", "image", "inspect", image], timeout=_START_WITHIN)
    except (ToolMissingError, CommandError):
        return False
    return True


class Program:
    """One running registry. It is started again on the same port when it dies."""

    def __init__(self, launch: Launch, files: Files, *, port: int) -> None:
        self.port = port
        self._launch = launch
        self._files = files
        self._closing = threading.Event()
        self._process = self._start()
        self._watch = threading.Thread(target=self._keep_running, name="registry", daemon=True)
        self._watch.start()

    def wait_until_it_answers(self) -> None:
        """Return when it answers; :class:`Fault` with the program's last words otherwise."""
        deadline = time.monotonic() + _START_WITHIN
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise _did_not_start(self._files.log)
            time.sleep(0.01)

    def alive(self) -> bool:
        return not self._closing.is_set()

    def close(self) -> None:
        """End the program and wait for that."""
        self._closing.set()
        self._end(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        command = (*self._launch.command, "serve", f"{self._launch.files}/{self._files.config.name}")
        log = os.open(self._files.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            return subprocess.Popen(
                ["sh", "-c", _GUARD, "sh", *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(log)

    def _keep_running(self) -> None:
        failures = 0
        while True:
            started = time.monotonic()
            code = self._process.wait()
            failures = 0 if time.monotonic() - started > _STABLE_AFTER else failures
            pause = _AGAIN_AFTER[min(failures, len(_AGAIN_AFTER) - 1)]
            if self._closing.wait(pause):
                return
            _LOG.warning("the registry ended with code %s; it is started again", code)
            failures += 1
            self._process = self._start()
            if self._closing.is_set():
                self._end(self._process)
                return

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin:
            process.stdin.close()
        try:
            process.wait(_STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def write_config(launch: Launch, files: Files, *, realm: str, secret: str) -> None:
    """The program's configuration: distribution.github.io/distribution/about/configuration."""
    config = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        # No cache of descriptors: what DROP removes behind its back must be gone.
        "storage": {"filesystem": {"rootdirectory": launch.data}, "delete": {"enabled": True}},
        # The secret signs the state of uploads: with a known one they go on after a restart.
        "http": {"addr": launch.listen, "secret": secret},
        "auth": {"token": {
            "realm": realm, "service": SERVICE, "issuer": ISSUER,
            "rootcertbundle": f"{launch.files}/{files.certificate.name}",
        }},
    }  # fmt: skip
    _write_private(files.config, json.dumps(config, indent=2) + "\n")


def collect_garbage(launch: Launch, files: Files) -> None:
    """Delete the blobs that no image has any more; only while the program is not running."""
    command: Sequence[str] = (*launch.command, "garbage-collect", f"{launch.files}/{files.config.name}")
    try:
        proc.run(command)
        files.garbage.unlink(missing_ok=True)
    except CommandError as error:
        _LOG.warning("%s: %s", error, error.hint)


def choose_port(files: Files) -> int:
    """That of last time, so that tagged images keep their names, if it is free; else a new one."""
    try:
        wanted = int(files.port.read_text())
    except (FileNotFoundError, ValueError):
        wanted = 0
    port = wanted if wanted and ports.is_free(wanted) else ports.unused()
    files.port.write_text(f"{port}\n")
    return port


def _answers(port: int) -> bool:
    """Whether HTTP is spoken there; an engine takes connections for a container that is not ready yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status in (200, 401)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)


def _did_not_start(log: Path) -> Fault:
    lines = log.read_text(errors="replace").strip().splitlines()
    said = proc.redact(lines[-1]) if lines else "it said nothing"
    return Fault("395210", "58000", f"The local backend's image registry did not start: {said}")

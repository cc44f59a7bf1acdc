"""A dev box of the local backend that is a process of this machine, and a user's home and project for it.

A specification of the project's own starts the bridge beside an sshd.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import local_backend
import ssh_server
from local_backend import LocalBackend
from ssh_server import SshServer

TOOLKIT = Path(__file__).parents[2] / "toolkit"
HOST = "sfml-ml-dev"


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody's home and project, and the backend that they work with."""

    home: Path
    project: Path
    backend: LocalBackend

    @property
    def environ(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("SFML_", "SNOWFLAKE_"))
        }
        return {**kept, "HOME": str(self.home), "PYTHONPATH": str(TOOLKIT)}

    def run(self, *command: str | Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.project, env=self.environ, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert code in (None, done.returncode), done.stdout + done.stderr
        return done

    def sfml(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "sfml", *arguments, code=code)

    @property
    def ssh_command(self) -> list[str]:
        """``ssh -F … HOST``; the box's own user is "dev", here sshd knows the one who runs the tests."""
        return ["ssh", "-F", str(self.home / ".ssh" / "config"), "-l", getpass.getuser(), HOST]

    def ssh(self, *command: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run(*self.ssh_command, *command, code=code)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """A connection runs meanwhile: bytes have gone there and come back."""
        with subprocess.Popen(
            [*self.ssh_command, "cat"], env=self.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"x\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"x\n"
            yield
            process.stdin.close()


@contextmanager
def running(folder: Path, *options: str, owner: str = "LOCAL") -> Iterator[User]:
    """A user with a backend that was started with these options; a box will be ``owner``'s."""
    home, project = folder / "home", folder / "project"
    keys = home / ".ssh" / "sfml"
    keys.mkdir(parents=True, mode=0o700)
    (folder / "sshd").mkdir()
    with ssh_server.running(folder / "sshd") as server:
        for name in ("user", "user.pub"):
            target = keys / name.replace("user", "id_ed25519")
            target.write_text((folder / "sshd" / name).read_text())
            target.chmod(0o600)
        _write_project(project, server, folder / "sshd" / "host.pub", owner)
        backend = local_backend.start(project / ".sfml" / "local", "--executor", "process", *options)
        yield User(home=home, project=project, backend=backend)
        _stop_agent(keys)
        assert backend.stop() == 0


def _write_project(project: Path, server: SshServer, host_key: Path, owner: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    bridge = [
        sys.executable, "-m", "sfml.tunnel.bridge", "--port", str(port), "--ssh-port", str(server.port),
        "--host-key", str(host_key),
    ]  # fmt: skip
    container = {"name": "main", "image": "/ml_dev/public/images/dev:latest", "command": bridge}
    env = {"PYTHONPATH": str(TOOLKIT), "SFML_BOX_OWNER": owner}
    endpoints = [{"name": "ssh", "port": port, "public": True}]
    spec = {"spec": {"containers": [{**container, "env": env}], "endpoints": endpoints}}
    (project / "specs" / "service").mkdir(parents=True)
    (project / "specs" / "service" / "dev-box.yaml.j2").write_text(json.dumps(spec))
    (project / "sfml.yaml").write_text("connection: local\nexecutor: process\n")


def _stop_agent(keys: Path) -> None:
    lock = next(iter(keys.glob("agent.lock")), None)
    if lock and lock.read_text():
        os.kill(int(lock.read_text()), 15)

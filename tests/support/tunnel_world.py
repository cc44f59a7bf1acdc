"""A service of the local backend with a bridge before an sshd, and a user's home that knows the way to it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import local_backend
from local_backend import LocalBackend
from ssh_server import SshServer

TOOLKIT = Path(__file__).resolve().parents[2] / "toolkit"
WITHIN = 60.0
SERVICE = "TUNNEL_BOX"
BOX = "ours"
"""The endpoint with the bridge, and the name that ssh knows it by."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A running service; ``urls`` are its endpoints'."""

    backend: LocalBackend
    sshd: SshServer
    home: Path
    urls: Mapping[str, str]

    def proxy_command(self, name: str = BOX) -> str:
        """What ssh runs to reach an endpoint."""
        env = {"HOME": str(self.home), "PYTHONPATH": str(TOOLKIT), "SNOWFLAKE_HOME": str(self._settings)}
        variables = [f"{key}={value}" for key, value in env.items()]
        return shlex.join(["env", *variables, sys.executable, "-m", "sfml", "ssh-proxy", name])

    def ssh_options(self, name: str = BOX) -> list[str]:
        """``-F …`` for ssh, scp and sftp; the host is ``box``."""
        file = self.home / f"ssh_config_{name}"
        return self.sshd.config(file, f"ProxyCommand {self.proxy_command(name)}")

    def aim(self, url: str) -> None:
        """Let ssh go to the box by another address."""
        path = self.home / ".ssh" / "sfml" / f"{BOX}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "url": url}))

    def token(self) -> str:
        """A token for the endpoints, as the box's owner."""
        with closing(_connect(self.backend)) as connection:
            return _access_token(connection, f"T{time.monotonic_ns()}")

    def bridge(self) -> int:
        """The bridge's process."""
        port = self.sshd.port
        wanted = f"sfml.tunnel.bridge\0--port\0{_port_of(self.backend, BOX)}\0--ssh-port\0{port}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if wanted in words and not words.startswith(b"sh\0"):
                return int(folder.name)
        raise AssertionError("the bridge does not run")

    @property
    def _settings(self) -> Path:
        return self.home / ".snowflake"


@contextmanager
def running(
    folder: Path,
    sshd: SshServer,
    *options: str,
    websockify: str | None = None,
    through_agent: bool = False,
) -> Iterator[World]:
    """A backend with the service.

    ``websockify``: that program behind an endpoint of its own. ``through_agent``: tokens are those of
    sessions, from the user's agent; else an access token logs in.
    """
    with ExitStack() as stack:
        backend = local_backend.start(folder / "state" / "local", "--executor", "process", *options)
        stack.callback(backend.stop)
        world = _made(folder, backend, sshd, websockify)
        stack.callback(_stop_agent, world.home)
        if through_agent:
            _use_agent(world)
        _wait_until_ready(world)
        yield world


def _made(folder: Path, backend: LocalBackend, sshd: SshServer, websockify: str | None) -> World:
    with closing(_connect(backend)) as connection:
        urls = _create(connection, sshd.port, websockify)
        _write_home(folder / "home", urls, _access_token(connection, "BENCH"))
    return World(backend=backend, sshd=sshd, home=folder / "home", urls=urls)


def _connect(backend: LocalBackend) -> Any:
    import snowflake.connector

    return snowflake.connector.connect(**backend.parameters())


def _create(connection: Any, sshd: int, websockify: str | None) -> dict[str, str]:
    """The service's endpoints as URLs."""
    cursor = connection.cursor()
    cursor.execute("create compute pool bench_pool min_nodes=1 max_nodes=1 instance_family=CPU_X64_S")
    cursor.execute("create image repository images")
    ports = {BOX: _free_port()} | ({"websockify": _free_port()} if websockify else {})
    bridge = ["-m", "sfml.tunnel.bridge", "--port", str(ports[BOX]), "--ssh-port", str(sshd)]
    programs = [shlex.join([sys.executable, *bridge, "--owner", "LOCAL"])]
    if websockify:
        programs.append(shlex.join([websockify, f"127.0.0.1:{ports['websockify']}", f"127.0.0.1:{sshd}"]))
    container = {
        "name": "main",
        "image": "/local/public/images/dev:1",
        "command": ["sh", "-c", " & ".join([*programs, "wait"])],
        "env": {"PYTHONPATH": str(TOOLKIT)},
    }
    endpoints = [{"name": name, "port": port, "public": True} for name, port in ports.items()]
    spec = json.dumps({"spec": {"containers": [container], "endpoints": endpoints}})
    cursor.execute(f"create service {SERVICE} in compute pool bench_pool from specification $${spec}$$")
    return {row["name"]: f"http://{row['ingress_url']}" for row in _endpoints(connection)}


def _endpoints(connection: Any) -> list[dict[str, Any]]:
    from snowflake.connector import DictCursor

    with connection.cursor(DictCursor) as cursor:
        return [dict(row) for row in cursor.execute(f"show endpoints in service {SERVICE}")]


def _port_of(backend: LocalBackend, name: str) -> int:
    with closing(_connect(backend)) as connection:
        return next(int(row["port"]) for row in _endpoints(connection) if row["name"] == name)


def _access_token(connection: Any, name: str) -> str:
    cursor = connection.cursor()
    return str(cursor.execute(f"alter user local add programmatic access token {name}").fetchone()[1])


def _write_home(home: Path, urls: Mapping[str, str], secret: str) -> None:
    """What ``sfml up`` leaves for ``sfml ssh-proxy``, and a connection that logs in with an access token."""
    own = home / ".ssh" / "sfml"
    own.mkdir(parents=True, mode=0o700)
    for name, url in urls.items():
        entry = {"host": name, "url": url, "service": SERVICE, "connection": "bench", "role": None,
                 "state": "", "way": "direct"}  # fmt: skip
        (own / f"{name}.json").write_text(json.dumps(entry))
    settings = home / ".snowflake" / "connections.toml"
    settings.parent.mkdir()
    settings.touch(0o600)
    settings.write_text(f'[bench]\nauthenticator = "PROGRAMMATIC_ACCESS_TOKEN"\ntoken = "{secret}"\n')


def _use_agent(world: World) -> None:
    path = world.home / ".ssh" / "sfml" / f"{BOX}.json"
    way = {"connection": "local", "state": str(world.backend.state.parent), "way": "agent"}
    path.write_text(json.dumps({**json.loads(path.read_text()), **way}))


def _stop_agent(home: Path) -> None:
    lock = home / ".ssh" / "sfml" / "agent.lock"
    if lock.exists() and lock.read_text():
        os.kill(int(lock.read_text()), signal.SIGTERM)


def _wait_until_ready(world: World) -> None:
    """Until sshd greets through every way."""
    deadline = time.monotonic() + WITHIN
    for name in world.urls:
        command = f"printf 'SSH-2.0-x\\r\\n' | {world.proxy_command(name)}"
        while True:
            done = subprocess.run(["sh", "-c", command], capture_output=True, check=False)
            if done.stdout.startswith(b"SSH-"):
                break
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} does not answer: {done.stderr.decode()}")
            time.sleep(0.5)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

"""A service of the local backend with a bridge before an sshd, and a user's home that knows the way to it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import local_backend

HERE = Path(__file__).resolve().parent
TOOLKIT = HERE.parent / "toolkit"
WITHIN = 60.0
_SERVICE = "BENCH_BOX"


@dataclass(frozen=True, kw_only=True)
class World:
    """The ProxyCommand for each endpoint's name."""

    proxy_commands: dict[str, str]


@contextmanager
def relay(target: int) -> Iterator[int]:
    """The port of a relay to a port of this machine."""
    command = [sys.executable, str(HERE / "relay.py"), str(target)]
    env = {**os.environ, "PYTHONPATH": str(TOOLKIT)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def running(folder: Path, sshd: int, *, websockify: str | None = None) -> Iterator[World]:
    """A backend with the service; ``websockify``: that program behind an endpoint of its own."""
    os.environ["PYTHONPATH"] = str(TOOLKIT)
    with ExitStack() as stack:
        backend = local_backend.start(folder / "state", "--executor", "process")
        stack.callback(backend.stop)
        connection = stack.enter_context(closing(_connect(backend)))
        ports = {"ours": _free_port()} | ({"websockify": _free_port()} if websockify else {})
        urls = _create(connection, ports, sshd, websockify)
        _write_home(folder / "home", urls, _access_token(connection))
        commands = {name: _proxy_command(folder / "home", name) for name in urls}
        _wait_until_ready(urls, folder / "home")
        yield World(proxy_commands=commands)


def _connect(backend: local_backend.LocalBackend) -> Any:
    import snowflake.connector

    return snowflake.connector.connect(**backend.parameters())


def _create(connection: Any, ports: dict[str, int], sshd: int, websockify: str | None) -> dict[str, str]:
    """The service's endpoints as URLs."""
    cursor = connection.cursor()
    cursor.execute("create compute pool bench_pool min_nodes=1 max_nodes=1 instance_family=CPU_X64_S")
    cursor.execute("create image repository images")
    bridge = ["-m", "sfml.tunnel.bridge", "--port", str(ports["ours"]), "--ssh-port", str(sshd)]
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
    cursor.execute(f"create service {_SERVICE} in compute pool bench_pool from specification $${spec}$$")
    cursor.execute(f"show endpoints in service {_SERVICE}")
    columns = [column.name for column in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    return {row["name"]: f"http://{row['ingress_url']}" for row in rows}


def _access_token(connection: Any) -> str:
    cursor = connection.cursor()
    return str(cursor.execute("alter user local add programmatic access token bench").fetchone()[1])


def _write_home(home: Path, urls: dict[str, str], secret: str) -> None:
    """What ``sfml up`` leaves for ``sfml ssh-proxy``, and a connection that logs in with an access token."""
    from sfml.remote.entry import DIRECT, Entry, folder

    place = folder(home)
    place.own.mkdir(parents=True)
    for name, url in urls.items():
        entry = Entry(
            host=name, url=url, service=_SERVICE, connection="bench", role=None, state="", way=DIRECT
        )
        place.entry(name).write_text(json.dumps(asdict(entry)))
    settings = home / ".snowflake" / "connections.toml"
    settings.parent.mkdir()
    settings.touch(0o600)
    settings.write_text(f'[bench]\nauthenticator = "PROGRAMMATIC_ACCESS_TOKEN"\ntoken = "{secret}"\n')


def _proxy_command(home: Path, name: str) -> str:
    env = {"HOME": str(home), "PYTHONPATH": str(TOOLKIT), "SNOWFLAKE_HOME": str(home / ".snowflake")}
    settings = [f"{key}={value}" for key, value in env.items()]
    return shlex.join(["env", *settings, sys.executable, "-m", "sfml", "ssh-proxy", name])


def _wait_until_ready(urls: dict[str, str], home: Path) -> None:
    """Until sshd greets through every way."""
    deadline = time.monotonic() + WITHIN
    for name in urls:
        command = _proxy_command(home, name)
        while True:
            done = subprocess.run(["sh", "-c", f"printf 'SSH-2.0-x\\r\\n' | {command}"], capture_output=True)
            if done.stdout.startswith(b"SSH-"):
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"bench tunnel: {name} does not answer: {done.stderr.decode()}")
            time.sleep(0.5)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

"""ssh to a box of the shipped image through the local ingress, while its way breaks; and what is left.

``nox -s soak`` runs the same at length.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import local_backend
from cutting import CuttingProxy
from local_backend import LocalBackend
from real_box import HOST, RealBox, until
from samples import SIZE, SOAK, digest

COUNT = 1000 if SOAK else 200
STOPPED = 600 if SOAK else 60
TOKEN_LIFETIME = 5
WITHIN = 300.0
ENDS_WITHIN = 30.0
BRIDGE_PORT = 8022
LISTENS = "0A"  # in /proc/net/tcp (include/net/tcp_states.h)


@dataclass(frozen=True, kw_only=True)
class World:
    """A box whose ingress cuts what was admitted with a token that has ended, which is after 5 s."""

    made: RealBox
    backend: LocalBackend
    engine: str

    @property
    def ssh_options(self) -> list[str]:
        return ["-F", str(self.made.folder / "home" / ".ssh" / "config")]

    @property
    def environ(self) -> dict[str, str]:
        return dict(self.made.environ)

    @property
    def port(self) -> int:
        """The ingress's, for the box."""
        return int(urlsplit(self.made.urls()["ssh"]).port or 0)

    @contextmanager
    def by_way_of(self, port: int) -> Iterator[None]:
        """Let ssh go to the box through another port of this machine."""
        path = self.made.folder / "home" / ".ssh" / "sfml" / f"{HOST}.json"
        before = path.read_text()
        path.write_text(json.dumps({**json.loads(before), "url": f"http://127.0.0.1:{port}"}))
        try:
            yield
        finally:
            path.write_text(before)

    def token(self) -> str:
        """A token for the endpoints that lasts, as the box's owner."""
        with closing(self.made.connect()) as connection:
            statement = f"alter user local add programmatic access token T{time.monotonic_ns()}"
            return str(connection.cursor().execute(statement).fetchone()[1])

    def inside(self, command: str) -> str:
        """What a command in the container writes, without the tunnel."""
        container = self.made.container(self.engine)
        done = subprocess.run(
            [self.engine, "exec", container, "sh", "-c", command], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def world(prepared: RealBox, engine: str) -> Iterator[World]:
    """The box, started anew behind a backend with short-lived tokens; afterwards as it was."""
    prepared.sfml("local", "stop")
    options = ("--executor", "docker", "--session-lifetime", str(TOKEN_LIFETIME), "--ingress-cut-expired")
    backend = local_backend.start(prepared.project / ".sfml" / "local", *options)
    try:
        prepared.up()
        yield World(made=prepared, backend=backend, engine=engine)
    finally:
        backend.stop()
        prepared.sfml("local", "start")


def copied(world: World, sample: Path, name: str, *, seconds: float) -> subprocess.Popen[bytes]:
    """A running scp into the box's home that takes about so long."""
    limit = int(SIZE * 8 / 1000 / seconds)
    return subprocess.Popen(
        ["scp", "-q", "-l", str(limit), *world.ssh_options, str(sample), f"{HOST}:{name}"],
        stderr=subprocess.PIPE, env=world.environ,
    )  # fmt: skip


def finished(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=WITHIN + 600 * SOAK)
    assert process.returncode == 0, errors


@contextmanager
def shell_in(world: World, kind: str, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs in the box and has said that it is ready."""
    with subprocess.Popen(
        ["ssh", kind, *world.ssh_options, HOST, command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=world.environ,
    ) as shell:  # fmt: skip
        try:
            assert shell.stdout
            assert shell.stdout.readline() == b"ready\n"
            yield shell
        finally:
            shell.kill()


def typed(shell: subprocess.Popen[bytes], line: bytes) -> bytes:
    """What a shell in the box answers to a line."""
    assert shell.stdin
    assert shell.stdout
    shell.stdin.write(line)
    shell.stdin.flush()
    return shell.stdout.readline()


def ended(shell: subprocess.Popen[bytes]) -> None:
    """A shell in the box at its end."""
    assert shell.stdin
    shell.stdin.write(b"\x04" if shell.args[1] == "-tt" else b"")
    shell.stdin.close()
    assert shell.wait(WITHIN) == 0


@dataclass(frozen=True)
class Stopped:
    """A shell whose ProxyCommand does not get the processor."""

    shell: subprocess.Popen[bytes]
    client: int
    since: float


@pytest.fixture(scope="module")
def stopped(world: World) -> Iterator[Stopped]:
    """From the first test on, so that the others pass meanwhile."""
    with shell_in(world, "-T", "echo ready; cat") as shell:
        client = proxy_of(shell.pid)
        os.kill(client, signal.SIGSTOP)
        assert shell.stdin
        shell.stdin.write(b"meanwhile\n")
        shell.stdin.flush()
        try:
            yield Stopped(shell, client, time.monotonic())
        finally:
            if shell.poll() is None:
                os.kill(client, signal.SIGKILL)


def test_scp_and_shell__token_ends_again_and_again__both_go_on(
    stopped: Stopped, world: World, sample: Path
) -> None:
    with closing(CuttingProxy(("127.0.0.1", world.port))) as counting, world.by_way_of(counting.port):
        # It cuts nothing: the ingress does.
        with shell_in(world, "-tt", "stty -echo -onlcr; echo ready; cat") as shell:
            copying = copied(world, sample, "there", seconds=3.5 * TOKEN_LIFETIME)
            number = 0
            while copying.poll() is None:
                line = b"line %d\n" % number
                assert typed(shell, line) == line
                number += 1
                time.sleep(0.05)
            finished(copying)
            ended(shell)
        # The bridge is told of an end by the way that there is: so that way stays until it was.
        until(lambda: logins(world) == 1)
        connections = counting.connections
    assert taken_away(world, "there") == digest(sample)
    assert number > 0
    # Each of the two got at least two more connections: the token of the first had ended.
    assert connections >= 6


def taken_away(world: World, name: str) -> str:
    """The digest of a file in the box's home, which is gone then."""
    return world.inside(f"cd /home/dev && sha256sum {name} && rm {name}").split()[0]


def test_scp__ingress_restarted_meanwhile__goes_on(world: World, sample: Path) -> None:
    copying = copied(world, sample, "there", seconds=12)
    until(lambda: int(world.inside("stat -c %s /home/dev/there") or 0) > 8 << 20)
    port = world.port
    world.backend.process.send_signal(signal.SIGHUP)
    until(lambda: not listens(port))
    finished(copying)
    assert taken_away(world, "there") == digest(sample)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_shell__client_stopped_for_a_minute__goes_on(stopped: Stopped) -> None:
    time.sleep(max(0.0, STOPPED - (time.monotonic() - stopped.since)))
    os.kill(stopped.client, signal.SIGCONT)
    shell = stopped.shell
    assert shell.stdin
    assert shell.stdout
    assert shell.stdout.readline() == b"meanwhile\n"
    assert typed(shell, b"after\n") == b"after\n"
    ended(shell)


def proxy_of(ssh: int) -> int:
    """The ProxyCommand's process of an ssh: ``env`` and the shell before it replace themselves."""
    found = Path(f"/proc/{ssh}/task/{ssh}/children").read_text().split()
    assert len(found) == 1
    assert b"ssh-proxy" in Path(f"/proc/{found[0]}/cmdline").read_bytes()
    return int(found[0])


def test_connects_and_gets__hundreds__leave_no_process_and_no_socket(world: World) -> None:
    token, port = world.token(), world.port
    server = world.backend.process.pid
    get(port, token)

    def left() -> tuple[int, int, int]:
        return sockets_of_bridge(world), connections(server, port), logins(world)

    until(lambda: logins(world) == 0)
    before = left()
    for _ in range(COUNT):
        assert get(port, token) == 426  # /ssh is for WebSockets
    in_threads(COUNT, lambda: connect(port, token))
    deadline = time.monotonic() + WITHIN
    while any(now > was for now, was in zip(left(), before, strict=True)):
        assert time.monotonic() < deadline, f"left {left()}, before {before}"
        time.sleep(0.5)


def get(port: int, token: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
    connection.request("GET", "/ssh", headers={"Authorization": f'Snowflake Token="{token}"'})
    status = connection.getresponse().status
    connection.close()
    return status


def connect(port: int, token: str) -> None:
    """A WebSocket through the ingress as far as sshd's greeting, then gone without a word."""
    lines = [
        "GET /ssh HTTP/1.1", f"Host: 127.0.0.1:{port}", f'Authorization: Snowflake Token="{token}"',
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), WITHIN) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while b"SSH-2.0" not in answer:
            data = connection.recv(4096)
            assert data, answer
            answer += data


def in_threads(count: int, what: Callable[[], None]) -> None:
    """Call so often, from several threads; the first failure is raised."""
    with ThreadPoolExecutor(8) as threads:
        for call in [threads.submit(what) for _ in range(count)]:
            call.result()


def connections(pid: int, port: int) -> int:
    """The TCP connections that a process has, as the server of a port or as a client of the bridge's."""
    found = 0
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        local, remote, state, *more = line.split()[1:]
        ports = int(local.partition(":")[2], 16), int(remote.partition(":")[2], 16)
        is_ours = f"socket:[{more[5]}]" in files(pid)
        found += is_ours and state != LISTENS and (ports[0] == port or ports[1] == BRIDGE_PORT)
    return found


def files(pid: int) -> list[str]:
    """What a process has open."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(path.readlink()))
        except OSError:
            continue
    return found


def sockets_of_bridge(world: World) -> int:
    return int(world.inside("ls -l /proc/$(pgrep -f [s]fml.tunnel.bridge)/fd | grep -c socket:"))


def logins(world: World) -> int:
    """The processes that the box's sshd has started."""
    return int(world.inside("pgrep -c -P $(pgrep -o sshd)") or 0)


@pytest.mark.parametrize("number", ["TERM", "KILL"])
def test_box__its_container_ended__ssh_ends_with_the_reason_and_a_new_one_works(
    world: World, number: str
) -> None:
    """As a node's maintenance ends it, and as a node that fails does."""
    with shell_in(world, "-T", "echo ready; cat") as shell:
        assert typed(shell, b"before\n") == b"before\n"
        container = world.made.container(world.engine)
        subprocess.run([world.engine, "kill", "-s", number, container], check=True, capture_output=True)
        began = time.monotonic()
        _, errors = shell.communicate(timeout=WITHIN)
    assert shell.returncode == 255
    assert b"sfml: " in errors
    assert re.search(rb"state: \w+", errors), errors
    assert not SOAK or time.monotonic() - began < ENDS_WITHIN
    again = ["ssh", *world.ssh_options, HOST, "true"]
    until(lambda: subprocess.run(again, env=world.environ, capture_output=True).returncode == 0)

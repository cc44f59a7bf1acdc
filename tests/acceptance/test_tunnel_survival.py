"""ssh to a box through the local backend's ingress, while its way breaks; and what is left afterwards.

The box is a process of this machine: the bridge beside a real sshd. ``nox -s soak`` runs the same at length.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import ssh_server
import tunnel_world
from cutting import CuttingProxy
from samples import SIZE, SOAK, digest
from tunnel_world import BOX, World

pytestmark = pytest.mark.skipif(ssh_server.MISSING is not None, reason=str(ssh_server.MISSING))
COUNT = 1000 if SOAK else 200
STOPPED = 600 if SOAK else 60
TOKEN_LIFETIME = 5
WITHIN = 120.0


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A box whose ingress cuts what was admitted with a token that has ended, which is after 5 s."""
    options = ("--session-lifetime", str(TOKEN_LIFETIME), "--ingress-cut-expired")
    with (
        tempfile.TemporaryDirectory() as folder,
        ssh_server.running(Path(folder)) as sshd,
        tunnel_world.running(Path(folder), sshd, *options, through_agent=True) as found,
    ):
        yield found


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def copied(world: World, sample: Path, target: Path, *, seconds: float) -> subprocess.Popen[bytes]:
    """A running scp into the box that takes about so long."""
    limit = int(SIZE * 8 / 1000 / seconds)
    return subprocess.Popen(
        ["scp", "-q", "-l", str(limit), *world.ssh_options(), str(sample), f"box:{target}"],
        stderr=subprocess.PIPE,
    )


def finished(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=WITHIN + 600 * SOAK)
    assert process.returncode == 0, errors


@contextmanager
def shell_in(world: World, kind: str, command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs in the box and has said that it is ready."""
    with subprocess.Popen(
        ["ssh", kind, *world.ssh_options(), "box", command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
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
    stopped: Stopped, world: World, sample: Path, tmp_path: Path
) -> None:
    parts = urlsplit(world.urls[BOX])
    counting = CuttingProxy(("127.0.0.1", int(parts.port or 0)))  # it cuts nothing: the ingress does
    world.aim(f"http://127.0.0.1:{counting.port}")
    try:
        with shell_in(world, "-tt", "stty -echo -onlcr; echo ready; cat") as shell:
            copying = copied(world, sample, tmp_path / "there", seconds=3.5 * TOKEN_LIFETIME)
            before = counting.connections
            number = 0
            while copying.poll() is None:
                line = b"line %d\n" % number
                assert typed(shell, line) == line
                number += 1
                time.sleep(0.05)
            finished(copying)
    finally:
        world.aim(world.urls[BOX])
        counting.close()
    assert digest(tmp_path / "there") == digest(sample)
    assert number > 0
    # Each of the two got at least two more connections: the token of the first had ended.
    assert counting.connections - before >= 4


def test_scp__ingress_restarted_meanwhile__goes_on(world: World, sample: Path, tmp_path: Path) -> None:
    target = tmp_path / "there"
    copying = copied(world, sample, target, seconds=12)
    until(lambda: target.exists() and target.stat().st_size > 8 << 20, "nothing is copied")
    port = int(urlsplit(world.urls[BOX]).port or 0)
    world.backend.process.send_signal(signal.SIGHUP)
    until(lambda: not listens(port), "the ingress was not restarted")
    finished(copying)
    assert digest(target) == digest(sample)


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
    shell.stdin.close()
    assert shell.wait(WITHIN) == 0


def proxy_of(ssh: int) -> int:
    """The ProxyCommand's process of an ssh: ``env`` and the shell before it replace themselves."""
    found = Path(f"/proc/{ssh}/task/{ssh}/children").read_text().split()
    assert len(found) == 1
    assert b"ssh-proxy" in Path(f"/proc/{found[0]}/cmdline").read_bytes()
    return int(found[0])


def test_connects_and_gets__hundreds__leave_no_process_and_no_socket(world: World) -> None:
    token, bridge = world.token(), world.bridge()
    server = world.backend.process.pid
    get(world, token)

    def left() -> tuple[int, int, int]:
        return len(files(bridge)), len(files(server)), len(sessions(world))

    until(lambda: not sessions(world), "sessions of sshd from before")
    before = left()
    for _ in range(COUNT):
        assert get(world, token) == 426  # /ssh is for WebSockets
    in_threads(COUNT, lambda: connect(world, token))
    until(lambda: all(now <= was for now, was in zip(left(), before, strict=True)), f"left: {left()}")


def get(world: World, token: str) -> int:
    address = urlsplit(world.urls[BOX]).netloc
    connection = http.client.HTTPConnection("127.0.0.1", int(address.rpartition(":")[2]), timeout=WITHIN)
    connection.request("GET", "/ssh", headers={"Authorization": f'Snowflake Token="{token}"'})
    status = connection.getresponse().status
    connection.close()
    return status


def connect(world: World, token: str) -> None:
    """A WebSocket through the ingress as far as sshd's greeting, then gone without a word."""
    port = int(urlsplit(world.urls[BOX]).port or 0)
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


def files(pid: int) -> list[str]:
    """The sockets that a process has open."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(path.readlink()))
        except OSError:
            continue
    return [name for name in found if name.startswith("socket:")]


def sessions(world: World) -> list[str]:
    """The processes that our sshd has started."""
    pid = world.sshd.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_box__bridge_killed__ssh_ends_with_the_reason_and_a_new_one_works(world: World) -> None:
    with shell_in(world, "-T", "echo ready; cat") as shell:
        assert typed(shell, b"before\n") == b"before\n"
        os.kill(world.bridge(), signal.SIGKILL)
        _, errors = shell.communicate(timeout=WITHIN)
    assert shell.returncode == 255
    assert b"sfml: " in errors
    again = ["ssh", *world.ssh_options(), "box", "true"]
    until(lambda: subprocess.run(again, capture_output=True).returncode == 0, "the box did not come back")

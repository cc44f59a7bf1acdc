"""The tunnel beside direct ssh and beside websockify, each with one hop before the same sshd.

Ours is the whole product: ``sfml ssh-proxy``, the local backend's ingress with its checks, the bridge.
websockify stands behind the same ingress; it is a server only, so its rows use our own client with its
plain frames. Direct ssh goes through a relay that passes bytes as the ingress does. All rows of a figure
are taken in turn, so that a busy moment of the machine meets all of them.
"""

from __future__ import annotations

import os
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from measure import Row, median, once

SUPPORT = Path(__file__).parents[1] / "tests" / "support"
sys.path.insert(0, str(SUPPORT))
SIZE = 256 << 20
ROUNDS = 3
KEYS = 500
CIPHER = ("-c", "aes128-gcm@openssh.com")  # what both sides have hardware for; chacha20 would hide the tunnel


def rows() -> Iterator[Row]:
    import ssh_server

    if ssh_server.MISSING:
        raise SystemExit("bench tunnel: needs sshd and ssh")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        paths = stack.enter_context(_paths(folder))
        yield from _throughput(paths)
        yield from _keystrokes(paths)
        yield from _connects(paths)
        yield _start()


@contextmanager
def _paths(folder: Path) -> Iterator[dict[str, list[str]]]:
    """``ssh -F …`` for each way to the same sshd."""
    import ssh_server
    import tunnel_world

    peer = os.environ.get("SFML_BENCH_WEBSOCKIFY")
    with ExitStack() as stack:
        server = stack.enter_context(ssh_server.running(folder))
        port = stack.enter_context(_relay(server.port))
        world = stack.enter_context(tunnel_world.running(folder, server, websockify=peer))
        ways = {"direct": ["HostName 127.0.0.1", f"Port {port}"]}
        ways |= {name: [f"ProxyCommand {world.proxy_command(name)}"] for name in world.urls}
        yield {name: ["ssh", *CIPHER, *server.config(folder / name, *lines)] for name, lines in ways.items()}


@contextmanager
def _relay(target: int) -> Iterator[int]:
    """The port of a relay to a port of this machine."""
    command = [sys.executable, str(Path(__file__).with_name("relay.py")), str(target)]
    env = {**os.environ, "PYTHONPATH": str(SUPPORT.parents[1] / "toolkit")}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _throughput(paths: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    for direction in ("up", "down"):
        taken: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, ssh in paths.items():
                taken[name].append(_rate([*ssh, "-T", "box"], direction))
        rates = {name: statistics.median(values) for name, values in taken.items()}
        others = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items() if name != "ours")
        yield Row(what=f"tunnel, {direction}, MiB/s", figure=rates["ours"], unit="", detail=f"{others} MiB/s")
        share = rates["direct"] / rates["ours"]
        yield Row(what=f"direct ssh / tunnel, {direction}", figure=share, unit="", limit=2.0)
        if "websockify" in rates:
            yield Row(
                what=f"websockify / tunnel, {direction}",
                figure=rates["websockify"] / rates["ours"],
                unit="",
                limit=1 / 1.5,
            )


def _rate(ssh: Sequence[str], direction: str) -> float:
    """MiB/s of SIZE zero bytes, without the time that the connection takes."""
    remote = "head -c 1; cat >/dev/null" if direction == "up" else f"head -c {SIZE} /dev/zero"
    with subprocess.Popen([*ssh, remote], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        if direction == "up":
            process.stdin.write(b"x")
            process.stdin.flush()
            process.stdout.read(1)
        else:
            process.stdout.read(1)
        started = time.perf_counter()
        if direction == "up":
            block = bytes(1 << 20)
            for _ in range(SIZE >> 20):
                process.stdin.write(block)
        else:
            while process.stdout.read(1 << 18):
                pass
        process.stdin.close()
        process.wait()
        return (SIZE >> 20) / (time.perf_counter() - started)


def _keystrokes(paths: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    """Round trips of single bytes through a running `cat`."""
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        shells = {
            name: stack.enter_context(
                subprocess.Popen(
                    [*ssh, "-T", "box", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
                )
            )
            for name, ssh in paths.items()
        }
        for number in range(KEYS):
            for name, process in shells.items():
                seconds = _round_trip(process)
                if number >= KEYS // 10:
                    taken.setdefault(name, []).append(seconds * 1000)
        for process in shells.values():
            assert process.stdin
            process.stdin.close()
    for label, rank, more in (("p50", 0.5, 1.0), ("p99", 0.99, 2.0)):
        figures = {name: sorted(values)[int(len(values) * rank)] for name, values in taken.items()}
        others = ", ".join(f"{name} {value:.2f}" for name, value in figures.items() if name != "ours")
        limit = figures["direct"] + more
        yield Row(
            what=f"keystroke {label}", figure=figures["ours"], unit="ms", limit=round(limit, 2), detail=others
        )


def _round_trip(process: subprocess.Popen[bytes]) -> float:
    assert process.stdin
    assert process.stdout
    started = time.perf_counter()
    process.stdin.write(b"k")
    process.stdout.read(1)
    return time.perf_counter() - started


def _connects(paths: Mapping[str, Sequence[str]]) -> Iterator[Row]:
    taken = {
        name: median(lambda ssh=ssh: once([*ssh, "box", "true"]))  # type: ignore[misc]
        for name, ssh in paths.items()
    }
    detail = ", ".join(f"{name} {timing.wall:.3f}" for name, timing in taken.items() if name != "ours")
    yield Row(what="ssh box true", figure=taken["ours"].wall, unit="s", detail=detail)


def _start() -> Row:
    """The client's own start: it ends at once, since nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sfml.tunnel.command", f"http://127.0.0.1:{port}/ssh"]
    os.environ.setdefault("PYTHONPATH", str(SUPPORT.parents[1] / "toolkit"))
    shell = ["sh", "-c", f"{shlex.join(command)}; test $? = 255"]
    timing = median(lambda: once(shell))
    return Row(
        what="ProxyCommand start, CPU",
        figure=timing.cpu,
        unit="s",
        limit=0.12,
        detail=f"wall {timing.wall:.3f}",
    )

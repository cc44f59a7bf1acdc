"""The tunnel beside direct ssh and beside websockify, each with one hop before the same sshd.

Ours is the whole product: ``sfml ssh-proxy``, the local backend's ingress with its checks, the bridge.
websockify stands behind the same ingress, with two clients: it is a server only, so once our own client
speaks its plain frames, which flatters it, and once one that a user without sfml would write with
``websockets``. Direct ssh goes through a relay that passes bytes as the ingress does. All rows of a figure
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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from measure import Row, median, once

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))

import tunnel_ends  # noqa: E402 - what it imports is found by the line above
from tunnel_ends import PEER, THIRD, Ends  # noqa: E402

SIZE = 256 << 20
ROUNDS = 3
KEYS = 500
NAMES = {PEER: "websockify", THIRD: "websockify with websockets"}


def rows() -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sfml-bench-")))
        ends = stack.enter_context(tunnel_ends.running(folder))
        print(f"tunnel: all paths end in {ends.where}", flush=True)
        yield from _throughput(ends)
        yield from _keystrokes(ends)
        yield from _connects(ends)
    yield _start()


def _throughput(ends: Ends) -> Iterator[Row]:
    for direction in ("up", "down"):
        taken: dict[str, list[float]] = {name: [] for name in ends.ways}
        for _ in range(ROUNDS):
            for name, ssh in ends.ways.items():
                taken[name].append(_rate(ends, ssh, direction))
        rates = {name: statistics.median(values) for name, values in taken.items()}
        others = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items() if name != "ours")
        yield Row(what=f"tunnel, {direction}, MiB/s", figure=rates["ours"], unit="", detail=f"{others} MiB/s")
        share = rates["direct"] / rates["ours"]
        yield Row(what=f"direct ssh / tunnel, {direction}", figure=share, unit="", limit=2.0)
        for name in (name for name in NAMES if name in rates):
            share = rates[name] / rates["ours"]
            yield Row(what=f"{NAMES[name]} / tunnel, {direction}", figure=share, unit="", limit=1 / 1.5)


def _rate(ends: Ends, ssh: Sequence[str], direction: str) -> float:
    """MiB/s of SIZE zero bytes, without the time that the connection takes."""
    remote = "head -c 1; cat >/dev/null" if direction == "up" else f"head -c {SIZE} /dev/zero"
    with subprocess.Popen(
        [*ssh, remote], env=ends.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
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


def _keystrokes(ends: Ends) -> Iterator[Row]:
    """Round trips of single bytes through a running `cat`."""
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        shells = {
            name: stack.enter_context(
                subprocess.Popen(
                    [*ssh, "cat"], env=ends.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
                )
            )
            for name, ssh in ends.ways.items()
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


def _connects(ends: Ends) -> Iterator[Row]:
    taken = {
        name: median(lambda ssh=ssh: once([*ssh, "true"], env=ends.environ))  # type: ignore[misc]
        for name, ssh in ends.ways.items()
    }
    detail = ", ".join(f"{name} {timing.wall:.3f}" for name, timing in taken.items() if name != "ours")
    yield Row(what="ssh box true", figure=taken["ours"].wall, unit="s", detail=detail)


def _start() -> Row:
    """The client's own start: it ends at once, since nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sfml.tunnel.command", f"http://127.0.0.1:{port}/ssh"]
    os.environ.setdefault("PYTHONPATH", str(HERE.parent / "toolkit"))
    shell = ["sh", "-c", f"{shlex.join(command)}; test $? = 255"]
    timing = median(lambda: once(shell))
    return Row(
        what="ProxyCommand start, CPU",
        figure=timing.cpu,
        unit="s",
        limit=0.12,
        detail=f"wall {timing.wall:.3f}",
    )

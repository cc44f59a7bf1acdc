"""Bytes through the two real programs, over connections that break."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cutting import CuttingProxy
from sfml.tunnel.client import Client
from sfml.tunnel.dial import Place
from sfml.tunnel.patience import Patience, TunnelError
from tunnels import EchoTarget, SilentTarget, TalkingTarget, bridge, client, exchange, wait_until

MIB = 1 << 20


def sample(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def test_tunnel__bytes_and_their_end__come_back_equal(echo: EchoTarget) -> None:
    data = sample(8 * MIB)
    with bridge(echo.port) as server, client(server.url) as process:
        assert exchange(process, data) == echo.GREETING + data
        assert process.returncode == 0


# A connection passes less than ``after`` + 64 KiB in a direction, so ``fewest`` follows from the size.
@pytest.mark.parametrize(("after", "size", "fewest"), [(100_000, MIB, 7), (700_000, 16 * MIB, 22)])
def test_tunnel__connections_cut_again_and_again__no_byte_is_lost(
    echo: EchoTarget, after: int, size: int, fewest: int
) -> None:
    data = sample(size)
    with bridge(echo.port) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port), after=after)
        with client(f"http://127.0.0.1:{proxy.port}/ssh") as process:
            assert exchange(process, data) == echo.GREETING + data
        proxy.close()
    assert proxy.connections >= fewest
    assert echo.connections == 1


def test_tunnel__way_gone_for_a_while__goes_on_afterwards(echo: EchoTarget) -> None:
    data = sample(2 * MIB)
    with bridge(echo.port) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port))
        with client(f"http://127.0.0.1:{proxy.port}/ssh") as process:
            assert process.stdin
            assert process.stdout
            assert process.stdout.read(len(echo.GREETING)) == echo.GREETING
            proxy.lead_to(None)
            process.stdin.write(data[:1000])
            process.stdin.flush()
            time.sleep(1)
            proxy.lead_to(("127.0.0.1", server.port))
            assert exchange(process, data[1000:]) == data
        proxy.close()


def test_tunnel__client_stopped_longer_than_the_bridge_waits__goes_on(echo: EchoTarget) -> None:
    data = sample(2 * MIB)
    options = ("--any-user", "--heartbeat", "0.2", "--silence", "1")
    with bridge(echo.port, *options) as server, client(server.url) as process:
        assert process.stdout
        assert process.stdout.read(len(echo.GREETING)) == echo.GREETING
        files = server.open_files()
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(lambda: server.open_files() < files)  # the bridge has given the connection up
        os.kill(process.pid, signal.SIGCONT)
        assert exchange(process, data) == data
    assert echo.connections == 1


def test_tunnel__bridge_restarted__ends_with_the_reason(echo: EchoTarget) -> None:
    with bridge(echo.port) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port))
        with client(f"http://127.0.0.1:{proxy.port}/ssh") as process, bridge(echo.port) as another:
            assert process.stdout
            assert process.stdout.read(len(echo.GREETING)) == echo.GREETING
            proxy.lead_to(("127.0.0.1", another.port))
            _, errors = process.communicate(timeout=120)
        proxy.close()
    assert process.returncode == 255
    assert b"does not know this session" in errors


def test_tunnel__grace_is_over__target_is_left_and_the_reason_told(echo: EchoTarget) -> None:
    options = ("--any-user", "--heartbeat", "0.2", "--silence", "0.6", "--grace", "0.5")
    with bridge(echo.port, *options) as server, client(server.url) as process:
        assert process.stdout
        assert process.stdout.read(len(echo.GREETING)) == echo.GREETING
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(lambda: echo.open == 0)
        os.kill(process.pid, signal.SIGCONT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 255
    assert b"does not know this session" in errors


def test_tunnel__no_sshd__says_so(echo: EchoTarget) -> None:
    echo.close()
    with bridge(echo.port) as server, client(server.url) as process:
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 255
    assert b"no sshd on 127.0.0.1" in errors


@contextmanager
def client_in_thread(url: str, patience: Patience) -> Iterator[tuple[int, int, threading.Thread]]:
    """A client in this process; where it reads from, where it writes to, and its thread."""
    (source, to_client), (from_client, sink) = os.pipe(), os.pipe()
    made = Client(Place(url=url), lambda _: (), source=source, sink=sink, patience=patience)

    def run() -> None:
        with suppress(TunnelError):
            made.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield to_client, from_client, thread
    finally:
        thread.join(60)
        os.close(source)
        os.close(sink)


def test_client__sshd_says_nothing__ends_with_the_reason() -> None:
    silent = SilentTarget()
    (source, to_client), (from_client, sink) = os.pipe(), os.pipe()
    with bridge(silent.port) as server, pytest.raises(TunnelError, match="its sshd says nothing"):
        Client(
            Place(url=server.url), lambda _: (), source=source, sink=sink, patience=Patience(first_byte=0.3)
        ).run()
    for end in (source, to_client, from_client, sink):
        os.close(end)
    silent.close()


def test_bridge__client_stopped_while_much_comes__keeps_a_window_and_no_more() -> None:
    talking = TalkingTarget()
    with bridge(talking.port) as server, client(server.url) as process:
        assert process.stdout
        process.stdout.read(MIB)
        os.kill(process.pid, signal.SIGSTOP)
        before = -1
        while before != talking.sent:  # until no more is taken, or at least for a while
            before = talking.sent
            time.sleep(1)
        assert resident(server.process.pid) < 64 * MIB  # the program, and a window of 4 MiB
        assert talking.sent < 256 * MIB  # beside the window, what the system's sockets hold
    talking.close()


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_client__ssh_gone_while_there_is_no_way__does_not_try_for_long(echo: EchoTarget) -> None:
    with bridge(echo.port) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port))
        url = f"http://127.0.0.1:{proxy.port}/ssh"
        with client_in_thread(url, Patience(ending=0.2)) as (to_client, from_client, thread):
            assert os.read(from_client, 1) == b"S"
            proxy.lead_to(None)
            os.close(to_client)
            os.close(from_client)
            thread.join(120)  # it would try for 600 s for an ssh that is there
            assert not thread.is_alive()
        proxy.close()


def test_client__ssh_gone_while_there_is_no_way__tells_the_bridge_by_the_next(echo: EchoTarget) -> None:
    with bridge(echo.port) as server:
        proxy = CuttingProxy(("127.0.0.1", server.port))
        url = f"http://127.0.0.1:{proxy.port}/ssh"
        with client_in_thread(url, Patience(ending=300)) as (to_client, from_client, _):
            assert os.read(from_client, 1) == b"S"
            proxy.lead_to(None)
            os.close(to_client)
            os.close(from_client)
            proxy.lead_to(("127.0.0.1", server.port))
            wait_until(lambda: echo.open == 0)  # in a quarter of an hour, if it were not told
        proxy.close()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_client__ended_by_a_signal__leaves_nothing_at_the_bridge(
    echo: EchoTarget, number: signal.Signals
) -> None:
    with bridge(echo.port) as server:
        before = server.open_files()
        with client(server.url) as process:
            assert process.stdout
            assert process.stdout.read(len(echo.GREETING)) == echo.GREETING
            process.send_signal(number)
            process.wait(60)
            wait_until(lambda: echo.open == 0 and server.open_files() == before)


def test_client__two_signals_at_once__ends_without_a_traceback(echo: EchoTarget) -> None:
    with bridge(echo.port) as server, client(server.url) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(len(echo.GREETING)) == echo.GREETING
        for number in (signal.SIGSTOP, signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
            process.send_signal(number)
        assert (process.wait(60), process.stderr.read()) == (0, b"")

"""Read the plan, start the run, record its output with times, end it, report.

The plan is one line of JSON on stdin; the run lives as long as stdin stays open, so closing it is the order
to kill, and a server that dies gives the same order. Reports are lines of JSON on stdout.
"""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
import time

from sfml.emulator.executors.supervisor import tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sfml.emulator.executors.supervisor.warm import Offer

_CHUNK = 1 << 16
_TIME_RECORD = struct.Struct("<dQ")  # when a chunk was written, and the log's size after it


def main() -> None:
    """A supervisor that was started as a program."""
    supervise()


def supervise(loaded: dict[str, str] | None = None) -> None:
    """The whole of it, in a process whose stdin and stdout lead to the server.

    ``loaded`` is not None in one that has the launcher's modules (see ``warm.py``).
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal's Ctrl-C is for the client
    wake = tree.wake_on_child()
    plan = json.loads(_first_line())
    reader, writer = os.pipe()
    log = _Log(plan["log"], reader)
    offer = _offer(plan, loaded)
    try:
        pid, reason = tree.start(plan, writer, offer)
    except OSError as error:  # no namespaces, no more processes
        pid, reason = 0, str(error)
    if reason:
        _report(event="ended", code=None, reason=reason)
        return
    _report(event="started")
    isolated = bool(plan["root"])
    if isolated or offer is None:  # else the launcher will need it
        os.close(writer)
    code = _follow(pid, wake, log, None if isolated else offer, writer)
    _report(event="ended", code=code, reason="")


def _offer(plan: dict[str, object], loaded: dict[str, str] | None) -> Offer | None:
    if loaded is None:
        return None
    from sfml.emulator.executors.supervisor.warm import prepare

    return prepare(plan, loaded)


def _follow(pid: int, wake: int, log: _Log, offer: Offer | None, output: int) -> int:
    """Record output until the run ends by itself or is told to; its exit code."""
    poll = select.poll()
    for descriptor in (0, wake, log.reader, *([offer.request] if offer else [])):
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
    status = None
    while status is None:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if log.reader in ready and not log.copy():
            poll.unregister(log.reader)  # the run closed its output and goes on
        if offer and offer.request in ready and offer.read():
            poll.unregister(offer.request)
            offer.start(output)
        if wake in ready:
            os.read(wake, 4096)
            ended = tree.reap()
            status = ended.get(pid)
            if offer:
                offer.answer(ended)
        if 0 in ready and status is None and not os.read(0, 4096):
            status = signal.SIGKILL
    tree.end(pid)
    while log.copy():
        pass
    return tree.exit_code(status)


class _Log:
    """Appends what comes through the pipe to the log file. A full disk loses output, never the run."""

    def __init__(self, path: str, reader: int) -> None:
        self.reader = reader
        os.set_blocking(reader, False)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._text = os.open(path, flags, 0o600)
        self._times = os.open(path + ".times", flags, 0o600)
        self._size = os.fstat(self._text).st_size

    def copy(self) -> bool:
        """One chunk; False when there is none."""
        try:
            chunk = os.read(self.reader, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            return False
        try:
            self._size += os.write(self._text, chunk)
            os.write(self._times, _TIME_RECORD.pack(time.time(), self._size))
        except OSError:
            pass
        return True


def _first_line() -> bytes:
    parts = b""
    while not parts.endswith(b"\n"):
        part = os.read(0, _CHUNK)
        if not part:
            sys.exit("no plan on stdin")
        parts += part
    return parts


def _report(**report: object) -> None:
    try:
        os.write(1, json.dumps({**report, "at": time.time()}).encode() + b"\n")
    except BrokenPipeError:  # the server is gone; its successor reads the state directory
        pass

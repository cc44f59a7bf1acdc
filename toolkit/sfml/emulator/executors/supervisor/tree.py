"""Starting a run's first process and ending all of its processes, with and without namespaces."""

from __future__ import annotations

import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sfml.emulator.executors.supervisor.warm import Offer

LINUX = sys.platform == "linux"
_CANNOT_RUN = 127
# What Python and the supervisor set for themselves and a program does not expect to inherit.
CHANGED_SIGNALS = (
    signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD,
)  # fmt: skip


def start(plan: dict[str, object], output: int, offer: Offer | None) -> tuple[int, str]:
    """The pid to wait for, and why the command could not be started ('' when it runs)."""
    failed, reporter = os.pipe()
    if LINUX:
        from sfml.emulator.executors.supervisor import linux, namespace

        namespace.enter() if plan["root"] else linux.adopt_orphans()
    pid = os.fork()
    if pid == 0:
        os.close(failed)
        _child(plan, output, reporter, offer)
    os.close(reporter)
    reason = _read_all(failed)
    os.close(failed)
    if reason:
        os.waitpid(pid, 0)
    return pid, reason


def end(pid: int) -> None:
    """Kill the run's first process, its group and all descendants; returns when none is left.

    In a namespace that process is the init, with which the kernel kills all others.
    """
    _signal(-pid)
    while left := _descendants():
        for number in left:
            _signal(number)
        time.sleep(0.002)
        reap()


def reap() -> dict[int, int]:
    """Exit statuses of the children that have ended, orphans that this process adopted among them."""
    statuses = {}
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            statuses[ended[0]] = ended[1]
    except ChildProcessError:
        pass
    return statuses


def exit_code(status: int) -> int:
    """As a shell has it: 128 + n for signal n."""
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    for descriptor in (reader, writer):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reader


def _child(plan: dict[str, object], output: int, reporter: int, offer: Offer | None) -> None:
    """In the new process: become the run (or the init of its namespace, and the run is its child)."""
    try:
        if LINUX:
            from sfml.emulator.executors.supervisor import linux

            linux.die_with_parent()
        if plan["root"]:
            from sfml.emulator.executors.supervisor import namespace

            namespace.build(str(plan["root"]), plan["mounts"])  # type: ignore[arg-type]
            wake = wake_on_child()
            first = os.fork()
            if first:
                os.close(reporter)
                _be_init(first, output, wake, offer)
        _become(plan, output)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in an argument
        os.write(reporter, str(error).encode())
    finally:
        os._exit(_CANNOT_RUN)


def _be_init(first: int, output: int, wake: int, offer: Offer | None) -> None:
    """Reap what dies in this namespace until its first process ends; the kernel then kills the rest."""
    for descriptor in (0, 1):
        os.close(descriptor)
    poll = select.poll()
    poll.register(wake, select.POLLIN)
    if offer:
        poll.register(offer.request, select.POLLIN | select.POLLHUP)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if offer and offer.request in ready and offer.read():
            poll.unregister(offer.request)
            offer.start(output)
        if wake in ready:
            os.read(wake, 4096)
            ended = reap()
            if offer:
                offer.answer(ended)
            if first in ended:
                os._exit(exit_code(ended[first]))


def _become(plan: dict[str, object], output: int) -> None:
    os.setsid()
    for number in CHANGED_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(str(plan["cwd"]))
    command: list[str] = plan["command"]  # type: ignore[assignment]
    environment: dict[str, str] = plan["environment"]  # type: ignore[assignment]
    try:
        os.execvpe(command[0], command, environment)
    except FileNotFoundError:  # its text names the last directory of PATH that was tried
        raise FileNotFoundError(f"{command[0]}: no such program in the run's environment") from None


def _descendants() -> list[int]:
    """Living children of this process and theirs; on Linux their orphans too, which it adopts."""
    parents = _parents()
    found: list[int] = []
    wanted = [os.getpid()]
    while wanted:
        parent = wanted.pop()
        children = [pid for pid, its_parent in parents.items() if its_parent == parent]
        found += children
        wanted += children
    return found


def _parents() -> dict[int, int]:
    if not LINUX:
        return {}  # elsewhere the session's process group, killed before, is all that can be named
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
            except OSError:  # it ended meanwhile
                continue
            if state != b"Z":
                parents[int(name)] = int(parent)
    return parents


def _signal(number: int) -> None:
    try:
        os.kill(number, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _read_all(descriptor: int) -> str:
    parts = []
    while part := os.read(descriptor, 4096):
        parts.append(part)
    return b"".join(parts).decode(errors="replace")

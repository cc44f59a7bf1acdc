"""What can be seen of the box that this process runs in: terminals, doors and programs."""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sfml.devbox.use import Sample

TERMINALS = Path("/dev/pts")
PROCESSES = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
# Programs that are not their user's: the box's own, and editors' servers, which look at files for ever.
_OWN_COMMANDS = ("sfml.tunnel.bridge", "sfml.devbox", "jupyter-lab")
_OWN_PROGRAMS = ("sshd", "tini", "code-server")
_OWN_FOLDERS = ("/opt/code-server/", "/.vscode-server/", "/.cursor-server/")


def sample(doors: Mapping[str, Callable[[], int]]) -> Sample:
    """The box now; ``doors`` say how many bytes went through them so far."""
    return Sample(
        at=time.monotonic(),
        keys=dict(keys(TERMINALS)),
        passed={name: count() for name, count in doors.items()},
        computed=dict(computed(PROCESSES)),
    )


def keys(folder: Path) -> Iterator[tuple[str, float]]:
    """The user's terminals, and when each was last read from: by that `w` knows who is idle."""
    for path in folder.glob("[0-9]*"):
        try:
            status = path.stat()
        except OSError:
            continue  # closed meanwhile
        if status.st_uid == os.getuid():
            yield path.name, status.st_atime


def computed(folder: Path) -> Iterator[tuple[tuple[int, str], float]]:
    """The CPU seconds of each of the user's programs and of those that it has waited for."""
    for path in folder.glob("[0-9]*"):
        try:
            name, fields = _status((path / "stat").read_text(encoding="utf-8", errors="replace"))
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            program = str((path / "exe").readlink())
        except OSError:
            continue  # ended meanwhile, or another user's
        if not _is_own(name, program, command):
            yield (int(path.name), name), sum(int(field) for field in fields[11:15]) / _TICKS


def _status(text: str) -> tuple[str, list[str]]:
    """The name, and the fields after it (proc(5)): the name may hold spaces and brackets."""
    begin, end = text.index("("), text.rindex(")")
    return text[begin + 1 : end], text[end + 2 :].split()


def _is_own(name: str, program: str, command: str) -> bool:
    return (
        name in _OWN_PROGRAMS
        or any(folder in program for folder in _OWN_FOLDERS)
        or any(own in command for own in _OWN_COMMANDS)
    )


def bridge_bytes(port: int) -> int:
    """How many bytes of ssh the bridge has carried; 0 while it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/activity")
        return int(json.loads(connection.getresponse().read())["bytes"])
    except (OSError, http.client.HTTPException, ValueError):
        return 0
    finally:
        connection.close()


def tell(text: str) -> int:
    """Write a line to each of the user's terminals; how many there were."""
    line = f"\r\n{text}\r\n".encode()
    return sum(_write(path, line) for path in TERMINALS.glob("[0-9]*"))


def _write(path: Path, line: bytes) -> bool:
    try:
        if path.stat().st_uid != os.getuid():
            return False
        terminal = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        os.write(terminal, line)
    except OSError:
        return False  # full: nobody reads it
    finally:
        os.close(terminal)
    return True

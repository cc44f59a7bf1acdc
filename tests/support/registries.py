"""The registry of a local backend, seen from outside: its process, and whether something is on its way."""

from __future__ import annotations

import time
from pathlib import Path

WITHIN = 120.0


def find(state: Path) -> int | None:
    """The process id of the registry that runs on this state directory."""
    wanted = f"serve\0{state}/registry/config.json\0".encode()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if line.endswith(wanted) and b"sh\0-c" not in line:
            return int(file.parent.name)
    return None


def running(state: Path) -> int:
    """The same, once it runs."""
    deadline = time.monotonic() + WITHIN
    while (found := find(state)) is None:
        assert time.monotonic() < deadline, "no registry runs"
        time.sleep(0.05)
    return found


def wait_for_upload(state: Path, within: str = "") -> None:
    """Come back when a layer is on its way; ``within``: the end of a path, ``repository/image``."""
    deadline = time.monotonic() + WITHIN
    while not any((state / "registry").rglob(str(Path(within, "_uploads", "*")))):
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.005)

"""What the output and the exit code of a program tell of why it ended (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class Cause(StrEnum):
    """Why something did not run, or ended badly."""

    IMAGE_MISSING = "image missing"
    IMAGE_NAME = "image name"
    ARCHITECTURE = "architecture"
    NO_ROOM = "no room"
    NO_NODE = "no node"
    PROBE = "probe"
    SHARED_MEMORY = "shared memory"
    GPU_MEMORY = "gpu memory"
    MEMORY = "memory"
    NETWORK = "network"
    SECRET = "secret"  # noqa: S105 - a word, no secret
    PRIVILEGE = "privilege"
    NOT_EXECUTABLE = "not executable"
    COMMAND_MISSING = "command missing"
    CRASH = "crash"
    ENDED = "ended from outside"
    PROGRAM = "program"


# A shell reports a program that a signal ended as 128 + the signal's number (bash(1), "EXIT STATUS"); 126 and
# 127 are its own for what cannot be executed and what is not there.
_BY_CODE = {
    126: Cause.NOT_EXECUTABLE,
    127: Cause.COMMAND_MISSING,
    134: Cause.CRASH,
    135: Cause.SHARED_MEMORY,
    137: Cause.MEMORY,
    139: Cause.CRASH,
    143: Cause.ENDED,
}

_IN_LINES = (
    (
        Cause.SHARED_MEMORY,
        re.compile(
            r"Bus error|insufficient shared memory|unable to write to file </torch_"
            r"|No space left on device:? '?/(?:dev/shm|psm_|torch_|sem\.)"
            r"|/dev/shm\S*'?:? No space left|unable to (?:allocate|open|mmap)[^\n]{0,40}shared memory"
        ),
    ),
    (
        Cause.GPU_MEMORY,
        re.compile(r"CUDA out of memory|CUDA error: out of memory|CUBLAS_STATUS_ALLOC_FAILED"),
    ),
    (
        Cause.MEMORY,
        re.compile(
            r"MemoryError|OutOfMemory|[Oo]ut of memory|Cannot allocate memory|bad_alloc|can't allocate memory"
        ),
    ),
    (
        Cause.NETWORK,
        re.compile(
            r"Temporary failure in name resolution|Name or service not known|NameResolutionError"
            r"|Could not resolve host|Max retries exceeded|Network is unreachable|ConnectTimeout"
            r"|Connection timed out|No route to host"
        ),
    ),
    (Cause.PRIVILEGE, re.compile(r"Insufficient privileges|does not exist or not authorized")),
    (Cause.ARCHITECTURE, re.compile(r"[Ee]xec format error")),
    (Cause.COMMAND_MISSING, re.compile(r"executable file not found|: (?:command )?not found$", re.MULTILINE)),
)
_HOST = re.compile(
    r"host='([\w.-]+)'|[Cc]ould not resolve host: ([\w.-]+)|[Ff]ailed to resolve '([\w.-]+)'"
    r"|://([\w-]+(?:\.[\w-]+)+)"
)


def causes(lines: Iterable[str]) -> list[Cause]:
    """What a program's last lines speak of, the likeliest cause first."""
    text = "\n".join(lines)
    return [cause for cause, pattern in _IN_LINES if pattern.search(text)]


def cause_of_code(code: int | None) -> Cause | None:
    """What an exit code alone says; None for the program's own ones."""
    return None if code is None else _BY_CODE.get(code)


def host_in(lines: Iterable[str]) -> str | None:
    """The host that a program could not reach, where its lines name one."""
    found = _HOST.search("\n".join(lines))
    return next((group for group in found.groups() if group), None) if found else None

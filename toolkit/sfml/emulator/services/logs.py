"""Reading a run's output: the end of it, and its lines with the time at which each was written."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sfml.emulator.executors.base import LogFiles

LIMIT = 100 * 1024
"""SYSTEM$GET_SERVICE_LOGS returns up to 100 KB from the end (its documentation page)."""
_RECORD = struct.Struct("<dQ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    at: datetime
    text: str


def tail(path: Path, *, lines: int | None = None, limit: int = LIMIT) -> str:
    """The last whole lines in ``limit`` bytes, at most ``lines`` of them; undecodable bytes replaced."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - limit))
        data = file.read(limit)
    if size > limit and b"\n" in data[:-1]:
        data = data[data.index(b"\n") + 1 :]
    text = data.decode("utf-8", "replace")
    if lines is None:
        return text.removesuffix("\n")
    return "\n".join(text.removesuffix("\n").split("\n")[-lines:]) if lines > 0 else ""


def timed(path: Path, *, after: datetime | None = None, until: datetime | None = None) -> Iterator[Line]:
    """The lines written from ``after`` to ``until``. A line's time is that of the write that completed it.

    A line whose time is not written down yet is left for the next look: it must not change its time later.
    """
    if not path.exists():
        return
    ends, times = _writes(LogFiles(text=path).times)
    position = 0
    with path.open("rb") as file:
        for data in file:
            position += len(data)
            if (index := bisect.bisect_left(ends, position)) == len(times):
                return
            at = datetime.fromtimestamp(times[index], UTC)
            if (after is None or at >= after) and (until is None or at <= until):
                yield Line(at=at, text=data.decode("utf-8", "replace").removesuffix("\n"))


def both(path: Path, after: datetime, until: datetime | None) -> Iterator[Line]:
    """The lines of the previous log and then of this one, as :func:`timed`."""
    yield from timed(LogFiles(text=path).previous, after=after, until=until)
    yield from timed(path, after=after, until=until)


def _writes(path: Path) -> tuple[list[int], list[float]]:
    """After each write: the size of the log, and the time."""
    data = path.read_bytes() if path.exists() else b""
    whole = data[: len(data) // _RECORD.size * _RECORD.size]
    records = list(_RECORD.iter_unpack(whole))
    return [end for _, end in records], [at for at, _ in records]

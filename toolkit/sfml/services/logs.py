"""Turning windows on a log into its lines: each line once, in order, and every gap known (no I/O).

SYSTEM$GET_SERVICE_LOGS answers the last 100 KB of what a container wrote, as one text. Two such windows
overlap by the lines that both hold; where they hold none in common, the lines between them are not in either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# docs.snowflake.com, SYSTEM$GET_SERVICE_LOGS: "up to 100 KB" of the most recent lines.
WINDOW_BYTES = 100 * 1024
MISSING = "[lines missing]"
# With include_timestamps, a line starts like this; the space after it is the function's own.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d) ?")
# This many lines on each side of a gap are looked up in the persisted log.
_ANCHOR = 20


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Lines were lost between these two runs of lines; none before: at the start of the log."""

    before: tuple[str, ...]
    after: tuple[str, ...]


Item = str | Gap


@dataclass(kw_only=True)
class Merger:
    """Takes one window after the other and gives the lines that are new in it."""

    limit: int = WINDOW_BYTES
    _tail: list[str] = field(default_factory=list)
    _unfinished: str | None = None
    _shown: str | None = None

    def feed(self, window: str, *, last: bool = False) -> list[Item]:
        """The new lines, with a ``Gap`` before the first line that follows one.

        A last line without its end is held back until the next window shows it again, or has its rest;
        ``last`` says that there will be none.
        """
        lines, unfinished = _split(window)
        full = len(window.encode()) >= self.limit - 4  # a window is never cut inside a character
        if full and len(lines) > 1:
            lines = lines[1:]  # the window may begin in the middle of this one
        known = _overlap(self._tail, lines)
        new = self._without_shown(lines[known:])
        begins = full and not self._tail
        items = self._items(new, lost=bool(lines) and known == 0 and (begins or bool(self._tail)))
        self._tail = lines or self._tail
        return [*items, *self._last_line(unfinished, last=last)]

    def _items(self, new: list[str], *, lost: bool) -> list[Item]:
        if not lost:
            return list(new)
        before = tuple(plain(line) for line in self._tail[-_ANCHOR:])
        return [Gap(before=before, after=tuple(plain(line) for line in new[:_ANCHOR])), *new]

    def _without_shown(self, new: list[str]) -> list[str]:
        """What was shown of an unfinished line is not shown again when the line is complete."""
        if self._shown is None or not new:
            return new
        shown, self._shown = self._shown, None
        if not new[0].startswith(shown):
            return new
        rest = new[0][len(shown) :]
        return [rest, *new[1:]] if rest else new[1:]

    def _last_line(self, unfinished: str | None, *, last: bool) -> list[Item]:
        seen_before = unfinished is not None and unfinished == self._unfinished
        self._unfinished = unfinished
        if unfinished is None or not (last or seen_before) or unfinished == self._shown:
            return []
        text = unfinished
        if self._shown is not None and text.startswith(self._shown):
            text = text[len(self._shown) :]
        self._shown = unfinished
        return [text] if text else []


def plain(line: str) -> str:
    """The line without the timestamp that the service put before it."""
    return _TIMESTAMP.sub("", line, count=1) if _TIMESTAMP.match(line) else line


def between(kept: Sequence[str], gap: Gap) -> list[str] | None:
    """The lines of a gap, out of the whole log that was kept elsewhere; None where it lacks an end of it."""
    start = _find_last(kept, gap.before) if gap.before else 0
    if start is None:
        return None
    start += len(gap.before)
    end = _find_first(kept, gap.after, start)
    return None if end is None else list(kept[start:end])


def delays(shortest: float = 0.2, longest: float = 5.0, growth: float = 1.5) -> Iterator[float]:
    """How long to wait before each next look, as long as there is nothing new."""
    delay = shortest
    while True:
        yield delay
        delay = min(delay * growth, longest)


def _split(window: str) -> tuple[list[str], str | None]:
    """Complete lines, and the last line where its end is missing."""
    lines = window.split("\n")
    unfinished = lines.pop()
    return lines, unfinished or None


def _overlap(seen: Sequence[str], lines: Sequence[str]) -> int:
    """How many lines at the start of ``lines`` are the last lines of ``seen`` (the most that fit)."""
    if list(lines[: len(seen)]) == list(seen):
        return len(seen)
    # The prefix function of Knuth, Morris and Pratt, on ``lines``, driven by ``seen``: linear in both.
    prefix = _prefix_function(lines)
    matched = 0
    for line in seen:
        while matched and (matched == len(lines) or lines[matched] != line):
            matched = prefix[matched - 1]
        if matched < len(lines) and lines[matched] == line:
            matched += 1
    return matched


def _prefix_function(lines: Sequence[str]) -> list[int]:
    prefix = [0] * len(lines)
    for position in range(1, len(lines)):
        length = prefix[position - 1]
        while length and lines[position] != lines[length]:
            length = prefix[length - 1]
        prefix[position] = length + 1 if lines[position] == lines[length] else length
    return prefix


def _find_last(lines: Sequence[str], part: Sequence[str]) -> int | None:
    matches = (at for at in range(len(lines) - len(part), -1, -1) if lines[at] == part[0])
    return (
        next((at for at in matches if tuple(lines[at : at + len(part)]) == tuple(part)), None)
        if part
        else None
    )


def _find_first(lines: Sequence[str], part: Sequence[str], start: int) -> int | None:
    matches = (at for at in range(start, len(lines) - len(part) + 1) if part and lines[at] == part[0])
    return next((at for at in matches if tuple(lines[at : at + len(part)]) == tuple(part)), None)

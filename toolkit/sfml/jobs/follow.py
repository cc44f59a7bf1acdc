"""Follow a job to its end: its lines as they come, and its last state at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfml import sql
from sfml.errors import NotFinishedError, RefusedError
from sfml.jobs.logs import ScriptLines
from sfml.services.logs import Merger, delays
from sfml.services.status import JobStatus, job_status
from sfml.services.watch import LogReader, Watch
from sfml.session.faults import translated
from sfml.session.rows import rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# After so long without a container, say what the pool does; then again after each of the second.
_FIRST_NOTICE, _NEXT_NOTICE = 5.0, 60.0

# So many of the last lines are kept, to explain a failure with.
_KEPT = 50

Show = Callable[[str], None]


def _nowhere(_line: str) -> None:
    """For lines that nobody wants."""


@dataclass(kw_only=True)
class Followed:
    """A job that has ended, and the last lines: its script's where that ``started``, else the launcher's.

    ``crash``: the traceback that ended the script, which is not among the lines that were shown.
    """

    status: JobStatus
    last_lines: list[str]
    started: bool
    crash: list[str]


def read_once(connection: SnowflakeConnection, job_id: str, *, instance: int = 0) -> list[str]:
    """The lines of the log of a job's node as far as it has come, the launcher's too."""
    reader = LogReader(connection=connection, job_id=job_id, instance=instance)
    with translated():
        return list(reader.fill(Merger().feed(reader.window() or "", last=True)))


def script_lines(lines: Iterable[str]) -> list[str]:
    """Of a log, what the script wrote, and the traceback that ended it."""
    script = ScriptLines()
    shown = [text for line in lines for text in script.feed(line)]
    return [*shown, *script.end(), *script.crash]


def look_back(connection: SnowflakeConnection, status: JobStatus) -> Followed:
    """A job that had ended before anybody looked, as if it had been followed."""
    if status.status == "DONE":  # nothing will have to be explained
        return Followed(status=status, last_lines=[], started=True, crash=[])
    lines = read_once(connection, status.job_id)
    script = ScriptLines()
    shown = [text for line in lines for text in script.feed(line)]
    last = [*shown, *script.end()] if script.started else lines
    return Followed(status=status, last_lines=last[-_KEPT:], started=script.started, crash=script.crash)


@dataclass(kw_only=True)
class Follower:
    """One job being followed; ``verbose`` shows the launcher's lines too, ``record`` is given all of them."""

    connection: SnowflakeConnection
    job_id: str
    show: Show
    notice: Show
    verbose: bool = False
    record: Show = _nowhere
    _merger: Merger = field(default_factory=Merger)
    _script: ScriptLines = field(default_factory=ScriptLines)
    _last: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def run(self, *, timeout: float | None = None) -> Followed:
        """Show the log until the job has ended; NotFinishedError when the time is over before."""
        watch = Watch(self.connection, self.job_id)
        reader = LogReader(connection=self.connection, job_id=self.job_id)
        began = time.monotonic()
        pause, notices = delays(), self._notices(began)
        while True:
            over = watch.ended.is_set()
            if self._show_new(reader, last=over):
                pause = delays()
            if over:
                break
            next(notices)
            self._require_time(began, timeout)
            left = float("inf") if timeout is None else began + timeout - time.monotonic()
            watch.ended.wait(max(0.0, min(next(pause), left)))
        status = watch.status()
        self._end(status)
        return Followed(
            status=status,
            last_lines=list(self._last),
            started=self._script.started,
            crash=self._script.crash,
        )

    def _show_new(self, reader: LogReader, *, last: bool) -> bool:
        with translated():
            window = reader.window()
            items = [] if window is None else self._merger.feed(window, last=last)
            for line in reader.fill(items):
                self._take(line)
        return bool(items)

    def _take(self, line: str) -> None:
        """Show the line when it is the script's, all lines when ``verbose``; keep the last ones."""
        self.record(line)
        before = self._script.started
        script = self._script.feed(line)
        if not self._script.started:
            self._last.append(line)
        elif not before:
            self._last.clear()  # what came before the script is of no interest any more
        for text in [line] if self.verbose else script:
            self.show(text)
        self._last.extend(script)

    def _end(self, status: JobStatus) -> None:
        """Show what was held back; a script that went on after what looked like its crash had none."""
        rest = self._script.end()
        if status.status == "DONE":
            rest += self._script.crash
        for line in [] if self.verbose else rest:
            self.show(line)
        self._last.extend(rest)

    def _require_time(self, began: float, timeout: float | None) -> None:
        if timeout is not None and time.monotonic() - began >= timeout:
            raise NotFinishedError(
                f"the job {self.job_id} has not ended within {timeout:g} s; it goes on",
                hint=f"`sfml jobs wait {self.job_id}` sees it through",
            )

    def _notices(self, began: float) -> Iterator[None]:
        """While nothing of the job is seen: say now and then what it waits for."""
        after = _FIRST_NOTICE
        while True:
            if not self._last and time.monotonic() - began >= after:
                status = job_status(self.connection, self.job_id)
                if status.status == "PENDING":
                    pool = status.compute_pool
                    self.notice(f"waiting for a node of {pool}{self._pool(pool)}")
                after += _NEXT_NOTICE
            yield

    def _pool(self, name: str) -> str:
        try:
            with translated():
                rows = rows_of(self.connection, sql.show(sql.Kind.COMPUTE_POOL, like=name))
        except RefusedError:
            return ""
        texts = (
            f" ({row['state']}, {row['active_nodes']} of {row['max_nodes']} nodes in use)"
            for row in rows
            if row["name"] == name
        )
        return next(texts, "")

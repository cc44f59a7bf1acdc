"""Follow every container of a job or service: lines as they come, and what it waits for until then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfml.errors import NotFinishedError
from sfml.services import observe
from sfml.services.evidence import Subject
from sfml.services.explain import Diagnosis, diagnose
from sfml.services.logs import Merger, delays
from sfml.services.signs import Cause
from sfml.services.status import TERMINAL, JobStatus, job_status
from sfml.services.watch import LogReader, Watch
from sfml.session.faults import translated
from sfml.session.rows import over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# After so long without a line, say what it waits for; then again after each of the second.
_FIRST_NOTICE, _NEXT_NOTICE = 5.0, 20.0
# So many of each container's last lines are kept, to explain a failure with.
_KEPT = 50
# What waiting does not cure. The rest may: a node comes, a probe answers.
_HOPELESS = frozenset({Cause.IMAGE_MISSING, Cause.IMAGE_NAME, Cause.ARCHITECTURE, Cause.SECRET})

# When to stop: a service that was suspended writes nothing any more.
_STOPPED = TERMINAL | {"SUSPENDED"}
_READY = _STOPPED | {"RUNNING"}

Show = Callable[[str], None]


@dataclass(kw_only=True)
class Stream:
    """The log of one container of one instance; ``label`` stands before its lines."""

    reader: LogReader
    label: str = ""
    merger: Merger = field(default_factory=Merger)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def new(self, *, last: bool) -> Iterator[str]:
        """The lines that came since the last look."""
        window = self.reader.window()
        items = [] if window is None else self.merger.feed(window, last=last)
        for line in self.reader.fill(items):
            self.last.append(line)
            yield f"{self.label}{line}"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How it ended, and the last lines of each container; ``stuck``: it never will, and why."""

    status: JobStatus
    lines: dict[str, list[str]]
    stuck: Diagnosis | None = None


@dataclass(kw_only=True)
class Follower:
    """A job or service being followed; ``patience`` is how long something hopeless is given.

    ``ready``: until the service is ready. Else until the job has ended, or the service stopped.
    """

    connection: SnowflakeConnection
    subject: Subject
    show: Show
    notice: Show
    ready: bool = False
    patience: float = 30.0
    _said: str = ""
    _hopeless_since: float | None = None

    def run(self, *, timeout: float | None = None) -> Ended:
        """Show the logs until the end; NotFinishedError after ``timeout``."""
        final = _READY if self.ready else _STOPPED
        watch = Watch(
            self.connection,
            self.subject.name,
            until=lambda status: status.status in final,
            state="RUNNING" if self.ready else "DONE",
        )
        streams = self._streams()
        began = time.monotonic()
        pause, looks = delays(), self._looks(began, streams)
        while True:
            over_now = watch.ended.is_set()
            if self._show_new(streams, last=over_now):
                pause = delays()
            if over_now:
                return self._ended(watch.status(), streams)
            stuck = next(looks)
            if stuck is not None:
                return self._ended(job_status(self.connection, self.subject.name), streams, stuck)
            self._require_time(began, timeout)
            left = float("inf") if timeout is None else began + timeout - time.monotonic()
            watch.ended.wait(max(0.0, min(next(pause), left)))

    def _streams(self) -> list[Stream]:
        return [
            Stream(
                reader=LogReader(
                    connection=self.connection,
                    job_id=self.subject.name,
                    instance=instance,
                    container=container,
                ),
                label=self._label(container, instance),
            )
            for instance in range(self.subject.instances)
            for container in self.subject.containers
        ]

    def _label(self, container: str, instance: int) -> str:
        words = [container] if len(self.subject.containers) > 1 else []
        words += [str(instance)] if self.subject.instances > 1 else []
        return f"[{' '.join(words)}] " if words else ""

    def _show_new(self, streams: Sequence[Stream], *, last: bool) -> bool:
        seen = False
        with translated():
            for stream in streams:
                for line in stream.new(last=last):
                    self.show(line)
                    seen = True
        return seen

    def _looks(self, began: float, streams: Sequence[Stream]) -> Iterator[Diagnosis | None]:
        """While nothing was written: now and then what it waits for; the reason where it waits in vain."""
        after = _FIRST_NOTICE
        while True:
            stuck = None
            silent = self.ready or not any(stream.last for stream in streams)
            if silent and time.monotonic() - began >= after:
                stuck = self._look()
                after = time.monotonic() - began + (_FIRST_NOTICE if self._hopeless_since else _NEXT_NOTICE)
            yield stuck

    def _look(self) -> Diagnosis | None:
        status = job_status(self.connection, self.subject.name)
        if status.status != "PENDING":
            return None
        evidence = observe.gather(over(self.connection), status, self.subject, lines={})
        found = diagnose(evidence)
        waits = next((text for _, text in evidence.messages), "no node yet")
        step = f" ({found.steps[0]})" if found and found.steps else ""
        self._say(f"waiting on {status.compute_pool}: {found.what if found else waits}{step}")
        return self._given_up(found)

    def _given_up(self, found: Diagnosis | None) -> Diagnosis | None:
        if found is None or found.cause not in _HOPELESS:
            self._hopeless_since = None
            return None
        self._hopeless_since = self._hopeless_since or time.monotonic()
        return found if time.monotonic() - self._hopeless_since >= self.patience else None

    def _say(self, text: str) -> None:
        if text != self._said:
            self.notice(text)
        self._said = text

    def _ended(self, status: JobStatus, streams: Sequence[Stream], stuck: Diagnosis | None = None) -> Ended:
        lines: dict[str, list[str]] = {}
        for stream in streams:
            lines.setdefault(stream.reader.container, []).extend(stream.last)
        return Ended(status=status, lines=lines, stuck=stuck)

    def _require_time(self, began: float, timeout: float | None) -> None:
        if timeout is not None and time.monotonic() - began >= timeout:
            what = "is not ready" if self.ready else "has not ended"
            raise NotFinishedError(f"{self.subject.name} {what} within {timeout:g} s; it goes on")


def read_once(connection: SnowflakeConnection, name: str, *, container: str, instance: int = 0) -> list[str]:
    """The log of one container as far as it has come."""
    stream = Stream(
        reader=LogReader(connection=connection, job_id=name, container=container, instance=instance)
    )
    with translated():
        return list(stream.new(last=True))

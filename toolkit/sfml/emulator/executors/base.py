"""What an executor is asked to run and what it reports; the process and the container executor share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """``source`` appears at ``target`` inside the job; no source is memory, ``size`` bytes of it."""

    target: str
    source: Path | None = None
    size: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One instance of a job. ``directory`` is its own, made by the executor; ``log`` gets stdout and stderr.

    ``environment`` is the container's environment as the service specification and Snowflake define it; the
    executor adds what its kind of environment needs. ``requirements`` are the files that the job installs,
    ``payload`` is the directory of the modules that an ML Job's launcher runs; None for any other command.
    """

    key: str
    directory: Path
    log: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...] = ()
    requirements: tuple[Path, ...] = ()
    payload: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """``code`` is the exit code (128 + n after signal n), None when the run did not come to run at all."""

    at: datetime
    code: int | None
    # Why there is no exit code, or what else is to be told (the executor lost its process).
    reason: str = ""


Report = Started | Ended


class Handle(Protocol):
    """A run that was started. ``kill`` ends its whole process tree; ``Ended`` is reported all the same."""

    def kill(self) -> None: ...


class Executor(Protocol):
    """Runs instances. A thread of the executor reports: at most one Started, then exactly one Ended."""

    def start(self, run: Run, report: Callable[[Report], None]) -> Handle: ...

    def warm(self) -> None:
        """Do ahead of the first run what it would otherwise wait for."""

    def clear(self, directory: Path) -> None:
        """End what is left of the run in this directory after the server died (nothing, usually)."""

    def close(self) -> None:
        """Kill all runs, wait for their reports, and stop."""


@dataclass(frozen=True, kw_only=True)
class LogFiles:
    """A run's output: the bytes, and for each write the time and the size of the file after it."""

    text: Path
    times: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", self.text.with_name(self.text.name + ".times"))

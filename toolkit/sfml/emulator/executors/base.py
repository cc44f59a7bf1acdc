"""What an executor is asked to run and what it reports; the process and the container executor share it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """``source`` appears at ``target`` inside the job; no source is memory, ``size`` bytes of it.

    Without a size either it is scratch space, or a block volume (``kept``), whose files outlive the run; a
    process has memory for scratch space.
    """

    target: str
    source: Path | None = None
    size: int | None = None
    # The volume's name in the specification: what several containers of a run mount under it is the same.
    volume: str = ""
    # A block volume: the name, unique on this server, under which a later run finds its files again.
    kept: str = ""
    # The block volume whose files this one begins with, where it is not there yet.
    initial: str = ""
    # Whose the own folder of a block volume or stage is, where the specification says it.
    owner: tuple[int, int] | None = None
    # Nothing can be written below ``target`` (a stage on which the role has no WRITE).
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A container is well while GET ``path`` on ``port`` answers 2xx or 3xx.

    Asked every ``period`` seconds; ``failures`` bad answers in a row are believed.
    """

    port: int
    path: str
    period: float = 5
    failures: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One program of a run. ``log`` gets stdout and stderr (see :class:`LogFiles`).

    ``environment`` is the container's environment as the service specification and Snowflake define it; the
    executor adds what its kind of environment needs. ``command`` and ``args`` replace the image's ENTRYPOINT
    and CMD where they are given. ``memory`` is in bytes, ``cpu`` in cores; None: no limit.
    """

    name: str
    log: Path
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    # The image's path in the account's registry ("/db/schema/repository/name:tag") or its full name.
    image: str = ""
    cpu: float | None = None
    memory: int | None = None
    gpus: int = 0
    readiness: Probe | None = None
    liveness: Probe | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One instance of a job or service: containers that share one network and end together.

    ``directory`` is its own, made by the executor. ``requirements`` are the files that an ML Job installs,
    ``payload`` is the directory of the modules that its launcher runs; None for anything else.
    """

    key: str
    directory: Path
    containers: tuple[Container, ...]
    requirements: tuple[Path, ...] = ()
    payload: Path | None = None
    # A service: a container that ends is started again, and the run ends only by ``kill``.
    restart: bool = False
    # Names under which other runs reach this one (host name first).
    hostnames: tuple[str, ...] = ()
    # Whether there is a way out of the containers (an external access integration).
    egress: bool = False
    # Seconds between the polite and the last signal of ``kill``.
    grace: float = 0

    @property
    def container(self) -> Container:
        """The only container; ValueError where there are several."""
        (only,) = self.containers
        return only


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """All containers run."""

    at: datetime


class Phase(StrEnum):
    STARTED = "started"
    READY = "ready"
    UNREADY = "unready"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerNews:
    """What happened to one container. ``code``: of its end; ``restarts``: how often it was started again.

    ``reason`` is the platform's message where it has one for this (``words.py``). A container that waits for
    its image or its readiness probe is UNREADY; one without a readiness probe is READY once it is STARTED.
    """

    at: datetime
    container: str
    phase: Phase
    code: int | None = None
    restarts: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """``code`` is the exit code (128 + n after signal n), None when the run did not come to run at all.

    Of several containers, the code is that of the first that failed.
    """

    at: datetime
    code: int | None
    # Why there is no exit code, or what else is to be told (the executor lost its process).
    reason: str = ""


Report = Started | ContainerNews | Ended


class UnschedulableError(OSError):
    """This machine has not what the run asks for: the server's message. It can be tried again."""


class Handle(Protocol):
    """A run that was started. ``kill`` ends its whole process tree; ``Ended`` is reported all the same."""

    def kill(self) -> None: ...

    def address(self) -> str:
        """The IP address at which this machine reaches the run's ports."""


class Executor(Protocol):
    """Runs instances; a thread of it reports: Started at most once, ContainerNews, and Ended once, last.

    The process executor sends no ContainerNews: its run is its container. A service's run that ends there
    (``restart``) is started again by who started it.
    """

    @property
    def runs_images(self) -> bool:
        """Whether containers are containers: of images, several in a run, with probes and limits."""

    def start(self, run: Run, report: Callable[[Report], None]) -> Handle:
        """The run's handle, at once; OSError when it cannot begin (:class:`UnschedulableError`: yet)."""

    def warm(self) -> None:
        """Do ahead of the first run what it would otherwise wait for."""

    def forget(self, kept: str) -> None:
        """Delete a block volume; no run uses it, and there need not be one."""

    def holds(self, kept: str) -> bool:
        """Whether there is such a block volume."""

    def copy(self, source: str, target: str) -> None:
        """Make a block volume of what another one holds now; OSError, and then there is no ``target``."""

    def clear(self, directory: Path) -> None:
        """End what is left of the run in this directory after the server died (nothing, usually)."""

    def close(self) -> None:
        """Kill all runs, wait for their reports, and stop."""


@dataclass(frozen=True, kw_only=True)
class LogFiles:
    """A run's output: the bytes, and for each write the time and the size of the file after it.

    ``previous`` holds what the container wrote before it was started again (with times of its own).
    """

    text: Path
    times: Path = field(init=False)
    previous: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", self.text.with_name(self.text.name + ".times"))
        object.__setattr__(self, "previous", self.text.with_name(self.text.name + ".previous"))

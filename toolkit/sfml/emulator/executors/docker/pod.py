"""A run as a pod: its sandbox, its containers, and what is reported of them."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sfml.emulator.executors import words
from sfml.emulator.executors.base import (
    Container,
    ContainerNews,
    Ended,
    Phase,
    Report,
    Run,
    Started,
)
from sfml.emulator.executors.docker import egress, sandbox
from sfml.emulator.executors.docker.blocks import Blocks
from sfml.emulator.executors.docker.engine import POD, Engine, Trouble, said
from sfml.emulator.executors.docker.gate import Gate
from sfml.emulator.executors.docker.gpus import Gpus
from sfml.emulator.executors.docker.handover import hand_over
from sfml.emulator.executors.docker.images import Images
from sfml.emulator.executors.docker.member import Member, Orders, Outcome
from sfml.emulator.executors.docker.ownership import open_up
from sfml.emulator.executors.docker.plan import Base, Shared, creation
from sfml.emulator.executors.docker.runtime import Place, Runtime, stands_for

_AT_ONCE = 8
_KILLED_WITHIN = 30.0
_LOOK_EVERY = 0.2


@dataclass(frozen=True, kw_only=True)
class House:
    """What all pods of a server need. At most ``starting`` containers are started at a time."""

    engine: Engine
    gate: Gate
    images: Images
    runtime: Runtime
    blocks: Blocks
    gpus: Gpus
    # The server's own, as ``uid:gid``.
    user: str
    first_pause: float = 1.0
    starting: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(_AT_ONCE))

    @property
    def prefix(self) -> str:
        """Of the names of this server's volumes."""
        return f"sfml-{self.engine.id}"


class Pod:
    """A handle. All work is done by a thread of the pod's own, and one for each container."""

    def __init__(self, run: Run, report: Callable[[Report], None], house: House) -> None:
        self._gpus = house.gpus.take(sum(container.gpus for container in run.containers))
        self._run = run
        self._report = report
        self._house = house
        self._stopping = threading.Event()
        self._changed = threading.Event()
        self._telling = threading.Lock()
        self._sandbox = ""
        self._grace = run.grace
        self._place: Place | None = None
        self._id = os.urandom(4).hex()
        self._labels = house.engine.labels(run, self._id)
        self._begun: set[str] = set()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait until all is reported, and nothing of the pod is left in the engine."""
        self._thread.join()

    def is_over(self) -> bool:
        return self._thread.ident is not None and not self._thread.is_alive()

    def kill(self, *, within: float | None = None) -> None:
        """As every handle's; ``within`` shortens the grace period."""
        self._grace = self._run.grace if within is None else min(self._run.grace, within)
        self._stopping.set()
        self._changed.set()

    def address(self) -> str:
        return sandbox.address(self._house.engine, self._sandbox) if self._sandbox else ""

    def _live(self) -> None:
        try:
            if any(stands_for(container.image) for container in self._run.containers):
                self._place = self._house.runtime.prepare(self._run)
            with self._house.starting:
                self._sandbox = sandbox.start(
                    self._house.engine,
                    self._run,
                    name=self._name("sandbox"),
                    labels=self._labels,
                    user=self._house.user,
                    entrance=self._house.gate,
                )
        except (sandbox.SandboxError, OSError, *Trouble) as error:
            self._report(Ended(at=datetime.now(UTC), code=None, reason=said(error)))
        else:
            self._report(self._follow())
        self._house.gpus.give_back(self._gpus)
        if self._place:
            self._house.runtime.tidy(self._place)
        with contextlib.suppress(*Trouble):  # the executor sweeps again when it closes
            self._house.engine.sweep(f"{POD}={self._id}")

    def _follow(self) -> Ended:
        """Let the members live until each has ended, or they must."""
        members = [
            Member(container, self._house.engine, self._orders()) for container in self._run.containers
        ]
        threads = [threading.Thread(target=self._let_live, args=(member,), daemon=True) for member in members]
        for thread in threads:
            thread.start()
        while any(member.outcome is None for member in members) and not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
        self._end(members, threads)
        with contextlib.suppress(*Trouble):
            sandbox.take_over(self._house.engine, self._sandbox, self._run, self._house.user)
        return _ended([member.outcome for member in members if member.outcome])

    def _orders(self) -> Orders:
        return Orders(
            make=self._make,
            news=self._tell,
            stopping=self._stopping,
            starting=self._house.starting,
            address=self.address,
            restart=self._run.restart,
            first_pause=self._house.first_pause,
        )

    def _let_live(self, member: Member) -> None:
        member.live()
        if member.outcome and member.outcome.code is None:
            self._stopping.set()  # the pod is incomplete: a job must not wait for its other containers
        self._changed.set()

    def _end(self, members: Sequence[Member], threads: Sequence[threading.Thread]) -> None:
        """Ask what still runs to end; after the grace period, which may become shorter, nobody is asked."""
        began = time.monotonic()
        if self._grace and any(thread.is_alive() for thread in threads):
            for member in members:
                member.signal("SIGTERM")
        while any(thread.is_alive() for thread in threads) and time.monotonic() < began + self._grace:
            for thread in threads:
                thread.join(_LOOK_EVERY)
        give_up = time.monotonic() + _KILLED_WITHIN
        while any(thread.is_alive() for thread in threads) and time.monotonic() < give_up:
            for member in members:
                member.signal("SIGKILL")
            for thread in threads:
                thread.join(_LOOK_EVERY)

    def _make(self, container: Container) -> str:
        engine = self._house.engine
        shared = Shared(
            run=self._run,
            sandbox=self._sandbox,
            prefix=self._house.prefix,
            pod=self._id,
            labels=self._labels,
            cpus=int(engine.info["NCPU"]),
            gpus=self._gpus,
        )
        self._house.blocks.fill(container.mounts)
        made = engine.api.create_container(
            **creation(container, shared, self._base(container), engine.api), name=self._name(container.name)
        )
        hand_over(engine.api, str(made["Id"]), container.mounts)
        return str(made["Id"])

    def _base(self, container: Container) -> Base:
        """Its image, and what it needs of this machine to go out, where it may."""
        if self._place and stands_for(container.image):
            return self._house.runtime.base(
                self._run, container, self._place, self._house.engine.sandbox_image()
            )
        image = self._house.images.provide(container.image)
        if not self._house.images.is_roots(image):
            for mount in container.mounts:
                if mount.source is not None:
                    open_up(mount.source, writable=not mount.read_only)
        outward = egress.variables(os.environ) if self._run.egress else {}
        return Base(image=image, environment=outward, mounts=tuple(egress.files(outward)))

    def _name(self, part: str) -> str:
        """What `docker ps` shows; a container that was started again has a name of its own."""
        return f"sfml-{self._run.key}-{part}-{os.urandom(4).hex()}"

    def _tell(self, news: ContainerNews) -> None:
        """Pass it on, one at a time; the run has started when the last of its containers has."""
        with self._telling:
            self._report(news)
            if news.phase is Phase.STARTED and news.container not in self._begun:
                self._begun.add(news.container)
                if len(self._begun) == len(self._run.containers):
                    self._report(Started(at=news.at))


def _ended(outcomes: Sequence[Outcome]) -> Ended:
    """How the run ended: by what never ran, else as the first container that failed, else well."""
    at = datetime.now(UTC)
    if not outcomes:
        return Ended(at=at, code=None, reason=words.ENGINE_LOST)
    ordered = sorted(outcomes, key=lambda outcome: outcome.at)
    for outcome in ordered:
        if outcome.code is None:
            return Ended(at=at, code=None, reason=outcome.reason)
    first = next((outcome for outcome in ordered if outcome.code), ordered[-1])
    return Ended(at=at, code=first.code, reason=first.reason)

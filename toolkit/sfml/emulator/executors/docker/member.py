"""One container of a pod: made, followed to its end, and begun anew where it belongs to a service."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sfml.emulator.executors import words
from sfml.emulator.executors.base import Container, ContainerNews, Phase, Probe
from sfml.emulator.executors.docker import probes
from sfml.emulator.executors.docker.engine import Engine, Output, Trouble, said
from sfml.emulator.executors.docker.images import PullError
from sfml.emulator.executors.docker.recorder import Recorder

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
# A container that ran for so long has recovered: the next pause is the first again (as in Kubernetes).
_RECOVERED_AFTER = 600.0
_KILLED = 137  # 128 and the number of SIGKILL


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a container ended; no code where it did not come to run, or nobody can tell."""

    at: datetime
    code: int | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a member is given by its pod. ``stopping`` is set once nothing may start any more."""

    make: Callable[[Container], str]
    news: Callable[[ContainerNews], None]
    stopping: threading.Event
    starting: threading.Semaphore
    address: Callable[[], str]
    restart: bool
    first_pause: float = _FIRST_PAUSE


class Member:
    """``live`` runs in a thread of its own; ``outcome`` is there when it has returned."""

    def __init__(self, container: Container, engine: Engine, orders: Orders) -> None:
        self.container = container
        self.outcome: Outcome | None = None
        self._engine = engine
        self._orders = orders
        self._recorder = Recorder(container.log)
        self._restarts = 0
        self._running = ""
        self._why_killed, self._signalled = "", False
        self._ended = threading.Event()

    def live(self) -> None:
        """From the first start to the last end."""
        pause = self._orders.first_pause
        while True:
            began = time.monotonic()
            outcome = self._once()
            lost = outcome.code is None and not self._engine.is_alive()
            if lost or not self._orders.restart or self._orders.stopping.is_set():
                break
            if time.monotonic() - began > _RECOVERED_AFTER:
                pause = self._orders.first_pause
            if self._orders.stopping.wait(pause):
                break
            pause = min(pause * 2, _LONGEST_PAUSE)
            if outcome.code is not None:
                self._restarts += 1
                self._recorder.begin_again()
        self._recorder.close()
        self.outcome = (
            Outcome(at=outcome.at, code=outcome.code, reason=words.ENGINE_LOST) if lost else outcome
        )

    def signal(self, name: str, *, why: str = "") -> None:
        """Send it a signal if it runs; ``why`` is then the reason of its end."""
        if running := self._running:
            self._why_killed, self._signalled = why, True
            self._engine.try_kill(running, name)

    def tell(
        self, phase: Phase, *, code: int | None = None, reason: str = "", at: datetime | None = None
    ) -> None:
        """News of this container."""
        self._orders.news(
            ContainerNews(
                at=at or datetime.now(UTC),
                container=self.container.name,
                phase=phase,
                code=code,
                restarts=self._restarts,
                reason=reason,
            )
        )

    def _once(self) -> Outcome:
        made = ""
        try:
            with self._orders.starting:
                made = self._orders.make(self.container)
                output = Output(self._engine, made)
                with contextlib.ExitStack() as unless_started:
                    unless_started.callback(output.close)
                    self._engine.api.start(made)
                    unless_started.pop_all()
        except Trouble as error:
            return self._not_begun(made, error)
        self._running, self._ended = made, threading.Event()
        self._why_killed, self._signalled = "", False
        self._begun()
        with contextlib.closing(output):
            for chunk in output:
                self._recorder.write(chunk)
        outcome = self._end_of(made)
        self._running = ""
        self._ended.set()
        self.tell(Phase.ENDED, code=outcome.code, reason=outcome.reason, at=outcome.at)
        self._engine.try_remove(made)
        return outcome

    def _begun(self) -> None:
        self.tell(Phase.STARTED)
        if self._orders.stopping.is_set():
            self.signal("SIGKILL")
            return
        if self.container.readiness is None:
            self.tell(Phase.READY)
        self._probe(self.container.readiness, self._ready)
        self._probe(self.container.liveness, self._alive)

    def _probe(self, probe: Probe | None, tell: Callable[[bool], None]) -> None:
        if probe is not None:
            how = {"ended": self._ended, "tell": tell}
            args = (probe, self._orders.address())
            threading.Thread(target=probes.watch, args=args, kwargs=how, daemon=True).start()

    def _ready(self, well: bool) -> None:
        if well or self.container.readiness is None:
            self.tell(Phase.READY)
        else:
            self.tell(Phase.UNREADY, reason=_said_of(words.NOT_READY, self.container.readiness))

    def _alive(self, well: bool) -> None:
        if not well and self.container.liveness is not None:
            self.signal("SIGKILL", why=_said_of(words.NOT_ALIVE, self.container.liveness))

    def _not_begun(self, made: str, error: Exception) -> Outcome:
        self._engine.try_remove(made)
        reason = words.PULL_FAILED if isinstance(error, PullError) else words.CANNOT_START
        if self._orders.restart:
            self.tell(Phase.UNREADY, reason=reason)
        return Outcome(at=datetime.now(UTC), code=None, reason=f"{reason}: {said(error)}")

    def _end_of(self, made: str) -> Outcome:
        """The exit code, once the container has ended, and the engine's word about it."""
        try:
            code = int(self._engine.api.wait(made)["StatusCode"])
            state = self._engine.api.inspect_container(made)["State"]
        except Trouble as error:
            return Outcome(at=datetime.now(UTC), code=None, reason=said(error))
        killed = code == _KILLED and not self._signalled
        if state.get("OOMKilled") or (killed and self._engine.told_of_oom(made)):
            return Outcome(at=datetime.now(UTC), code=code, reason=words.OUT_OF_MEMORY)
        return Outcome(at=datetime.now(UTC), code=code, reason=self._why_killed)


def _said_of(text: str, probe: Probe) -> str:
    return text.format(path=probe.path, port=probe.port)

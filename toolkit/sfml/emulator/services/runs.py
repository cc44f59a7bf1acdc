"""The instances that have a node: placed, started, followed, ended; and what follows from their news."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sfml.emulator.catalog import Record
from sfml.emulator.executors.base import Ended, Executor, Handle, Report, UnschedulableError
from sfml.emulator.faults import DiskFullError, Fault
from sfml.emulator.services import lifecycle, scheduling
from sfml.emulator.services.book import Book
from sfml.emulator.services.launch import Launcher
from sfml.emulator.services.model import Service
from sfml.emulator.services.pools import Pools, Usage, suspended, usage_of
from sfml.emulator.services.states import InstanceStatus, Status

_DISK_AGAIN = 1.0
"""Seconds until news are written down again for which the disk had no room."""
_AGAIN_AFTER = 0.5
_AGAIN_AT_MOST = 60.0
"""Seconds until a service's run that ended starts again: doubled each time, while it never ran for long."""


@dataclass(kw_only=True, eq=False)
class _Running:
    """An instance that has a node; no ``handle`` while it waits to be started again."""

    service: int
    instance: int
    handle: Handle | None = None
    # It was ended on purpose, and its news are of no account.
    condemned: bool = False
    attempts: int = 0

    @property
    def key(self) -> tuple[int, int]:
        return self.service, self.instance


class Runs:
    """All runs of one server, on the nodes of its pools."""

    def __init__(
        self,
        *,
        book: Book,
        pools: Pools,
        launcher: Launcher,
        executor: Executor,
        clock: Callable[[], datetime],
    ) -> None:
        self.closing = threading.Event()
        self._book = book
        self._pools = pools
        self._launcher = launcher
        self._executor = executor
        self._clock = clock
        self._runs: dict[tuple[int, int], _Running] = {}  # (service, instance) with a node
        # Those whose runs are about to end, and then their directories and block volumes (by name) go.
        self._dropped: dict[int, tuple[str, ...]] = {}
        self._last_use: dict[str, datetime] = {}
        self._begun = False

    def begin(self) -> None:
        """Start what waits, and whatever is to run from now on."""
        with self._book.changed:
            self._begun = True
            self.schedule()

    def running(self) -> list[tuple[Service, int]]:
        """The services with a node, and the instance that has it."""
        with self._book.changed:
            live = self._book.live
            return [(live[one], number) for one, number in self._runs if one in live]

    def address(self, service: Service, instance: int) -> str:
        """Where this machine reaches the instance's ports; '' while it does not run."""
        with self._book.changed:
            run = self._runs.get((service.record.id, instance))
        return run.handle.address() if run and run.handle and not run.condemned else ""

    def usage(self, pool: str) -> Usage:
        """How much of a pool is in use."""
        there = {number: service for number, service in self._book.live.items() if service.pool == pool}
        return usage_of(there, [service for service, _ in self._runs], self._last_use.get(pool))

    # --- ending

    def _of(self, service: Service) -> list[_Running]:
        return [run for run in self._runs.values() if run.service == service.record.id]

    def kill(self, service: Service, *, condemned: bool = False) -> bool:
        """End all runs; whether the end of some is still to be reported."""
        for run in self._of(service):
            if condemned:
                self._condemn(run)
            elif run.handle:
                run.handle.kill()
        return bool(self._of(service))

    def shrink(self, service: Service) -> None:
        """End the instances that are more than the service is to have."""
        for run in self._of(service):
            if run.instance >= service.replicas:
                self._condemn(run)

    def roll(self, service: Service) -> None:
        """Replace the next instance that has an old specification."""
        old = lifecycle.outdated(service)
        if old is None or service.suspended:
            return
        for run in self._of(service):
            if run.instance == old.id:
                self._condemn(run)
        new = service.new_instance(old.id, self._clock())
        service = service.with_instance(new)
        self._book.save(lifecycle.outcome(service, self._clock(), running=True))

    def remove(self, number: int, volumes: tuple[str, ...]) -> None:
        """Remove what is kept of a dropped service, and these block volumes, once its runs have ended."""
        self._dropped[number] = volumes
        self._remove_if_dropped(number)

    def _condemn(self, run: _Running) -> None:
        run.condemned = True
        if run.handle:
            run.handle.kill()
        else:
            self._forget(run)

    def _forget(self, run: _Running) -> None:
        """The run has ended: its node is free, its private files go."""
        if self._runs.get(run.key) is run:
            del self._runs[run.key]
            self._launcher.forget_private(run.service, run.instance)

    # --- running

    def schedule(self) -> None:
        """Start what there are nodes for; without room on the disk, all that waits goes on waiting."""
        with self._book.changed, contextlib.suppress(DiskFullError):
            if self.closing.is_set() or not self._begun:
                return
            for record in self._pools.all():
                self._schedule_on(record)

    def _schedule_on(self, pool: Record) -> None:
        there = self._book.on(pool.name.name)
        if suspended(pool) or not there:
            return
        taken = self.usage(pool.name.name).nodes
        free = max(pool.properties["max_nodes"] - taken, 0)
        for number, instance in scheduling.place(map(self._demand, there), free):
            self._place(self._book.live[number], instance)

    def _demand(self, service: Service) -> scheduling.Demand:
        """What it still wants: a job its minimum together, more whenever there is room."""
        able = service.status in (Status.PENDING, Status.RUNNING, Status.FAILED) and not service.unschedulable
        number = service.record.id
        waiting = tuple(
            one.id
            for one in service.instances
            if able and one.placed_on is None and (number, one.id) not in self._runs
        )
        together = service.is_job and len(waiting) == len(service.instances)
        return scheduling.Demand(job=number, waiting=waiting, minimum=service.minimum if together else 1)

    def _place(self, service: Service, number: int) -> None:
        instance = service.instance(number)
        assert instance is not None
        service = self._book.save(service.with_instance(lifecycle.placed(instance, self._clock())))
        run = _Running(service=service.record.id, instance=number)
        self._runs[run.key] = run
        self._start(run, service)

    def _start(self, run: _Running, service: Service) -> None:
        instance = service.instance(run.instance)
        assert instance is not None
        report = partial(self._on_report, run)
        try:
            run.handle = self._executor.start(self._launcher.run(service, instance), report)
        except UnschedulableError as error:
            self._forget(run)
            self._book.save(service.with_instance(lifecycle.unplaced(instance, str(error))))
        except (OSError, Fault) as error:
            ended = Ended(at=self._clock(), code=None, reason=str(error))
            if not self._taken(run, ended):  # the lock is held: somebody else has to wait for room
                threading.Thread(target=report, args=(ended,), daemon=True).start()

    def _on_report(self, run: _Running, report: Report) -> None:
        """An executor's news: the instance's new state, and all that follows from it."""
        while not self._taken(run, report):
            if self.closing.wait(_DISK_AGAIN):
                return
        if isinstance(report, Ended):
            self.schedule()

    def _taken(self, run: _Running, report: Report) -> bool:
        """Take in the news; False where they could not be written down yet, for lack of room."""
        try:
            self._take(run, report)
        except DiskFullError:
            return False
        return True

    def _take(self, run: _Running, report: Report) -> None:
        with self._book.changed:
            service = self._book.live.get(run.service)
            ended = isinstance(report, Ended)
            if service:
                self._last_use[service.pool] = report.at
            if run.condemned or not service:
                if ended:
                    self._after_condemned(run, service)
            elif ended and not service.is_job:
                self._fallen(run, service, report)
            else:
                self._apply(run, service, report)
            if ended:
                self._remove_if_dropped(run.service)

    def _after_condemned(self, run: _Running, service: Service | None) -> None:
        self._forget(run)
        if service:
            running = bool(self._of(service))
            self._book.save(lifecycle.outcome(service, self._clock(), running=running))

    def _apply(self, run: _Running, service: Service, report: Report) -> None:
        """What a job's run reports, and a service's that goes on."""
        if isinstance(report, Ended):
            self._forget(run)
        instance = service.instance(run.instance)
        assert instance is not None
        service = service.with_instance(lifecycle.after(service, instance, report))
        running = bool(self._of(service))
        failed = any(one.status is InstanceStatus.FAILED for one in service.instances)
        if service.is_job and running and failed:
            self.kill(service)  # one instance failed, so the others have lost their job
        service = lifecycle.outcome(service, report.at, running=running)
        if self.closing.is_set() and service.status is Status.FAILED:
            service = replace(service, message=lifecycle.LOST)
        service = self._book.save(service)
        if not service.is_job:
            self.roll(service)

    def _fallen(self, run: _Running, service: Service, report: Report) -> None:
        """A service's run ended by itself: it starts again on its node, later each time."""
        run.handle = None
        if self.closing.is_set():  # it did not: the server goes down
            return
        instance = service.instance(run.instance)
        assert instance is not None
        service = service.with_instance(lifecycle.after(service, instance, report))
        self._book.save(lifecycle.outcome(service, report.at, running=True))
        lasted = (report.at - instance.started_on).total_seconds() if instance.started_on else 0
        run.attempts = 0 if lasted > _AGAIN_AT_MOST else run.attempts + 1
        delay = min(_AGAIN_AFTER * 2 ** (run.attempts - 1), _AGAIN_AT_MOST) if run.attempts else _AGAIN_AFTER
        timer = threading.Timer(delay, self._start_again, (run,))
        timer.daemon = True
        timer.start()

    def _start_again(self, run: _Running) -> None:
        with self._book.changed:
            service = self._book.live.get(run.service)
            if run.condemned or service is None or self.closing.is_set():
                return
            instance = service.instance(run.instance)
            assert instance is not None
            self._launcher.keep_logs(service, instance)
            again = lifecycle.started_again(instance, self._clock())
            service = self._book.save(
                lifecycle.outcome(service.with_instance(again), self._clock(), running=True)
            )
            self._start(run, service)

    def _remove_if_dropped(self, number: int) -> None:
        if number in self._dropped and not any(service == number for service, _ in self._runs):
            for name in self._dropped.pop(number):
                self._executor.forget(name)
            self._launcher.remove(number)

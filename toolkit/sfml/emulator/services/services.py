"""The services and jobs of one server. Each step is in the catalog before it counts."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog, Kind, Name, Record
from sfml.emulator.executors.base import Ended, Executor, Handle, Report, UnschedulableError
from sfml.emulator.faults import DiskFullError, Fault, missing
from sfml.emulator.services import events, lifecycle, scheduling, spec, volumes
from sfml.emulator.services.launch import Launcher
from sfml.emulator.services.model import Service, from_record, properties
from sfml.emulator.services.new import NewService, drafted
from sfml.emulator.services.pools import (
    Pools,
    PoolView,
    Usage,
    idle_too_long,
    suspended,
    usage_of,
    view,
)
from sfml.emulator.services.snapshots import Snapshots
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


class Services:
    """All services and jobs and the pools they run on.

    Safe to share between threads; nobody waits with the lock held.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        launcher: Launcher,
        executor: Executor,
        clock: Callable[[], datetime],
        tokens_every: float,
    ) -> None:
        self.pools = Pools(catalog)
        self.launcher = launcher
        self.executor = executor
        self.snapshots = Snapshots(catalog, executor, clock)
        self._catalog = catalog
        self._clock = clock
        self._changed = threading.Condition(catalog.lock)
        self._live: dict[int, Service] = {}  # what is not over, oldest first
        self._runs: dict[tuple[int, int], _Running] = {}  # (service, instance) with a node
        # Those whose runs are about to end, and then their directories and block volumes (by name) go.
        self._dropped: dict[int, tuple[str, ...]] = {}
        self._restoring: set[int] = set()  # services whose volumes are being replaced
        self._last_use: dict[str, datetime] = {}
        self._begun = False
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, args=(tokens_every,), daemon=True)

    # --- the server's life

    def recover(self) -> None:
        """Make the state true again after a server that just ended."""
        with self._changed:
            found = sorted(self.find(), key=lambda service: service.record.id)
            for service in found:
                if not service.over:
                    self._recover(service)
            self._sweep({str(service.record.id) for service in found})
            self.snapshots.expire()

    def begin(self) -> None:
        """Start what waits, and whatever is created from now on; the server answers already."""
        with self._changed:
            self._begun = True
            self.schedule()
        self._keeper.start()

    def close(self) -> None:
        """Kill all runs; their jobs fail with the reason, the rest waits for the next server."""
        self._closing.set()
        self.executor.close()
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep(self, every: float) -> None:
        """Prepare for the first job; then give running instances new tokens until the server closes."""
        self.executor.warm()
        while not self._closing.wait(every):
            with self._changed:
                running = [(self._live[one], number) for one, number in self._runs if one in self._live]
            for service, number in running:
                with contextlib.suppress(OSError):  # no room: it has its token for a while
                    self.launcher.renew_token(service, number)
            self.schedule()

    def active(self) -> int:
        """How many services and jobs run or want to."""
        with self._changed:
            return sum(not service.suspended for service in self._live.values())

    def _recover(self, service: Service) -> None:
        for instance in service.instances:
            if instance.placed_on and not (instance.status.final and service.is_job):
                self.executor.clear(self.launcher.directory(service) / str(instance.id))
                self.launcher.forget_private(service.record.id, instance.id)
        self._live[service.record.id] = service
        if (now_is := lifecycle.interrupted(service, self._clock())) is not service:
            self._save(now_is)

    def _sweep(self, known: set[str]) -> None:
        """Remove directories of what was dropped while the server went down."""
        for path in self.launcher.services_directory().glob("*"):
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    # --- new ones

    def create(self, new: NewService) -> Service:
        """The service or job, waiting or already starting; its name must be free."""
        with self._changed:
            if self._closing.is_set():
                raise Fault("000603", "XX000", "The local backend is stopping.")
            service = self._store(new)
            self._live[service.record.id] = service
            self._wake_pool(service)
            self.schedule()
            return self._live.get(service.record.id, service)

    def _store(self, new: NewService) -> Service:
        draft = drafted(new, self._clock())
        record = self._catalog.create(
            Kind.SERVICE, new.name, owner=new.owner, comment=new.comment, properties=properties(draft)
        )
        service = replace(draft, record=record)
        self._tell(None, service)
        return service

    def _wake_pool(self, service: Service) -> None:
        pool = self.pools.get(service.pool)
        if pool.properties["auto_resume"]:
            self.pools.resume(pool, now=self._clock())

    def _tell(self, before: Service | None, service: Service) -> None:
        """Write down the events of a change; a full disk loses them, never the service."""
        with contextlib.suppress(OSError):
            events.keep(self.launcher.events(service), events.changes(before, service, self._clock()))

    # --- what there is

    def get(self, name: Name) -> Service:
        """The service or job of that name, whether it is over or not; :class:`Fault` 002003."""
        record = self._catalog.get(Kind.SERVICE, name)
        if record is None:
            raise missing(Kind.SERVICE, str(name))
        return from_record(record)

    def find(
        self, *, database: str | None = None, schema: str | None = None, dropped: bool = False
    ) -> list[Service]:
        """Services and jobs by name; ``dropped`` adds the deleted ones (job history)."""
        records = self._catalog.find(Kind.SERVICE, database=database, schema=schema, dropped=dropped)
        return [from_record(record) for record in records]

    def address(self, service: Service, instance: int) -> str:
        """Where this machine reaches the instance's ports; '' while it does not run."""
        with self._changed:
            run = self._runs.get((service.record.id, instance))
        return run.handle.address() if run and run.handle and not run.condemned else ""

    def pool(self, name: str) -> PoolView:
        """The pool as it stands now; one that was idle for too long is suspended by being looked at."""
        return self._view(self.pools.get(name))

    def all_pools(self) -> list[PoolView]:
        return [self._view(record) for record in self.pools.all()]

    def _view(self, record: Record) -> PoolView:
        now = self._clock()
        with self._changed:
            usage = self._usage(record.name.name)
            if idle_too_long(record, usage, now):
                record = self.pools.suspend(record)
        return view(record, usage, now)

    def _usage(self, pool: str) -> Usage:
        there = {number: service for number, service in self._live.items() if service.pool == pool}
        return usage_of(there, [service for service, _ in self._runs], self._last_use.get(pool))

    # --- waiting

    def wait_for(self, name: Name, status: Status, *, seconds: float, cancelled: Cancellation) -> Service:
        """The service once it has that status; or as it is when time is over, or the status cannot come."""
        deadline = time.monotonic() + seconds
        with cancelled.calling(self._wake), self._changed:
            while True:
                cancelled.check()
                service = self.get(name)
                left = deadline - time.monotonic()
                hopeless = service.over or status not in service.transitions
                if service.status is status or hopeless or left <= 0:
                    return service
                self._changed.wait(left)

    def wait_until_over(self, name: Name, *, cancelled: Cancellation) -> Service:
        """The job once it is over, however it ended."""
        with cancelled.calling(self._wake), self._changed:
            while not (job := self.get(name)).over:
                cancelled.check()
                self._changed.wait()
            return job

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- changing services

    def suspend(self, name: Name) -> Service:
        """The service, suspended or about to be."""
        with self._changed:
            service = self.get(name)
            if service.suspended:
                return service
            running = self._kill(service, condemned=True)
            now = self._clock()
            return self._save(lifecycle.outcome(lifecycle.suspending(service, now), now, running=running))

    def resume(self, name: Name) -> Service:
        """The service, which waits for nodes or starts."""
        with self._changed:
            service = self.get(name)
            if not service.suspended:
                return service
            self._require_unrestored(service)
            service = self._save(lifecycle.resumed(service, self._clock()))
            self._wake_pool(service)
            self.schedule()
            return self._live[service.record.id]

    def change(self, name: Name, *, comment: str | None = None, **changes: Any) -> Service:
        """The service with other attributes; instances that are too many end, those that lack start."""
        with self._changed:
            service = replace(self.get(name), **changes)
            if not service.suspended:
                for run in self._of(service):
                    if run.instance >= service.replicas:
                        self._condemn(run)
                service = lifecycle.with_replicas(service, self._clock())
            if comment is not None:
                service = replace(service, record=self._catalog.update(service.record, comment=comment))
            service = self._save(lifecycle.outcome(service, self._clock(), running=True))
            self.schedule()
            return self._live[service.record.id]

    def upgrade(
        self,
        name: Name,
        given: Mapping[str, Any],
        *,
        images: Mapping[str, str],
        unschedulable: str,
        read_only: tuple[str, ...],
    ) -> Service:
        """The service with another specification; its instances are replaced one after another."""
        with self._changed:
            service = replace(
                self.get(name),
                spec=given,
                spec_digest=spec.digest(given),
                images=images,
                unschedulable=unschedulable,
                read_only=read_only,
            )
            service = self._save(service)
            self._roll(service)
            self.schedule()
            return self._live[service.record.id]

    def _roll(self, service: Service) -> None:
        """Replace the next instance that has an old specification."""
        old = lifecycle.outdated(service)
        if old is None or service.suspended:
            return
        for run in self._of(service):
            if run.instance == old.id:
                self._condemn(run)
        new = service.new_instance(old.id, self._clock())
        service = service.with_instance(new)
        self._save(lifecycle.outcome(service, self._clock(), running=True))

    def restore(self, name: Name, volume: Mapping[str, Any], instances: Iterable[int], content: str) -> None:
        """Replace a volume of instances by a snapshot's files, and resume the service, which is suspended.

        A snapshot stays of what is replaced where the specification asks for it.
        """
        with self._changed:
            service = self.get(name)
            self._require_unrestored(service)
            if service.status is not Status.SUSPENDED:
                text = f"Service {name.name} must be suspended before a volume is restored."
                raise Fault("395108", "55000", text)
            self._restoring.add(service.record.id)
        try:
            for number in instances:
                target = volumes.name(service, number, volume["name"])
                if volumes.saved_on_delete(volume, service) and self.executor.holds(target):
                    self.snapshots.back_up(service, volume, number)
                self.snapshots.restore(content, target)
        finally:
            self._restoring.discard(service.record.id)
        self.resume(name)

    def _require_unrestored(self, service: Service) -> None:
        if service.record.id in self._restoring:
            text = f"A volume of service {service.name.name} is being restored."
            raise Fault("395108", "55000", text)

    # --- ending

    def cancel(self, name: Name) -> Service:
        """The job, cancelled or about to be; one that is over stays as it is."""
        with self._changed:
            job = self.get(name)
            if job.over or job.status is Status.CANCELLING:
                return job
            running = self._kill(job)
            cancelling = job.to(Status.CANCELLING, at=self._clock())
            return self._save(lifecycle.outcome(cancelling, self._clock(), running=running))

    def drop(self, name: Name, *, back_up: bool = False) -> None:
        """Remove the service or job and its logs; a job's row stays in the history.

        ``back_up``: block volumes become snapshots where the specification asks for it.
        """
        with self._changed:
            service = self.get(name)
            self._require_unrestored(service)
            staying = self.snapshots.take_over(service) if back_up else frozenset()
            self._kill(service, condemned=not service.is_job)
            if not service.over:
                service = self._save(service.to(Status.DELETED, at=self._clock()))
            self._catalog.drop(service.record)
            self._dropped[service.record.id] = tuple(set(volumes.kept(service)) - staying)
            self._remove_if_dropped(service.record.id)

    def on(self, pool: str) -> list[Service]:
        """What is not over on a pool, oldest first."""
        with self._changed:
            return [service for service in self._live.values() if service.pool == pool]

    def cancel_on(self, pool: str) -> None:
        """Cancel all jobs on a pool (it is dropped, or ALTER COMPUTE POOL … STOP ALL)."""
        with self._changed:
            for service in self.on(pool):
                if service.is_job:
                    self.cancel(service.name)

    def suspend_pool(self, record: Record) -> None:
        """Suspend a pool: its services are suspended, its jobs end by themselves."""
        with self._changed:
            for service in self.on(record.name.name):
                if not service.is_job:
                    self.suspend(service.name)
            self.pools.suspend(record)

    def drop_pool(self, record: Record) -> None:
        """Remove a pool; its jobs are cancelled. The caller has seen that there are no services."""
        with self._changed:
            self.cancel_on(record.name.name)
            self.pools.drop(record)

    def _of(self, service: Service) -> list[_Running]:
        return [run for run in self._runs.values() if run.service == service.record.id]

    def _kill(self, service: Service, *, condemned: bool = False) -> bool:
        """End all runs; whether the end of some is still to be reported."""
        for run in self._of(service):
            if condemned:
                self._condemn(run)
            elif run.handle:
                run.handle.kill()
        return bool(self._of(service))

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
            self.launcher.forget_private(run.service, run.instance)

    # --- running

    def schedule(self) -> None:
        """Start what there are nodes for; without room on the disk, all that waits goes on waiting."""
        with self._changed, contextlib.suppress(DiskFullError):
            if self._closing.is_set() or not self._begun:
                return
            for record in self.pools.all():
                self._schedule_on(record)

    def _schedule_on(self, pool: Record) -> None:
        there = self.on(pool.name.name)
        if suspended(pool) or not there:
            return
        taken = self._usage(pool.name.name).nodes
        free = max(pool.properties["max_nodes"] - taken, 0)
        for number, instance in scheduling.place(map(self._demand, there), free):
            self._place(self._live[number], instance)

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
        service = self._save(service.with_instance(lifecycle.placed(instance, self._clock())))
        run = _Running(service=service.record.id, instance=number)
        self._runs[run.key] = run
        self._start(run, service)

    def _start(self, run: _Running, service: Service) -> None:
        instance = service.instance(run.instance)
        assert instance is not None
        report = partial(self._on_report, run)
        try:
            run.handle = self.executor.start(self.launcher.run(service, instance), report)
        except UnschedulableError as error:
            self._forget(run)
            self._save(service.with_instance(lifecycle.unplaced(instance, str(error))))
        except (OSError, Fault) as error:
            ended = Ended(at=self._clock(), code=None, reason=str(error))
            if not self._taken(run, ended):  # the lock is held: somebody else has to wait for room
                threading.Thread(target=report, args=(ended,), daemon=True).start()

    def _on_report(self, run: _Running, report: Report) -> None:
        """An executor's news: the instance's new state, and all that follows from it."""
        while not self._taken(run, report):
            if self._closing.wait(_DISK_AGAIN):
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
        with self._changed:
            service = self._live.get(run.service)
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
            self._save(lifecycle.outcome(service, self._clock(), running=running))

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
            self._kill(service)  # one instance failed, so the others have lost their job
        service = lifecycle.outcome(service, report.at, running=running)
        if self._closing.is_set() and service.status is Status.FAILED:
            service = replace(service, message=lifecycle.LOST)
        service = self._save(service)
        if not service.is_job:
            self._roll(service)

    def _fallen(self, run: _Running, service: Service, report: Report) -> None:
        """A service's run ended by itself: it starts again on its node, later each time."""
        run.handle = None
        if self._closing.is_set():  # it did not: the server goes down
            return
        instance = service.instance(run.instance)
        assert instance is not None
        service = service.with_instance(lifecycle.after(service, instance, report))
        self._save(lifecycle.outcome(service, report.at, running=True))
        lasted = (report.at - instance.started_on).total_seconds() if instance.started_on else 0
        run.attempts = 0 if lasted > _AGAIN_AT_MOST else run.attempts + 1
        delay = min(_AGAIN_AFTER * 2 ** (run.attempts - 1), _AGAIN_AT_MOST) if run.attempts else _AGAIN_AFTER
        timer = threading.Timer(delay, self._start_again, (run,))
        timer.daemon = True
        timer.start()

    def _start_again(self, run: _Running) -> None:
        with self._changed:
            service = self._live.get(run.service)
            if run.condemned or service is None or self._closing.is_set():
                return
            instance = service.instance(run.instance)
            assert instance is not None
            self.launcher.keep_logs(service, instance)
            again = lifecycle.started_again(instance, self._clock())
            service = self._save(lifecycle.outcome(service.with_instance(again), self._clock(), running=True))
            self._start(run, service)

    def _remove_if_dropped(self, number: int) -> None:
        if number in self._dropped and not any(service == number for service, _ in self._runs):
            for name in self._dropped.pop(number):
                self.executor.forget(name)
            self.launcher.remove(number)

    def _save(self, service: Service) -> Service:
        """Write the service down, then tell those who wait; one that is over leaves memory."""
        service = replace(
            service, record=self._catalog.update(service.record, properties=properties(service))
        )
        self._tell(self._live.get(service.record.id), service)
        if service.over:
            self._live.pop(service.record.id, None)
        else:
            self._live[service.record.id] = service
        self._changed.notify_all()
        return service

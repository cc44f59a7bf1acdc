"""The services and jobs of one server. Each step is in the catalog before it counts."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog, Name, Record
from sfml.emulator.executors.base import Executor
from sfml.emulator.faults import Fault
from sfml.emulator.services import lifecycle, spec, volumes
from sfml.emulator.services.book import Book
from sfml.emulator.services.launch import Launcher
from sfml.emulator.services.model import Service
from sfml.emulator.services.new import NewService
from sfml.emulator.services.pools import Pools, PoolView, idle_too_long, view
from sfml.emulator.services.runs import Runs
from sfml.emulator.services.snapshots import Snapshots
from sfml.emulator.services.states import Status


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
        self._book = Book(catalog, launcher, clock)
        self._runs = Runs(
            book=self._book, pools=self.pools, launcher=launcher, executor=executor, clock=clock
        )
        self._restoring: set[int] = set()  # services whose volumes are being replaced
        self._keeper = threading.Thread(target=self._keep, args=(tokens_every,), daemon=True)

    # --- the server's life

    def recover(self) -> None:
        """Make the state true again after a server that just ended."""
        with self._book.changed:
            found = sorted(self.find(), key=lambda service: service.record.id)
            for service in found:
                if not service.over:
                    self._recover(service)
            self._sweep({str(service.record.id) for service in found})
            self.snapshots.expire()

    def begin(self) -> None:
        """Start what waits, and whatever is created from now on; the server answers already."""
        self._runs.begin()
        self._keeper.start()

    def close(self) -> None:
        """Kill all runs; their jobs fail with the reason, the rest waits for the next server."""
        self._runs.closing.set()
        self.executor.close()
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep(self, every: float) -> None:
        """Prepare for the first job; then give running instances new tokens until the server closes."""
        self.executor.warm()
        while not self._runs.closing.wait(every):
            for service, number in self._runs.running():
                with contextlib.suppress(OSError):  # no room: it has its token for a while
                    self.launcher.renew_token(service, number)
            self.schedule()

    def active(self) -> int:
        """How many services and jobs run or want to."""
        with self._book.changed:
            return sum(not service.suspended for service in self._book.live.values())

    def _recover(self, service: Service) -> None:
        for instance in service.instances:
            if instance.placed_on and not (instance.status.final and service.is_job):
                self.executor.clear(self.launcher.directory(service) / str(instance.id))
                self.launcher.forget_private(service.record.id, instance.id)
        self._book.live[service.record.id] = service
        if (now_is := lifecycle.interrupted(service, self._clock())) is not service:
            self._book.save(now_is)

    def _sweep(self, known: set[str]) -> None:
        """Remove directories of what was dropped while the server went down."""
        for path in self.launcher.services_directory().glob("*"):
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    def schedule(self) -> None:
        """Start what there are nodes for."""
        self._runs.schedule()

    # --- new ones

    def create(self, new: NewService) -> Service:
        """The service or job, waiting or already starting; its name must be free."""
        with self._book.changed:
            if self._runs.closing.is_set():
                raise Fault("000603", "XX000", "The local backend is stopping.")
            service = self._book.add(new)
            self._wake_pool(service)
            self.schedule()
            return self._book.live.get(service.record.id, service)

    def _wake_pool(self, service: Service) -> None:
        pool = self.pools.get(service.pool)
        if pool.properties["auto_resume"]:
            self.pools.resume(pool, now=self._clock())

    # --- what there is

    def get(self, name: Name) -> Service:
        """The service or job of that name, whether it is over or not; :class:`Fault` 002003."""
        return self._book.get(name)

    def find(
        self, *, database: str | None = None, schema: str | None = None, dropped: bool = False
    ) -> list[Service]:
        """Services and jobs by name; ``dropped`` adds the deleted ones (job history)."""
        return self._book.find(database=database, schema=schema, dropped=dropped)

    def address(self, service: Service, instance: int) -> str:
        """Where this machine reaches the instance's ports; '' while it does not run."""
        return self._runs.address(service, instance)

    def wait_for(self, name: Name, status: Status, *, seconds: float, cancelled: Cancellation) -> Service:
        """The service once it has that status; or as it is when time is over, or the status cannot come."""
        return self._book.wait_for(name, status, seconds=seconds, cancelled=cancelled)

    def wait_until_over(self, name: Name, *, cancelled: Cancellation) -> Service:
        """The job once it is over, however it ended."""
        return self._book.wait_until_over(name, cancelled=cancelled)

    # --- changing services

    def suspend(self, name: Name) -> Service:
        """The service, suspended or about to be."""
        with self._book.changed:
            service = self.get(name)
            if service.suspended:
                return service
            running = self._runs.kill(service, condemned=True)
            now = self._clock()
            return self._book.save(
                lifecycle.outcome(lifecycle.suspending(service, now), now, running=running)
            )

    def resume(self, name: Name) -> Service:
        """The service, which waits for nodes or starts."""
        with self._book.changed:
            service = self.get(name)
            if not service.suspended:
                return service
            self._require_unrestored(service)
            service = self._book.save(lifecycle.resumed(service, self._clock()))
            self._wake_pool(service)
            self.schedule()
            return self._book.live[service.record.id]

    def change(self, name: Name, *, comment: str | None = None, **changes: Any) -> Service:
        """The service with other attributes; instances that are too many end, those that lack start."""
        with self._book.changed:
            service = replace(self.get(name), **changes)
            if not service.suspended:
                self._runs.shrink(service)
                service = lifecycle.with_replicas(service, self._clock())
            if comment is not None:
                service = replace(service, record=self._catalog.update(service.record, comment=comment))
            service = self._book.save(lifecycle.outcome(service, self._clock(), running=True))
            self.schedule()
            return self._book.live[service.record.id]

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
        with self._book.changed:
            service = replace(
                self.get(name),
                spec=given,
                spec_digest=spec.digest(given),
                images=images,
                unschedulable=unschedulable,
                read_only=read_only,
            )
            service = self._book.save(service)
            self._runs.roll(service)
            self.schedule()
            return self._book.live[service.record.id]

    def restore(self, name: Name, volume: Mapping[str, Any], instances: Iterable[int], content: str) -> None:
        """Replace a volume of instances by a snapshot's files, and resume the service, which is suspended.

        A snapshot stays of what is replaced where the specification asks for it.
        """
        with self._book.changed:
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
        with self._book.changed:
            job = self.get(name)
            if job.over or job.status is Status.CANCELLING:
                return job
            running = self._runs.kill(job)
            cancelling = job.to(Status.CANCELLING, at=self._clock())
            return self._book.save(lifecycle.outcome(cancelling, self._clock(), running=running))

    def drop(self, name: Name, *, back_up: bool = False) -> None:
        """Remove the service or job and its logs; a job's row stays in the history.

        ``back_up``: block volumes become snapshots where the specification asks for it.
        """
        with self._book.changed:
            service = self.get(name)
            self._require_unrestored(service)
            staying = self.snapshots.take_over(service) if back_up else frozenset()
            self._runs.kill(service, condemned=not service.is_job)
            self._book.strike(service)
            self._runs.remove(service.record.id, tuple(set(volumes.kept(service)) - staying))

    # --- pools

    def pool(self, name: str) -> PoolView:
        """The pool as it stands now; one that was idle for too long is suspended by being looked at."""
        return self._view(self.pools.get(name))

    def all_pools(self) -> list[PoolView]:
        return [self._view(record) for record in self.pools.all()]

    def _view(self, record: Record) -> PoolView:
        now = self._clock()
        with self._book.changed:
            usage = self._runs.usage(record.name.name)
            if idle_too_long(record, usage, now):
                record = self.pools.suspend(record)
        return view(record, usage, now)

    def on(self, pool: str) -> list[Service]:
        """What is not over on a pool, oldest first."""
        return self._book.on(pool)

    def cancel_on(self, pool: str) -> None:
        """Cancel all jobs on a pool (it is dropped, or ALTER COMPUTE POOL … STOP ALL)."""
        with self._book.changed:
            for service in self.on(pool):
                if service.is_job:
                    self.cancel(service.name)

    def suspend_pool(self, record: Record) -> None:
        """Suspend a pool: its services are suspended, its jobs end by themselves."""
        with self._book.changed:
            for service in self.on(record.name.name):
                if not service.is_job:
                    self.suspend(service.name)
            self.pools.suspend(record)

    def drop_pool(self, record: Record) -> None:
        """Remove a pool; its jobs are cancelled. The caller has seen that there are no services."""
        with self._book.changed:
            self.cancel_on(record.name.name)
            self.pools.drop(record)

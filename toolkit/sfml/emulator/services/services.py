"""The jobs of one server: created, waiting, running, over. Each step is in the catalog before it counts."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog, Kind, Name, Record
from sfml.emulator.executors.base import Ended, Executor, Handle, Report
from sfml.emulator.faults import Fault, missing
from sfml.emulator.services import lifecycle, scheduling, spec, states
from sfml.emulator.services.launch import Launcher
from sfml.emulator.services.model import Instance, Service, from_record, properties
from sfml.emulator.services.pools import Pools, PoolView, Usage, idle_too_long, suspended, view
from sfml.emulator.services.states import InstanceStatus, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class NewService:
    """What a job is made of, whatever statement asked for it."""

    name: Name
    pool: Record
    spec: Mapping[str, Any]
    owner: str
    replicas: int = 1
    minimum: int = 1
    asynchronous: bool = True
    comment: str | None = None
    query_id: str = ""
    query_warehouse: str | None = None
    integrations: tuple[str, ...] = ()


class Services:
    """All jobs and the pools they run on. Safe to share between threads; nobody waits with the lock held."""

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
        self._catalog = catalog
        self._executor = executor
        self._clock = clock
        self._changed = threading.Condition(catalog.lock)
        self._live: dict[int, Service] = {}  # jobs that are not over, oldest first
        self._handles: dict[tuple[int, int], Handle] = {}  # (job, instance) with a node
        self._dropped: set[int] = set()  # jobs whose runs are about to end, and then their directories go
        self._last_use: dict[str, datetime] = {}
        self._begun = False
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, args=(tokens_every,), daemon=True)

    # --- the server's life

    def recover(self) -> None:
        """Make the state true again after a server that just ended."""
        with self._changed:
            jobs = sorted(self.find(), key=lambda job: job.record.id)
            for job in jobs:
                if not job.status.final:
                    self._recover(job)
            self._sweep({str(job.record.id) for job in jobs})

    def begin(self) -> None:
        """Start what waits, and whatever is created from now on; the server answers already."""
        with self._changed:
            self._begun = True
            self.schedule()
        self._keeper.start()

    def close(self) -> None:
        """Kill all runs; their jobs fail with the reason, those without a node wait for the next server."""
        self._closing.set()
        self._executor.close()
        if self._keeper.is_alive():
            self._keeper.join()

    def _keep(self, every: float) -> None:
        """Prepare for the first job; then give running instances new tokens until the server closes."""
        self._executor.warm()
        while not self._closing.wait(every):
            with self._changed:
                running = [
                    (self._live[job], instance) for job, instance in self._handles if job in self._live
                ]
            for job, instance in running:
                self.launcher.renew_token(job, instance)

    def active(self) -> int:
        """How many jobs are not over."""
        with self._changed:
            return len(self._live)

    def _recover(self, job: Service) -> None:
        for instance in job.instances:
            if instance.placed_on and not instance.status.final:
                self._executor.clear(self.launcher.directory(job) / str(instance.id))
                self.launcher.forget_token(job, instance.id)
        self._live[job.record.id] = job
        if (now_is := lifecycle.interrupted(job, self._clock())) is not job:
            self._save(now_is)

    def _sweep(self, known: set[str]) -> None:
        """Remove directories of jobs that were dropped while the server went down."""
        for path in self.launcher.jobs_directory().glob("*"):
            if path.name not in known:
                shutil.rmtree(path, ignore_errors=True)

    # --- new jobs

    def create(self, new: NewService) -> Service:
        """The job, waiting or already starting; its name must be free."""
        with self._changed:
            if self._closing.is_set():
                raise Fault("000603", "XX000", "The local backend is stopping.")
            job = self._store(new)
            self._live[job.record.id] = job
            pool = self.pools.get(new.pool.name.name)
            if pool.properties["auto_resume"]:
                self.pools.resume(pool, now=self._clock())
            self.schedule()
            return self._live.get(job.record.id, job)

    def _store(self, new: NewService) -> Service:
        draft = Service(
            record=Record(kind=Kind.SERVICE, name=new.name, owner=new.owner),
            status=Status.PENDING,
            message=states.JOB_TEXTS[Status.PENDING],
            pool=new.pool.name.name,
            spec=new.spec,
            spec_digest=spec.digest(new.spec),
            minimum=new.minimum,
            asynchronous=new.asynchronous,
            instances=tuple(Instance(id=number) for number in range(new.replicas)),
            query_id=new.query_id,
            query_warehouse=new.query_warehouse,
            integrations=new.integrations,
        )
        record = self._catalog.create(
            Kind.SERVICE, new.name, owner=new.owner, comment=new.comment, properties=properties(draft)
        )
        return replace(draft, record=record)

    # --- what there is

    def get(self, name: Name) -> Service:
        """The job of that name, whether it is over or not; :class:`Fault` 002003."""
        record = self._catalog.get(Kind.SERVICE, name)
        if record is None:
            raise missing(Kind.SERVICE, str(name))
        return from_record(record)

    def find(
        self, *, database: str | None = None, schema: str | None = None, dropped: bool = False
    ) -> list[Service]:
        """Jobs by name; ``dropped`` adds the deleted ones (job history)."""
        records = self._catalog.find(Kind.SERVICE, database=database, schema=schema, dropped=dropped)
        return [from_record(record) for record in records]

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
        jobs = {number: job for number, job in self._live.items() if job.pool == pool}
        return Usage(
            nodes=sum(job in jobs for job, _ in self._handles),
            jobs=len(jobs),
            waiting=sum(i.placed_on is None for job in jobs.values() for i in job.instances),
            last=self._last_use.get(pool),
        )

    # --- waiting

    def wait_for(self, name: Name, status: Status, *, seconds: float, cancelled: Cancellation) -> Service:
        """The job once it has that status; or as it is when time is over, or the status cannot come."""
        deadline = time.monotonic() + seconds
        with cancelled.calling(self._wake), self._changed:
            while True:
                cancelled.check()
                job = self.get(name)
                left = deadline - time.monotonic()
                if job.status is status or job.status.final or left <= 0:
                    return job
                self._changed.wait(left)

    def wait_until_over(self, name: Name, *, cancelled: Cancellation) -> Service:
        """The job once it is over, however it ended."""
        with cancelled.calling(self._wake), self._changed:
            while not (job := self.get(name)).status.final:
                cancelled.check()
                self._changed.wait()
            return job

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # --- ending jobs

    def cancel(self, name: Name) -> Service:
        """The job, cancelled or about to be; one that is over stays as it is."""
        with self._changed:
            job = self.get(name)
            if job.status.final or job.status is Status.CANCELLING:
                return job
            running = self._kill(job)
            cancelling = job.to(Status.CANCELLING, at=self._clock())
            return self._save(lifecycle.outcome(cancelling, self._clock(), running=running))

    def drop(self, name: Name) -> None:
        """Remove the job and its logs; its row stays in the history."""
        with self._changed:
            job = self.get(name)
            running = self._kill(job)
            if not job.status.final:
                job = self._save(job.to(Status.DELETED, at=self._clock()))
            self._catalog.drop(job.record)
            if running:
                self._dropped.add(job.record.id)
            else:
                self.launcher.remove(job.record.id)

    def cancel_on(self, pool: str) -> None:
        """Cancel all jobs on a pool (it is dropped, or ALTER COMPUTE POOL … STOP ALL)."""
        with self._changed:
            for job in [job for job in self._live.values() if job.pool == pool]:
                self.cancel(job.name)

    def drop_pool(self, record: Record) -> None:
        """Remove a pool; its jobs are cancelled."""
        with self._changed:
            self.cancel_on(record.name.name)
            self.pools.drop(record)

    def _kill(self, job: Service) -> bool:
        handles = [handle for (number, _), handle in self._handles.items() if number == job.record.id]
        for handle in handles:
            handle.kill()
        return bool(handles)

    # --- running

    def schedule(self) -> None:
        """Start what there are nodes for."""
        with self._changed:
            if self._closing.is_set() or not self._begun:
                return
            for record in self.pools.all():
                self._schedule_on(record)

    def _schedule_on(self, pool: Record) -> None:
        jobs = [job for job in self._live.values() if job.pool == pool.name.name]
        if suspended(pool) or not jobs:
            return
        taken = self._usage(pool.name.name).nodes
        free = max(pool.properties["max_nodes"] - taken, 0)
        for number, instance in scheduling.place(map(_demand, jobs), free):
            self._start(self._live[number], instance)

    def _start(self, job: Service, number: int) -> None:
        key = (job.record.id, number)
        job = self._save(job.with_instance(lifecycle.placed(job.instances[number], self._clock())))
        try:
            run = self.launcher.run(job, job.instances[number])
            self._handles[key] = self._executor.start(run, partial(self._on_report, key))
        except (OSError, Fault) as error:
            self._on_report(key, Ended(at=self._clock(), code=None, reason=str(error)))

    def _on_report(self, key: tuple[int, int], report: Report) -> None:
        """An executor's news: the instance's new state, and all that follows from it."""
        number, instance = key
        with self._changed:
            ended = isinstance(report, Ended)
            if ended:
                self._handles.pop(key, None)
            if job := self._live.get(number):
                self._last_use[job.pool] = report.at
                self._apply(job.with_instance(lifecycle.after(job.instances[instance], report)), report.at)
                if ended:
                    self.launcher.forget_token(job, instance)
            if ended:
                self._remove_if_dropped(number)
                self.schedule()

    def _remove_if_dropped(self, number: int) -> None:
        if number in self._dropped and not any(job == number for job, _ in self._handles):
            self._dropped.remove(number)
            self.launcher.remove(number)

    def _apply(self, job: Service, at: datetime) -> None:
        running = any(number == job.record.id for number, _ in self._handles)
        failed = any(instance.status is InstanceStatus.FAILED for instance in job.instances)
        if failed and running:
            self._kill(job)  # one instance failed, so the others have lost their job
        job = lifecycle.outcome(job, at, running=running)
        if self._closing.is_set() and job.status is Status.FAILED:
            job = replace(job, message=lifecycle.LOST)
        self._save(job)

    def _save(self, job: Service) -> Service:
        """Write the job down, then tell those who wait; one that is over leaves memory."""
        job = replace(job, record=self._catalog.update(job.record, properties=properties(job)))
        if job.status.final:
            self._live.pop(job.record.id, None)
        else:
            self._live[job.record.id] = job
        self._changed.notify_all()
        return job


def _demand(job: Service) -> scheduling.Demand:
    """What the job still wants: its minimum together, more whenever there is room."""
    able = job.status in (Status.PENDING, Status.RUNNING)
    waiting = tuple(instance.id for instance in job.instances if instance.placed_on is None and able)
    started = len(waiting) < len(job.instances)
    return scheduling.Demand(job=job.record.id, waiting=waiting, minimum=1 if started else job.minimum)

"""What is known of services and jobs: all of it in the catalog, what is not over in memory, too."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.faults import missing
from sfml.emulator.services import events
from sfml.emulator.services.launch import Launcher
from sfml.emulator.services.model import Service, from_record, properties
from sfml.emulator.services.new import NewService, drafted
from sfml.emulator.services.states import Status


class Book:
    """Each change is in the catalog before it counts, and wakes those who wait for one.

    Safe to share between threads; whoever reads and then writes holds ``changed``.
    """

    def __init__(self, catalog: Catalog, launcher: Launcher, clock: Callable[[], datetime]) -> None:
        self.changed = threading.Condition(catalog.lock)
        self.live: dict[int, Service] = {}  # what is not over, oldest first
        self._catalog = catalog
        self._launcher = launcher
        self._clock = clock

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

    def on(self, pool: str) -> list[Service]:
        """What is not over on a pool, oldest first."""
        with self.changed:
            return [service for service in self.live.values() if service.pool == pool]

    # --- writing

    def add(self, new: NewService) -> Service:
        """A new one, written down."""
        draft = drafted(new, self._clock())
        record = self._catalog.create(
            Kind.SERVICE, new.name, owner=new.owner, comment=new.comment, properties=properties(draft)
        )
        service = replace(draft, record=record)
        self._tell(None, service)
        self.live[service.record.id] = service
        return service

    def save(self, service: Service) -> Service:
        """Write the service down, then tell those who wait; one that is over leaves memory."""
        service = replace(
            service, record=self._catalog.update(service.record, properties=properties(service))
        )
        self._tell(self.live.get(service.record.id), service)
        if service.over:
            self.live.pop(service.record.id, None)
        else:
            self.live[service.record.id] = service
        self.changed.notify_all()
        return service

    def strike(self, service: Service) -> None:
        """The service or job is dropped: a job's row stays in the history."""
        if not service.over:
            service = self.save(service.to(Status.DELETED, at=self._clock()))
        self._catalog.drop(service.record)

    def _tell(self, before: Service | None, service: Service) -> None:
        """Write down the events of a change; a full disk loses them, never the service."""
        with contextlib.suppress(OSError):
            events.keep(self._launcher.events(service), events.changes(before, service, self._clock()))

    # --- waiting

    def wait_for(self, name: Name, status: Status, *, seconds: float, cancelled: Cancellation) -> Service:
        """The service once it has that status; or as it is when time is over, or the status cannot come."""
        deadline = time.monotonic() + seconds
        with cancelled.calling(self._wake), self.changed:
            while True:
                cancelled.check()
                service = self.get(name)
                left = deadline - time.monotonic()
                hopeless = service.over or status not in service.transitions
                if service.status is status or hopeless or left <= 0:
                    return service
                self.changed.wait(left)

    def wait_until_over(self, name: Name, *, cancelled: Cancellation) -> Service:
        """The job once it is over, however it ended."""
        with cancelled.calling(self._wake), self.changed:
            while not (job := self.get(name)).over:
                cancelled.check()
                self.changed.wait()
            return job

    def _wake(self) -> None:
        with self.changed:
            self.changed.notify_all()

"""A job as a value, and how the catalog keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sfml.emulator.catalog import Name, Record
from sfml.emulator.services import states
from sfml.emulator.services.states import InstanceStatus, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One replica. Times are None until they happened, ``exit_code`` until its container has ended."""

    id: int
    status: InstanceStatus = InstanceStatus.PENDING
    message: str = states.NO_ROOM
    # When it got a node: from then on it may have had effects, so it is never started again.
    placed_on: datetime | None = None
    started_on: datetime | None = None
    ended_on: datetime | None = None
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A job at one moment. ``spec`` is the service specification that the server made."""

    record: Record
    status: Status
    message: str
    pool: str
    spec: Mapping[str, Any]
    spec_digest: str
    minimum: int
    asynchronous: bool
    instances: tuple[Instance, ...]
    query_id: str = ""
    query_warehouse: str | None = None
    integrations: tuple[str, ...] = ()
    resumed_on: datetime | None = None
    completed_on: datetime | None = None

    @property
    def name(self) -> Name:
        return self.record.name

    @property
    def container(self) -> Mapping[str, Any]:
        """The one container that a job's instance has here."""
        first: Mapping[str, Any] = self.spec["spec"]["containers"][0]
        return first

    def with_instance(self, instance: Instance) -> Service:
        """The job with that instance's new state."""
        instances = tuple(instance if old.id == instance.id else old for old in self.instances)
        return replace(self, instances=instances)

    def to(self, status: Status, *, at: datetime, message: str | None = None) -> Service:
        """The job in its next state; an unlawful step is a bug."""
        if status is self.status:
            return self
        assert status in states.TRANSITIONS[self.status], f"{self.name}: {self.status} -> {status}"
        return replace(
            self,
            status=status,
            message=states.JOB_TEXTS[status] if message is None else message,
            completed_on=at if status.final else None,
        )


def properties(job: Service) -> dict[str, Any]:
    """What the catalog keeps of a job beside its name, owner, comment and times."""
    return {
        "is_job": True,
        "status": job.status,
        "message": job.message,
        "pool": job.pool,
        "spec": dict(job.spec),
        "spec_digest": job.spec_digest,
        "minimum": job.minimum,
        "asynchronous": job.asynchronous,
        "instances": [_instance_properties(instance) for instance in job.instances],
        "query_id": job.query_id,
        "query_warehouse": job.query_warehouse,
        "integrations": list(job.integrations),
        "resumed_on": _text(job.resumed_on),
        "completed_on": _text(job.completed_on),
    }


def from_record(record: Record) -> Service:
    """The job that the catalog's record describes."""
    kept = record.properties
    return Service(
        record=record,
        status=Status(kept["status"]),
        message=kept["message"],
        pool=kept["pool"],
        spec=kept["spec"],
        spec_digest=kept["spec_digest"],
        minimum=kept["minimum"],
        asynchronous=kept["asynchronous"],
        instances=tuple(map(_instance, kept["instances"])),
        query_id=kept["query_id"],
        query_warehouse=kept["query_warehouse"],
        integrations=tuple(kept["integrations"]),
        resumed_on=_time(kept["resumed_on"]),
        completed_on=_time(kept["completed_on"]),
    )


def _instance_properties(instance: Instance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "status": instance.status,
        "message": instance.message,
        "placed_on": _text(instance.placed_on),
        "started_on": _text(instance.started_on),
        "ended_on": _text(instance.ended_on),
        "exit_code": instance.exit_code,
    }


def _instance(kept: Mapping[str, Any]) -> Instance:
    return Instance(
        id=kept["id"],
        status=InstanceStatus(kept["status"]),
        message=kept["message"],
        placed_on=_time(kept["placed_on"]),
        started_on=_time(kept["started_on"]),
        ended_on=_time(kept["ended_on"]),
        exit_code=kept["exit_code"],
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

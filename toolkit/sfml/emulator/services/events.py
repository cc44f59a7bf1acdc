"""Platform events: what is told of each change of a service, its instances and their containers.

Names and texts: Snowflake's page "Monitoring services", "Platform events".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from sfml.emulator.executors import words
from sfml.emulator.services.model import Instance, Service
from sfml.emulator.services.states import ContainerStatus, InstanceStatus, Status

SERVICE, INSTANCE, CONTAINER = (
    f"{what}.STATUS_CHANGE" for what in ("SERVICE", "SERVICE_INSTANCE", "CONTAINER")
)
_ENDINGS: Mapping[InstanceStatus, str] = {
    InstanceStatus.PENDING: "is pending",
    InstanceStatus.READY: "is running",
    InstanceStatus.TERMINATING: "is terminating",
    InstanceStatus.SUCCEEDED: "has completed",
    InstanceStatus.FAILED: "failed",
}
_BAD = (Status.FAILED, Status.INTERNAL_ERROR, InstanceStatus.FAILED, ContainerStatus.FAILED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event; ``instance`` and ``container`` are None where it is of the whole service."""

    at: str
    name: str
    status: str
    message: str
    severity: str = "INFO"
    instance: int | None = None
    container: str | None = None

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(self.at)


def changes(before: Service | None, after: Service, at: datetime) -> Iterator[Event]:
    """What happened between two states of one service; containers first, as Snowflake tells it."""
    for instance in after.instances:
        old = before.instance(instance.id) if before else None
        yield from _containers(old, instance, at)
    if before is None or (before.status, before.message) != (after.status, after.message):
        yield _event(SERVICE, after.status, after.message, at)
    what = "Job" if after.is_job else "Service"
    for instance in after.instances:
        old = before.instance(instance.id) if before else None
        if old is None or old.status is not instance.status:
            text = f"{what} instance {_ENDINGS[instance.status]}"
            yield _event(INSTANCE, instance.status, text, at, instance=instance.id)


def _containers(before: Instance | None, after: Instance, at: datetime) -> Iterator[Event]:
    known = {one.name: (one.status, one.message) for one in before.containers} if before else {}
    for container in after.containers:
        if known.get(container.name) != (container.status, container.message):
            event = _event(CONTAINER, container.status, container.message, at, instance=after.id)
            yield replace(event, container=container.name)


def _event(
    name: str,
    status: Status | InstanceStatus | ContainerStatus,
    message: str,
    at: datetime,
    *,
    instance: int | None = None,
) -> Event:
    bad = status in _BAD or message.startswith(words.PULL_FAILED)
    return Event(
        at=at.isoformat(),
        name=name,
        status=status.value,
        message=message,
        severity="ERROR" if bad else "INFO",
        instance=instance,
    )


def keep(path: Path, found: Iterator[Event]) -> None:
    """Append events to a service's file."""
    lines = [json.dumps(asdict(event)) + "\n" for event in found]
    if lines:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("a") as file:
            file.writelines(lines)


def kept(path: Path) -> list[Event]:
    """The events of a service, oldest first."""
    if not path.exists():
        return []
    return [Event(**json.loads(line)) for line in path.read_text().splitlines()]

"""service!SPCS_GET_EVENTS: the platform events of a service as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sfml.emulator.handlers.base import Backend
from sfml.emulator.results import Column, Rows, StatementType, Type
from sfml.emulator.services import events
from sfml.emulator.services.model import Service

_COLUMNS = (
    Column(name="TIMESTAMP", type=Type.TIMESTAMP_NTZ),
    Column(name="SEVERITY"),
    Column(name="EVENT_NAME"),
    Column(name="EVENT_DETAILS", type=Type.OBJECT),
    Column(name="INSTANCE_ID", type=Type.FIXED),
    Column(name="CONTAINER_NAME"),
    Column(name="RECORD", type=Type.OBJECT),
    Column(name="RECORD_ATTRIBUTES", type=Type.OBJECT),
)


def rows(service: Service, begin: datetime, end: datetime | None, backend: Backend) -> Rows:
    """The events of that time, oldest first."""
    return Rows(
        columns=_COLUMNS,
        rows=list(_rows(service, begin, end, backend)),
        statement=StatementType.SELECT,
    )


def _rows(
    service: Service, begin: datetime, end: datetime | None, backend: Backend
) -> Iterator[tuple[object, ...]]:
    for event in events.kept(backend.services.launcher.events(service)):
        if event.time < begin or (end is not None and event.time > end):
            continue
        details = json.dumps({"status": event.status, "message": event.message})
        record = json.dumps({"name": event.name, "severity_text": event.severity})
        at = event.time.astimezone(UTC).replace(tzinfo=None)
        yield (
            at, event.severity, event.name, details, event.instance, event.container, record,
            json.dumps({"event.name": event.name}),
        )  # fmt: skip

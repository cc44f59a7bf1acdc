"""Platform events as rows: service!SPCS_GET_EVENTS, and the account's event table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from sfml.emulator.context import Context
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.services import visible
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
# docs.snowflake.com/en/developer-guide/logging-tracing/event-table-columns
_EVENT_TABLE = (
    *(Column(name=name, type=Type.TIMESTAMP_NTZ) for name in (
        "TIMESTAMP", "START_TIMESTAMP", "OBSERVED_TIMESTAMP",
    )),
    *(Column(name=name, type=Type.OBJECT) for name in (
        "TRACE", "RESOURCE", "RESOURCE_ATTRIBUTES", "SCOPE", "SCOPE_ATTRIBUTES",
    )),
    Column(name="RECORD_TYPE"),
    *(Column(name=name, type=Type.OBJECT) for name in ("RECORD", "RECORD_ATTRIBUTES")),
    Column(name="VALUE", type=Type.VARIANT),
    Column(name="EXEMPLARS", type=Type.ARRAY),
)  # fmt: skip
_SCOPE = json.dumps({"name": "snow.spcs.platform"})


def event_table(context: Context, backend: Backend) -> Rows:
    """The platform events of all services that the role may see."""
    seen = [service for service in backend.services.find() if visible(service, context, backend)]
    found = [_table_row(service, event) for service in seen for event in _kept(service, backend)]
    return Rows(columns=_EVENT_TABLE, rows=found, statement=StatementType.SELECT)


def _table_row(service: Service, event: events.Event) -> tuple[object, ...]:
    at = event.time.astimezone(UTC).replace(tzinfo=None)
    value = json.dumps({"status": event.status, "message": event.message})
    return (
        at, None, at, None, None, json.dumps(_resource(service, event)), _SCOPE, None, "EVENT",
        _record(event), _attributes(event), value, None,
    )  # fmt: skip


def _resource(service: Service, event: events.Event) -> dict[str, str]:
    """The instance has three names: the clients read two of them."""
    found = {
        "snow.database.name": service.name.database,
        "snow.schema.name": service.name.schema,
        "snow.service.name": service.name.name,
        "snow.service.type": "JOB" if service.is_job else "SERVICE",
        "snow.compute_pool.name": service.pool,
    }
    if event.instance is not None:
        names = ("snow.service.instance", "snow.service.container.instance", "snow.container.instance")
        found |= dict.fromkeys(names, str(event.instance))
    return found | ({"snow.service.container.name": event.container} if event.container else {})


def _record(event: events.Event) -> str:
    return json.dumps({"name": event.name, "severity_text": event.severity})


def _attributes(event: events.Event) -> str:
    return json.dumps({"event.name": event.name})


def _kept(service: Service, backend: Backend) -> list[events.Event]:
    return events.kept(backend.services.launcher.events(service))


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
    for event in _kept(service, backend):
        if event.time < begin or (end is not None and event.time > end):
            continue
        details = json.dumps({"status": event.status, "message": event.message})
        at = event.time.astimezone(UTC).replace(tzinfo=None)
        yield (
            at, event.severity, event.name, details, event.instance, event.container,
            _record(event), _attributes(event),
        )  # fmt: skip

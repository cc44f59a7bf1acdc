"""Snapshots: made of a service's block volume, and put in a volume's place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, exists, invalid
from sfml.emulator.handlers import removal
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import (
    already_exists,
    check_options,
    columns,
    existing,
    require_container,
    typed,
)
from sfml.emulator.handlers.privileges import require
from sfml.emulator.handlers.services import find
from sfml.emulator.handlers.shape import Row, Shape
from sfml.emulator.results import Rows, Type, status
from sfml.emulator.services import volumes
from sfml.emulator.services.model import Service
from sfml.emulator.statements import commands as c

_COLUMNS = columns(
    "name", "state", "database_name", "schema_name", "service_name", "volume_name", "instance", "size",
    "comment", "owner", "owner_role_type", "created_on", "updated_on", "encryption",
    size=Type.FIXED, created_on=Type.TIMESTAMP_LTZ, updated_on=Type.TIMESTAMP_LTZ,
)  # fmt: skip


def create(command: c.CreateSnapshot, _: Request, context: Context, backend: Backend) -> Rows:
    """Answers when the files are copied."""
    check_options(Kind.SNAPSHOT, command.options, ("COMMENT",))
    name = command.name.resolve(context)
    require_container(backend, name)
    require(context, backend, "CREATE SNAPSHOT", Kind.SCHEMA, Name(name=name.schema, database=name.database))
    old = backend.catalog.get(Kind.SNAPSHOT, name)
    if old is not None and command.if_not_exists:
        return already_exists(name.name)
    if old is not None and not command.or_replace:
        raise exists(name.name)
    service = find(command.service.resolve(context), context, backend)
    require(context, backend, "OPERATE", Kind.SERVICE, service.name)
    volume = block(service, command.volume, [command.instance])
    properties = backend.services.snapshots.take(service, volume, command.instance)
    comment = typed(command.options, "COMMENT", str)
    with backend.catalog.transaction():
        if old is not None:
            removal.remove(old, backend)
        backend.catalog.create(
            Kind.SNAPSHOT, name, owner=context.role, comment=comment, properties=properties
        )
    return status(f"Snapshot {name.name} successfully created.")


def restore(command: c.AlterService, service: Service, context: Context, backend: Backend) -> None:
    """ALTER SERVICE … RESTORE VOLUME: replaces the volumes of a suspended service, and resumes it."""
    assert command.snapshot is not None
    volume = block(service, command.volume, command.instances)
    record = usable(command.snapshot.resolve(context), volume, context, backend)
    backend.services.restore(service.name, volume, command.instances, record.properties["kept"])


def block(service: Service, name: str, instances: list[int] | tuple[int, ...]) -> Mapping[str, Any]:
    """The definition of a service's block volume, which all these instances have."""
    found = next((volume for volume in volumes.blocks(service.spec) if volume["name"] == name), None)
    if found is None:
        raise invalid(f"Service {service.name.name} has no block storage volume '{name}'.")
    if strange := [number for number in instances if not 0 <= number < service.maximum]:
        raise invalid(f"Service {service.name.name} has no instance {strange[0]}.")
    return found


def usable(name: Name, volume: Mapping[str, Any], context: Context, backend: Backend) -> Record:
    """The snapshot, whose files the role may put into this volume."""
    record = existing(backend, Kind.SNAPSHOT, name)
    require(context, backend, "USAGE", Kind.SNAPSHOT, name)
    have, wanted = record.properties["encryption"], volumes.encryption(volume)
    if have != wanted:
        text = f"Snapshot {name.name} has encryption {have}, and volume '{volume['name']}' has {wanted}."
        raise Fault("395107", "22023", text)
    return record


def _row(record: Record, _: Backend) -> Row:
    have = record.properties
    return (
        record.name.name, have["state"], record.name.database, record.name.schema, have["service"],
        have["volume"], str(have["instance"]), have["size"], record.comment or None, record.owner, "ROLE",
        record.created_on, record.updated_on, have["encryption"],
    )  # fmt: skip


SNAPSHOT = Shape(
    label="Snapshot",
    options=(),
    defaults={},
    read=lambda *_: {},
    refresh=lambda backend: backend.services.snapshots.expire(),
    shown=_COLUMNS,
    row=_row,
    described=_COLUMNS,
    rows=lambda record, backend: [_row(record, backend)],
)

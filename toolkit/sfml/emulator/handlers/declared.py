"""Network rules, integrations, secrets and image repositories: declared here, used by jobs.

Each has one record in the catalog and the same statements; its ``Shape`` says what is particular to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, missing
from sfml.emulator.handlers import integrations, network, removal, repositories, secrets, snapshots, tags
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import (
    SUCCEEDED,
    already_dropped,
    already_exists,
    check_options,
    dropped,
    existing,
    require_area,
    require_container,
    typed,
)
from sfml.emulator.handlers.privileges import ACCOUNT, has, require
from sfml.emulator.handlers.shape import Shape
from sfml.emulator.results import Rows, status, table
from sfml.emulator.statements import commands as c

SHAPES: Mapping[Kind, Shape] = {
    Kind.NETWORK_RULE: network.RULE,
    Kind.INTEGRATION: integrations.EXTERNAL_ACCESS,
    Kind.SECRET: secrets.SECRET,
    Kind.IMAGE_REPOSITORY: repositories.REPOSITORY,
    Kind.SNAPSHOT: snapshots.SNAPSHOT,
    Kind.TAG: tags.TAG,
}
# Any of these lets a role know of an object.
_SHOWING = ("USAGE", "READ", "WRITE", "APPLY", "OWNERSHIP")


def create(command: c.CreateObject, _: Request, context: Context, backend: Backend) -> Rows:
    kind, shape, name = command.kind, SHAPES[command.kind], _full(command, context)
    check_options(kind, command.options, (*shape.options, "COMMENT"))
    _require_creation(kind, name, context, backend)
    old = backend.catalog.get(kind, name)
    if old is not None and command.if_not_exists:
        return already_exists(name.name)
    if absent := [option for option in shape.required if option not in command.options]:
        raise Fault("001429", "22023", f"SQL compilation error:\nMissing option(s): [{', '.join(absent)}]")
    properties = {**shape.defaults, **shape.read(command.options, context, backend)}
    shape.check(None, properties, command.options)
    comment = typed(command.options, "COMMENT", str) or ""
    with backend.catalog.transaction():
        if old is not None and command.or_replace:
            require(context, backend, "OWNERSHIP", kind, name)
            removal.remove(old, backend)
        record = backend.catalog.create(
            kind, name, owner=context.role, comment=comment, properties=properties
        )
        shape.keep(record, command.options, backend)
    return status(f"{shape.label} {name.name} successfully created.")


def alter(command: c.AlterObject, _: Request, context: Context, backend: Backend) -> Rows:
    kind, shape, name = command.kind, SHAPES[command.kind], _full(command, context)
    if backend.catalog.get(kind, name) is None and command.if_exists:
        return status(SUCCEEDED)
    record = existing(backend, kind, name)
    require(context, backend, "OWNERSHIP", kind, name)
    options, properties = _changes(command, shape, context, backend)
    shape.check(record, {**record.properties, **properties}, options)
    comment = (typed(command.options, "COMMENT", str) or "") if "COMMENT" in command.options else None
    with backend.catalog.transaction():
        record = backend.catalog.update(record, comment=comment, properties=properties)
        shape.keep(record, options, backend)
    return status(SUCCEEDED)


def drop(command: c.DropObject, _: Request, context: Context, backend: Backend) -> Rows:
    name = _full(command, context)
    if backend.catalog.get(command.kind, name) is None and command.if_exists:
        return already_dropped(name.name)
    record = existing(backend, command.kind, name)
    require(context, backend, "OWNERSHIP", command.kind, name)
    removal.remove(record, backend)
    return dropped(name.name)


def show(command: c.ShowObjects, _: Request, context: Context, backend: Backend) -> Rows:
    shape, area = SHAPES[command.kind], _area(command, context)
    require_area(backend, area)
    shape.refresh(backend)
    found = backend.catalog.find(command.kind, database=area[0], schema=area[1])
    seen = [record for record in found if _visible(record, context, backend)]
    picked = command.filter.pick(seen, lambda record: record.name.name)
    return table(shape.shown, [shape.row(record, backend) for record in picked])


def describe(command: c.DescribeObject, _: Request, context: Context, backend: Backend) -> Rows:
    record = existing(backend, command.kind, _full(command, context))
    if not _visible(record, context, backend):
        raise missing(command.kind.value, str(record.name))
    shape = SHAPES[command.kind]
    return table(shape.described, shape.rows(record, backend))


def _full(
    command: c.CreateObject | c.AlterObject | c.DropObject | c.DescribeObject, context: Context
) -> Name:
    if command.kind is Kind.INTEGRATION:
        return Name(name=command.name.name)
    return command.name.resolve(context)


def _require_creation(kind: Kind, name: Name, context: Context, backend: Backend) -> None:
    privilege = f"CREATE {kind.name.replace('_', ' ')}"
    if not name.schema:
        require(context, backend, privilege, ACCOUNT)
        return
    require_container(backend, name)
    require(context, backend, privilege, Kind.SCHEMA, Name(name=name.schema, database=name.database))


def _changes(
    command: c.AlterObject, shape: Shape, context: Context, backend: Backend
) -> tuple[Mapping[str, object], dict[str, Any]]:
    """The options that are set, and the properties as they then are."""
    if command.action == "SET":
        check_options(command.kind, command.options, (*shape.settable, "COMMENT"))
        return command.options, shape.read(command.options, context, backend)
    unset = [name for name in shape.settable if name in shape.defaults]
    check_options(command.kind, command.options, (*unset, "COMMENT"))
    return {}, {name: shape.defaults[name] for name in command.options if name != "COMMENT"}


def _area(command: c.ShowObjects, context: Context) -> tuple[str | None, str | None]:
    return (None, None) if command.kind is Kind.INTEGRATION else command.filter.area(context)


def _visible(record: Record, context: Context, backend: Backend) -> bool:
    return any(has(context, backend, privilege, record.kind, record.name) for privilege in _SHOWING)

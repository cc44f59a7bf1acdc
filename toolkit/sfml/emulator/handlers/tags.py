"""Tags: what they are to the catalog, and the values that services have of them."""

from __future__ import annotations

from collections.abc import Mapping

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import columns, existing
from sfml.emulator.handlers.privileges import require
from sfml.emulator.handlers.services import find
from sfml.emulator.handlers.shape import Row, Shape
from sfml.emulator.results import Rows, Type, scalar
from sfml.emulator.services.names import object_name, written
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName

_LONGEST = 256
"""Characters of a value (docs.snowflake.com/en/user-guide/object-tagging, tag quotas)."""
_OPTION = "TAG"


def given(options: Mapping[str, object], context: Context, backend: Backend) -> dict[str, str | None]:
    """The values of a statement's TAG clause by the tags' full names; each must be there and usable."""
    asked = options.get(_OPTION)
    if not isinstance(asked, Mapping):
        return {}
    found: dict[str, str | None] = {}
    for tag, value in asked.items():
        assert isinstance(tag, ObjectName)
        name = tag.resolve(context)
        existing(backend, Kind.TAG, name)
        require(context, backend, "APPLY", Kind.TAG, name)
        if value is not None and len(value) > _LONGEST:
            raise invalid(f"invalid value for tag '{name}': it has more than {_LONGEST} characters")
        found[written(name)] = value
    return found


def without(options: Mapping[str, object]) -> Mapping[str, object]:
    """The other options."""
    return {name: value for name, value in options.items() if name != _OPTION}


def keep(service: Name, values: Mapping[str, str | None], backend: Backend) -> None:
    """Write the values down with the service; None takes one away."""
    if not values:
        return
    with backend.catalog.transaction():
        record = existing(backend, Kind.SERVICE, service)
        now = {**record.properties.get("tags", {}), **values}
        left = {tag: value for tag, value in now.items() if value is not None}
        backend.catalog.update(record, properties={"tags": left})


def get(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$GET_TAG(tag, object, 'SERVICE'): the value, NULL without one."""
    if len(command.args) != 3 or str(command.args[2]).upper() != "SERVICE":
        raise invalid("SYSTEM$GET_TAG takes a tag, an object and its kind, which can be 'SERVICE' only here.")
    tag, service = (object_name(str(argument), context) for argument in command.args[:2])
    existing(backend, Kind.TAG, tag)
    record = find(service, context, backend).record
    return scalar(command.column, record.properties.get("tags", {}).get(written(tag)))


def _row(record: Record, _: Backend) -> Row:
    name = record.name
    return (
        record.created_on, name.name, name.database, name.schema, record.owner, record.comment or "", None,
        "ROLE",
    )  # fmt: skip


TAG = Shape(
    label="Tag",
    options=(),
    defaults={},
    read=lambda *_: {},
    shown=columns(
        "created_on", "name", "database_name", "schema_name", "owner", "comment", "allowed_values",
        "owner_role_type", created_on=Type.TIMESTAMP_LTZ,
    ),
    row=_row,
)  # fmt: skip

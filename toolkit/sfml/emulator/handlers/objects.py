"""What all handlers ask of the catalog: the object or the right fault, options in order, rows for SHOW."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, cannot_be_performed, invalid, missing
from sfml.emulator.handlers.base import Backend
from sfml.emulator.results import Column, Rows, Type, status, text_columns

INFORMATION_SCHEMA = "INFORMATION_SCHEMA"
SUCCEEDED = "Statement executed successfully."


def existing(backend: Backend, kind: Kind, name: Name) -> Record:
    """The live object; 002003 that names the first part of the name that is not there."""
    record = backend.catalog.get(kind, name)
    if record is None:
        require_container(backend, name)
        raise missing(kind.value, str(name))
    return record


def require_container(backend: Backend, name: Name) -> None:
    """002003 when the database or the schema of a name does not exist."""
    if name.database and backend.catalog.get(Kind.DATABASE, Name(name=name.database)) is None:
        raise missing(Kind.DATABASE.value, name.database)
    schema = Name(name=name.schema, database=name.database)
    if name.schema and backend.catalog.get(Kind.SCHEMA, schema) is None:
        raise missing(Kind.SCHEMA.value, str(schema))


def require_area(backend: Backend, area: tuple[str | None, str | None]) -> None:
    """002043 when what SHOW … IN names does not exist."""
    database, schema = area
    if database and backend.catalog.get(Kind.DATABASE, Name(name=database)) is None:
        raise cannot_be_performed()
    if database and schema and schema != INFORMATION_SCHEMA:
        found = backend.catalog.get(Kind.SCHEMA, Name(name=schema, database=database))
        if found is None:
            raise cannot_be_performed()


def check_options(kind: Kind, options: Mapping[str, object], allowed: Iterable[str]) -> None:
    """001420 for an option that this kind of object does not have."""
    known = set(allowed)
    for name in options:
        if name not in known:
            text = f"SQL compilation error:\ninvalid property '{name}' for '{kind.value.upper()}'"
            raise Fault("001420", "22023", text)


def typed(options: Mapping[str, object], name: str, kind: type) -> Any:
    """The option's value, None when it is absent; 001008 when it is not of this type."""
    value = options.get(name)
    if value is None:
        return None
    if kind is int and isinstance(value, str) and value.isdigit():
        return int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid(f"invalid value [{value}] for parameter '{name}'")
    return value


def columns(*names: str, **types: Type) -> tuple[Column, ...]:
    """Text columns, except those whose type is given by name."""
    return tuple(
        Column(name=column.name, type=types.get(column.name, Type.TEXT)) for column in text_columns(*names)
    )


def dropped(name: str) -> Rows:
    return status(f"{name} successfully dropped.")


def already_dropped(name: str) -> Rows:
    """The answer of DROP … IF EXISTS for what is not there."""
    return status(f"Drop statement executed successfully ({name} already dropped).")


def already_exists(name: str) -> Rows:
    """The answer of CREATE … IF NOT EXISTS for what is there."""
    return status(f"{name} already exists, statement succeeded.")


def yes(flag: object) -> str:
    return "Y" if flag else "N"


def user_of(context: Context, backend: Backend) -> Record | None:
    return backend.catalog.get(Kind.USER, Name(name=context.user))

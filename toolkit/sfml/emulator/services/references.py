"""What a service names beside its specification: integrations and a warehouse, each there and usable."""

from __future__ import annotations

from collections.abc import Iterable

from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.faults import Fault, invalid, missing
from sfml.emulator.services.secrets import Require


def integrations(found: Iterable[Name], catalog: Catalog, require: Require) -> tuple[str, ...]:
    """Their names, if each is there and enabled, and the role may use it."""
    names = tuple(found)
    for name in names:
        record = catalog.get(Kind.INTEGRATION, name)
        if record is None:
            raise missing(Kind.INTEGRATION, name.name)
        require("USAGE", Kind.INTEGRATION, name)
        if not record.properties["ENABLED"]:
            raise invalid(f"Integration '{name.name}' is not enabled.")
    return tuple(name.name for name in names)


def warehouse(name: str, catalog: Catalog) -> str:
    if catalog.get(Kind.WAREHOUSE, Name(name=name)) is None:
        raise missing(Kind.WAREHOUSE, name)
    return name


def require_free(name: Name, catalog: Catalog) -> None:
    """002003 when the name's schema is not there, 002002 when the name is taken."""
    if catalog.get(Kind.DATABASE, Name(name=name.database)) is None:
        raise missing(Kind.DATABASE, name.database)
    if catalog.get(Kind.SCHEMA, Name(name=name.schema, database=name.database)) is None:
        raise missing(Kind.SCHEMA, f"{name.database}.{name.schema}")
    if catalog.get(Kind.SERVICE, name) is not None:
        raise Fault("002002", "42710", f"SQL compilation error:\nObject '{name}' already exists.")

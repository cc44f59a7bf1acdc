"""Names under which services reach each other (Snowflake's "Service network communications")."""

from __future__ import annotations

import hashlib

from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.settings import Settings


def domain(database: str, schema: str, catalog: Catalog, settings: Settings) -> str:
    """The schema's domain: its hash survives a rename and is new for a schema of the same name made anew."""
    record = catalog.get(Kind.SCHEMA, Name(name=schema, database=database))
    number = record.id if record else 0
    key = hashlib.sha256(f"{settings.account} {number}".encode()).hexdigest()
    return f"{key[:4]}.svc.spcs.internal"


def host(name: Name) -> str:
    """A service's first label."""
    return name.name.lower().replace("_", "-")


def hostnames(name: Name, catalog: Catalog, settings: Settings) -> tuple[str, ...]:
    """The name within the schema, that with the schema's hash, and the full one."""
    whole = domain(name.database, name.schema, catalog, settings)
    label = host(name)
    return label, f"{label}.{whole.partition('.')[0]}", f"{label}.{whole}"

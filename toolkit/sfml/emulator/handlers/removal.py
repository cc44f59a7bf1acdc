"""Dropping what contains other things: all of it goes, inside first.

The catalog forgets before the engine does: the engine would make anew what the catalog still has.
"""

from __future__ import annotations

from sfml.emulator.catalog import Kind, Record
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.privileges import forget_object
from sfml.emulator.handlers.repositories import repository_path
from sfml.emulator.vault import Vault


def remove_database(record: Record, backend: Backend) -> None:
    """Drop a database with its schemas."""
    for schema in backend.catalog.find(Kind.SCHEMA, database=record.name.name):
        _remove_content(schema, backend)
        remove(schema, backend)
    remove(record, backend)
    backend.engine.drop_database(record)


def remove_schema(record: Record, backend: Backend) -> None:
    """Drop a schema with its services, stages and tables."""
    _remove_content(record, backend)
    remove(record, backend)
    backend.engine.drop_schema(record.name.database, record.name.name)


def remove_stage(record: Record, backend: Backend) -> None:
    remove(record, backend)
    backend.stages.drop(record)


def remove(record: Record, backend: Backend) -> None:
    """Drop one object that contains nothing, with the grants on it."""
    backend.catalog.drop(record)
    forget_object(backend, record.kind, record.name)
    if record.kind is Kind.SECRET:
        Vault(backend.settings.state).forget(record.id)
    if record.kind is Kind.IMAGE_REPOSITORY:
        backend.images.forget(repository_path(record.name))
    if record.kind is Kind.SNAPSHOT:
        backend.services.snapshots.forget(record)


def _remove_content(schema: Record, backend: Backend) -> None:
    database, name = schema.name.database, schema.name.name
    for service in backend.catalog.find(Kind.SERVICE, database=database, schema=name):
        backend.services.drop(service.name)
    for stage in backend.catalog.find(Kind.STAGE, database=database, schema=name):
        remove_stage(stage, backend)
    for kind in Kind:
        for record in backend.catalog.find(kind, database=database, schema=name):
            remove(record, backend)

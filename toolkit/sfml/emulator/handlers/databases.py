"""Databases and schemas."""

from __future__ import annotations

from operator import itemgetter

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, missing, unsupported
from sfml.emulator.handlers import removal
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import (
    INFORMATION_SCHEMA,
    SUCCEEDED,
    already_dropped,
    already_exists,
    check_options,
    columns,
    dropped,
    existing,
    require_area,
    typed,
    user_of,
    yes,
)
from sfml.emulator.handlers.privileges import ACCOUNT, require
from sfml.emulator.handlers.session import enter_database
from sfml.emulator.results import Rows, Type, status, table
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ShowFilter

_OPTIONS = (
    "COMMENT", "DATA_RETENTION_TIME_IN_DAYS", "MAX_DATA_EXTENSION_TIME_IN_DAYS", "DEFAULT_DDL_COLLATION",
    "LOG_LEVEL",
    "MANAGED_ACCESS", "TRACE_LEVEL", "METRIC_LEVEL", "EVENT_TABLE",
)  # fmt: skip
_DATABASE_COLUMNS = (
    "created_on", "name", "is_default", "is_current", "origin", "owner", "comment", "options",
    "retention_time", "kind",
    "owner_role_type", "object_visibility", "data_quality_monitoring_settings",
)  # fmt: skip
_SCHEMA_COLUMNS = (
    "created_on", "name", "is_default", "is_current", "database_name", "owner", "comment", "options",
    "retention_time",
    "owner_role_type", "object_visibility",
)  # fmt: skip
_TERSE = columns("created_on", "name", "kind", "database_name", "schema_name", created_on=Type.TIMESTAMP_LTZ)
_RESERVED_DATABASES = frozenset({"MEMORY", "SYSTEM", "TEMP", "_FS_GLOBAL"})
_RESERVED_SCHEMAS = frozenset({INFORMATION_SCHEMA, "_FS_INFORMATION_SCHEMA", "MAIN", "PG_CATALOG"})
_INFORMATION_COMMENT = "Views describing the contents of schemas in this database"


def create_database(command: c.CreateDatabase, _: Request, context: Context, backend: Backend) -> Rows:
    check_options(Kind.DATABASE, command.options, _OPTIONS)
    require(context, backend, "CREATE DATABASE", ACCOUNT)
    name = Name(name=command.name)
    old = backend.catalog.get(Kind.DATABASE, name)
    if old is not None and command.if_not_exists:
        return already_exists(command.name)
    _check_name(command.name, backend.catalog.find(Kind.DATABASE), _RESERVED_DATABASES)
    if old is not None and command.or_replace:
        require(context, backend, "OWNERSHIP", Kind.DATABASE, name)
        removal.remove_database(old, backend)
    with backend.catalog.transaction():
        _create(Kind.DATABASE, name, command, context, backend)
        public = Name(name="PUBLIC", database=command.name)
        backend.catalog.create(Kind.SCHEMA, public, owner=context.role, comment="")
    enter_database(context, backend, command.name)
    return status(f"Database {command.name} successfully created.")


def _check_name(name: str, others: list[Record], reserved: frozenset[str]) -> None:
    """The engine takes names without regard to case, and keeps some for itself."""
    twin = any(record.name.name != name and record.name.name.upper() == name.upper() for record in others)
    if twin or name.upper() in reserved:
        raise unsupported(f'the name "{name}" beside one that differs in case only, or reserved here')


def _create(
    kind: Kind, name: Name, command: c.CreateDatabase | c.CreateSchema, context: Context, backend: Backend
) -> Record:
    options = {key: value for key, value in command.options.items() if key != "COMMENT"}
    comment = typed(command.options, "COMMENT", str) or ""
    properties = {**options, "transient": command.transient}
    return backend.catalog.create(kind, name, owner=context.role, comment=comment, properties=properties)


def drop_database(command: c.DropDatabase, _: Request, context: Context, backend: Backend) -> Rows:
    record = backend.catalog.get(Kind.DATABASE, Name(name=command.name))
    if record is None:
        if command.if_exists:
            return already_dropped(command.name)
        raise missing(Kind.DATABASE.value, command.name)
    require(context, backend, "OWNERSHIP", Kind.DATABASE, record.name)
    removal.remove_database(record, backend)
    if context.database == command.name:
        context.database = context.schema = None
    return dropped(command.name)


def alter_database(command: c.AlterDatabase, _: Request, context: Context, backend: Backend) -> Rows:
    return _alter(Kind.DATABASE, Name(name=command.name), command, context, backend)


def _alter(
    kind: Kind, name: Name, command: c.AlterDatabase | c.AlterSchema, context: Context, backend: Backend
) -> Rows:
    if backend.catalog.get(kind, name) is None and command.if_exists:
        return status(SUCCEEDED)
    record = existing(backend, kind, name)
    require(context, backend, "OWNERSHIP", kind, name)
    if command.action == "RENAME":
        raise unsupported(f"ALTER {kind.value.upper()} … RENAME TO")
    check_options(kind, command.options, _OPTIONS)
    comment = (typed(command.options, "COMMENT", str) or "") if "COMMENT" in command.options else None
    properties = {key: value for key, value in command.options.items() if key != "COMMENT"}
    backend.catalog.update(record, comment=comment, properties=properties)
    return status(SUCCEEDED)


def show_databases(command: c.ShowDatabases, _: Request, context: Context, backend: Backend) -> Rows:
    records = command.filter.pick(backend.catalog.find(Kind.DATABASE), _name)
    if command.terse:
        return table(_TERSE, [(r.created_on, r.name.name, "STANDARD", None, None) for r in records])
    default = _default_namespace(context, backend)[0]
    rows = [_database_row(record, context, default) for record in records]
    names = list(_DATABASE_COLUMNS)
    if command.history:
        names.insert(9, "dropped_on")
        rows = [(*row[:9], None, *row[9:]) for row in rows]
    return table(columns(*names, created_on=Type.TIMESTAMP_LTZ, dropped_on=Type.TIMESTAMP_LTZ), rows)


def _database_row(record: Record, context: Context, default: str | None) -> tuple[object, ...]:
    name = record.name.name
    options = "TRANSIENT" if record.properties.get("transient") else ""
    return (
        record.created_on, name, yes(name == default), yes(name == context.database), "", record.owner,
        record.comment or "", options, _retention(record), "STANDARD", "ROLE", None, None,
    )  # fmt: skip


def describe_database(command: c.DescribeDatabase, _: Request, __: Context, backend: Backend) -> Rows:
    existing(backend, Kind.DATABASE, Name(name=command.name))
    schemas = _with_information_schema(
        backend.catalog.find(Kind.SCHEMA, database=command.name), command.name, backend
    )
    rows = [(record.created_on, record.name.name, "SCHEMA") for record in sorted(schemas, key=_name)]
    return table(columns("created_on", "name", "kind", created_on=Type.TIMESTAMP_LTZ), rows)


# --- schemas


def create_schema(command: c.CreateSchema, _: Request, context: Context, backend: Backend) -> Rows:
    check_options(Kind.SCHEMA, command.options, _OPTIONS)
    name = command.name.resolve(context)
    existing(backend, Kind.DATABASE, Name(name=name.database))
    require(context, backend, "CREATE SCHEMA", Kind.DATABASE, Name(name=name.database))
    old = backend.catalog.get(Kind.SCHEMA, name)
    if old is not None and command.if_not_exists:
        return already_exists(name.name)
    _check_name(name.name, backend.catalog.find(Kind.SCHEMA, database=name.database), _RESERVED_SCHEMAS)
    if old is not None and command.or_replace:
        require(context, backend, "OWNERSHIP", Kind.SCHEMA, name)
        removal.remove_schema(old, backend)
    _create(Kind.SCHEMA, name, command, context, backend)
    context.database, context.schema = name.database, name.name
    return status(f"Schema {name.name} successfully created.")


def drop_schema(command: c.DropSchema, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    record = backend.catalog.get(Kind.SCHEMA, name)
    if record is None:
        if command.if_exists:
            return already_dropped(name.name)
        existing(backend, Kind.SCHEMA, name)
    record = existing(backend, Kind.SCHEMA, name)
    require(context, backend, "OWNERSHIP", Kind.SCHEMA, name)
    removal.remove_schema(record, backend)
    if (context.database, context.schema) == (name.database, name.name):
        context.schema = None
    return dropped(name.name)


def alter_schema(command: c.AlterSchema, _: Request, context: Context, backend: Backend) -> Rows:
    return _alter(Kind.SCHEMA, command.name.resolve(context), command, context, backend)


def show_schemas(command: c.ShowSchemas, _: Request, context: Context, backend: Backend) -> Rows:
    area = _schema_area(command.filter, context)
    require_area(backend, area)
    databases = [area[0]] if area[0] else [r.name.name for r in backend.catalog.find(Kind.DATABASE)]
    found = [
        record
        for database in databases
        for record in _with_information_schema(
            backend.catalog.find(Kind.SCHEMA, database=database), database or "", backend
        )
    ]
    records = command.filter.pick(found, _name)
    if command.terse:
        return table(_TERSE, [(r.created_on, r.name.name, None, r.name.database, None) for r in records])
    default = _default_namespace(context, backend)
    rows = [_schema_row(record, context, default) for record in records]
    names = [*_SCHEMA_COLUMNS, *(("dropped_on",) if command.history else ())]
    if command.history:
        rows = [(*row, None) for row in rows]
    return table(columns(*names, created_on=Type.TIMESTAMP_LTZ, dropped_on=Type.TIMESTAMP_LTZ), rows)


def _schema_area(shown: ShowFilter, context: Context) -> tuple[str | None, str | None]:
    if shown.scope_kind == "SCHEMA":  # IN d.s names no container of schemas
        raise Fault(
            "002043",
            "02000",
            "SQL compilation error:\nObject does not exist, or operation cannot be performed.",
        )
    return shown.area(context)


def _schema_row(
    record: Record, context: Context, default: tuple[str | None, str | None]
) -> tuple[object, ...]:
    name = record.name
    place = (name.database, name.name)
    return (
        record.created_on, name.name, yes(place == default), yes(place == (context.database, context.schema)),
        name.database, record.owner, record.comment or "",
        "TRANSIENT" if record.properties.get("transient") else "", _retention(record),
        "ROLE" if record.owner else "", None,
    )  # fmt: skip


def describe_schema(command: c.DescribeSchema, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if name.name != INFORMATION_SCHEMA:
        existing(backend, Kind.SCHEMA, name)
    stages = backend.catalog.find(Kind.STAGE, database=name.database, schema=name.name)
    services = backend.catalog.find(Kind.SERVICE, database=name.database, schema=name.name)
    rows: list[tuple[object, str, str]] = [
        (record.created_on, record.name.name, record.kind.name) for record in (*services, *stages)
    ]
    rows += [
        (None, relation.name, "TABLE" if relation.text is None else "VIEW")
        for relation in backend.engine.relations(name.database, name.name)
    ]
    return table(
        columns("created_on", "name", "kind", created_on=Type.TIMESTAMP_LTZ), sorted(rows, key=itemgetter(1))
    )


def _with_information_schema(records: list[Record], database: str, backend: Backend) -> list[Record]:
    """Every database has an INFORMATION_SCHEMA, owned by nobody."""
    owner = backend.catalog.get(Kind.DATABASE, Name(name=database))
    if owner is None:
        return records
    name = Name(name=INFORMATION_SCHEMA, database=database)
    own = Record(
        kind=Kind.SCHEMA, name=name, owner="", comment=_INFORMATION_COMMENT, created_on=owner.created_on
    )
    return [own, *records]


def _default_namespace(context: Context, backend: Backend) -> tuple[str | None, str | None]:
    user = user_of(context, backend)
    parts = str(user.properties.get("default_namespace") or "").split(".") if user else []
    return (parts[0] or None if parts else None), (parts[1] if len(parts) > 1 else None)


def _retention(record: Record) -> str:
    days = record.properties.get("DATA_RETENTION_TIME_IN_DAYS")
    return "1" if days is None else str(days)


def _name(record: Record) -> str:
    return record.name.name

"""SHOW TABLES, VIEWS, OBJECTS: what the engine holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.engine import Relation
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import columns, require_area
from sfml.emulator.results import Rows, Type, table
from sfml.emulator.statements import commands as c

# docs.snowflake.com/en/sql-reference/sql/show-tables, show-views, show-objects. When a table was created
# is not known to the engine: NULL.
_TYPES = {"created_on": Type.TIMESTAMP_LTZ, "rows": Type.FIXED, "bytes": Type.FIXED}
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "TABLES": (
        "created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows",
        "bytes", "owner",
        "retention_time", "automatic_clustering", "change_tracking", "search_optimization",
        "search_optimization_progress", "search_optimization_bytes", "is_external", "enable_schema_evolution",
        "owner_role_type", "is_event", "budget", "is_hybrid", "is_iceberg", "is_dynamic", "is_immutable",
    ),
    "VIEWS": (
        "created_on", "name", "reserved", "database_name", "schema_name", "owner", "comment", "text",
        "is_secure",
        "is_materialized", "owner_role_type", "change_tracking",
    ),
    "OBJECTS": (
        "created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows",
        "bytes", "owner",
        "retention_time", "owner_role_type", "budget", "is_hybrid", "is_iceberg", "is_dynamic",
    ),
}  # fmt: skip
_TERSE = ("created_on", "name", "kind", "database_name", "schema_name")
_FIXED_CELLS: Mapping[str, object] = {
    "cluster_by": "", "retention_time": "1", "automatic_clustering": "OFF", "change_tracking": "OFF",
    "search_optimization": "OFF", "is_external": "N", "enable_schema_evolution": "N",
    "owner_role_type": "ROLE",
    "is_event": "N", "is_hybrid": "N", "is_iceberg": "N", "is_dynamic": "N", "is_immutable": "N",
    "reserved": "",
    "is_secure": "false", "is_materialized": "false",
}  # fmt: skip
_WANTED: Mapping[str, Callable[[Relation], bool]] = {
    "TABLES": lambda relation: relation.text is None,
    "VIEWS": lambda relation: relation.text is not None,
    "OBJECTS": lambda _: True,
}


def show(command: c.ShowTables, _: Request, context: Context, backend: Backend) -> Rows:
    area = command.filter.area(context)
    require_area(backend, area)
    found = [relation for relation in backend.engine.relations(*area) if _WANTED[command.kind](relation)]
    names = _TERSE if command.terse else _COLUMNS[command.kind]
    types = {name: kind for name, kind in _TYPES.items() if name in names}
    rows = [_row(relation, names, backend) for relation in command.filter.pick(found, lambda r: r.name)]
    return table(columns(*names, **types), rows)


def _row(relation: Relation, names: tuple[str, ...], backend: Backend) -> tuple[object, ...]:
    schema = backend.catalog.get(Kind.SCHEMA, Name(name=relation.schema, database=relation.database))
    cells: Mapping[str, object] = {
        **_FIXED_CELLS,
        "name": relation.name,
        "database_name": relation.database,
        "schema_name": relation.schema,
        "kind": "TABLE" if relation.text is None else "VIEW",
        "comment": relation.comment,
        "rows": relation.rows,
        "owner": schema.owner if schema else None,
        "text": relation.text,
    }
    return tuple(cells.get(name) for name in names)

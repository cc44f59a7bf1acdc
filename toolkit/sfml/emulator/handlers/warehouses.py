"""Warehouses: names and settings; nothing runs on them here."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_OID, uuid5

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid, missing
from sfml.emulator.handlers import removal
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import (
    SUCCEEDED,
    already_dropped,
    already_exists,
    check_options,
    columns,
    dropped,
    existing,
    typed,
    user_of,
    yes,
)
from sfml.emulator.handlers.privileges import ACCOUNT, require
from sfml.emulator.results import Rows, Type, status, table
from sfml.emulator.statements import commands as c

_OPTIONS = (
    "AUTO_RESUME", "AUTO_SUSPEND", "COMMENT", "ENABLE_QUERY_ACCELERATION", "GENERATION",
    "INITIALLY_SUSPENDED",
    "MAX_CLUSTER_COUNT", "MAX_CONCURRENCY_LEVEL", "MIN_CLUSTER_COUNT", "QUERY_ACCELERATION_MAX_SCALE_FACTOR",
    "RESOURCE_CONSTRAINT", "RESOURCE_MONITOR", "SCALING_POLICY", "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS",
    "STATEMENT_TIMEOUT_IN_SECONDS", "WAIT_FOR_COMPLETION", "WAREHOUSE_SIZE", "WAREHOUSE_TYPE",
)  # fmt: skip
# docs.snowflake.com/en/sql-reference/sql/create-warehouse: the spellings of each size, and how SHOW
# prints it.
_SIZES = {
    "X-Small": ("XSMALL",), "Small": ("SMALL",), "Medium": ("MEDIUM",), "Large": ("LARGE",),
    "X-Large": ("XLARGE",),
    "2X-Large": ("XXLARGE", "X2LARGE", "2XLARGE"), "3X-Large": ("XXXLARGE", "X3LARGE", "3XLARGE"),
    "4X-Large": ("X4LARGE", "4XLARGE"), "5X-Large": ("X5LARGE", "5XLARGE"), "6X-Large": ("X6LARGE",
    "6XLARGE"),
}  # fmt: skip
_COLUMNS = columns(
    "name", "state", "type", "size", "min_cluster_count", "max_cluster_count", "started_clusters", "running",
    "queued", "is_default", "is_current", "is_interactive", "auto_suspend", "auto_resume", "available",
    "provisioning",
    "quiescing", "other", "created_on", "resumed_on", "updated_on", "owner", "comment",
    "enable_query_acceleration",
    "query_acceleration_max_scale_factor", "resource_monitor", "actives", "pendings", "failed",
    "suspended", "uuid",
    "scaling_policy", "owner_role_type", "resource_constraint", "generation",
    **dict.fromkeys(
        ("min_cluster_count", "max_cluster_count", "started_clusters", "running", "queued", "auto_suspend",
         "query_acceleration_max_scale_factor", "actives", "pendings", "failed", "suspended"), Type.FIXED),
    **dict.fromkeys(("created_on", "resumed_on", "updated_on"), Type.TIMESTAMP_LTZ),
)  # fmt: skip


def create(command: c.CreateWarehouse, _: Request, context: Context, backend: Backend) -> Rows:
    properties = _properties(command.options)
    require(context, backend, "CREATE WAREHOUSE", ACCOUNT)
    name = Name(name=command.name)
    old = backend.catalog.get(Kind.WAREHOUSE, name)
    if old is not None and command.if_not_exists:
        return already_exists(command.name)
    if old is not None and command.or_replace:
        require(context, backend, "OWNERSHIP", Kind.WAREHOUSE, name)
        removal.remove(old, backend)
    comment = typed(command.options, "COMMENT", str) or ""
    state = "SUSPENDED" if typed(command.options, "INITIALLY_SUSPENDED", bool) else "STARTED"
    defaults = {"WAREHOUSE_SIZE": "X-Small", "AUTO_SUSPEND": 600, "AUTO_RESUME": True, "state": state}
    backend.catalog.create(
        Kind.WAREHOUSE, name, owner=context.role, comment=comment, properties={**defaults, **properties}
    )
    context.warehouse = command.name
    return status(f"Warehouse {command.name} successfully created.")


def alter(command: c.AlterWarehouse, _: Request, context: Context, backend: Backend) -> Rows:
    name = Name(name=command.name)
    if backend.catalog.get(Kind.WAREHOUSE, name) is None and command.if_exists:
        return status(SUCCEEDED)
    record = existing(backend, Kind.WAREHOUSE, name)
    operates = command.action not in ("SET", "UNSET")
    require(context, backend, "OPERATE" if operates else "MODIFY", Kind.WAREHOUSE, name)
    if operates:
        _operate(command, record, backend)
    else:
        comment = (typed(command.options, "COMMENT", str) or "") if "COMMENT" in command.options else None
        backend.catalog.update(record, comment=comment, properties=_properties(command.options))
    return status(SUCCEEDED)


def _operate(command: c.AlterWarehouse, record: Record, backend: Backend) -> None:
    started = record.properties.get("state", "STARTED") == "STARTED"
    if command.action == "RESUME" and started:
        raise Fault("090063", "22000", f"Invalid state. Warehouse '{command.name}' cannot be resumed.")
    if command.action == "SUSPEND" and not started:
        raise Fault("090064", "22000", f"Invalid state. Warehouse '{command.name}' cannot be suspended.")
    if command.action.startswith("RESUME"):
        properties = {"state": "STARTED", "resumed_on": backend.clock().isoformat()}
        backend.catalog.update(record, properties=properties)
    if command.action == "SUSPEND":
        backend.catalog.update(record, properties={"state": "SUSPENDED"})


def drop(command: c.DropWarehouse, _: Request, context: Context, backend: Backend) -> Rows:
    record = backend.catalog.get(Kind.WAREHOUSE, Name(name=command.name))
    if record is None:
        if command.if_exists:
            return already_dropped(command.name)
        raise missing(Kind.WAREHOUSE.value, command.name)
    require(context, backend, "OWNERSHIP", Kind.WAREHOUSE, record.name)
    removal.remove(record, backend)
    if context.warehouse == command.name:
        context.warehouse = None
    return dropped(command.name)


def show(command: c.ShowWarehouses, _: Request, context: Context, backend: Backend) -> Rows:
    user = user_of(context, backend)
    default = user.properties.get("default_warehouse") if user else None
    records = command.filter.pick(backend.catalog.find(Kind.WAREHOUSE), lambda record: record.name.name)
    return table(_COLUMNS, [_row(record, context.warehouse, default) for record in records])


def describe(command: c.DescribeWarehouse, _: Request, __: Context, backend: Backend) -> Rows:
    record = existing(backend, Kind.WAREHOUSE, Name(name=command.name))
    names = columns("created_on", "name", "kind", created_on=Type.TIMESTAMP_LTZ)
    return table(names, [(record.created_on, record.name.name, "WAREHOUSE")])


def _properties(options: Mapping[str, object]) -> dict[str, object]:
    check_options(Kind.WAREHOUSE, options, _OPTIONS)
    found = {key: value for key, value in options.items() if key not in ("COMMENT", "INITIALLY_SUSPENDED")}
    if found.get("WAREHOUSE_SIZE") is not None:
        found["WAREHOUSE_SIZE"] = _size(str(found["WAREHOUSE_SIZE"]))
    for name in ("AUTO_SUSPEND", "MIN_CLUSTER_COUNT", "MAX_CLUSTER_COUNT"):
        if name in found:
            found[name] = typed(found, name, int)
    typed(found, "AUTO_RESUME", bool)
    return found


def _size(text: str) -> str:
    plain = text.upper().replace("-", "")
    for shown, spellings in _SIZES.items():
        if plain in spellings:
            return shown
    raise invalid(f"invalid value [{text}] for parameter 'WAREHOUSE_SIZE'")


def _row(record: Record, current: str | None, default: str | None) -> tuple[object, ...]:
    have, name = record.properties.get, record.name.name
    started = have("state", "STARTED") == "STARTED"
    clusters = int(started)
    resumed = have("resumed_on")
    return (
        name, "STARTED" if started else "SUSPENDED", have("WAREHOUSE_TYPE") or "STANDARD",
        have("WAREHOUSE_SIZE") or "X-Small", have("MIN_CLUSTER_COUNT") or 1, have("MAX_CLUSTER_COUNT") or 1,
        clusters, 0, 0, yes(name == default), yes(name == current), "N", have("AUTO_SUSPEND", 600),
        str(have("AUTO_RESUME") is not False).lower(), "100" if started else "", "", "", "",
        record.created_on, type(record.created_on).fromisoformat(resumed) if resumed else record.created_on,
        record.updated_on, record.owner, record.comment or "",
        str(bool(have("ENABLE_QUERY_ACCELERATION"))).lower(),
        have("QUERY_ACCELERATION_MAX_SCALE_FACTOR") or 8,
        have("RESOURCE_MONITOR") or "null", 0, 0, 0, 1 - clusters, str(uuid5(NAMESPACE_OID, str(record.id))),
        have("SCALING_POLICY") or "STANDARD", "ROLE", have("RESOURCE_CONSTRAINT"),
        str(have("GENERATION") or "1"),
    )  # fmt: skip

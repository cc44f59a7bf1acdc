"""Compute pools: create, alter, drop, show, describe, and the instance families."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid, missing
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
)
from sfml.emulator.handlers.privileges import ACCOUNT, forget_object, has, require
from sfml.emulator.handlers.service_changes import remove
from sfml.emulator.results import Rows, Type, scalar, status, table
from sfml.emulator.services.pools import DEFAULTS, PoolState, PoolView, resumed_on
from sfml.emulator.statements import commands as c
from sfml.specs.families import FAMILIES, Family

_COUNTS = (
    "min_nodes", "max_nodes", "num_services", "num_jobs", "auto_suspend_secs", "active_nodes", "idle_nodes",
    "target_nodes",
)  # fmt: skip
_TYPES = {
    **dict.fromkeys(_COUNTS, Type.FIXED),
    **dict.fromkeys(("created_on", "resumed_on", "updated_on"), Type.TIMESTAMP_LTZ),
}
_COMMON = (
    "name", "state", "min_nodes", "max_nodes", "instance_family", "num_services", "num_jobs",
    "auto_suspend_secs", "auto_resume", "active_nodes", "idle_nodes", "target_nodes", "created_on",
    "resumed_on", "updated_on", "owner", "comment", "is_exclusive", "application",
)  # fmt: skip
_SHOWN = columns(*_COMMON, "placement_group", "backup_instance_families", **_TYPES)
_DESCRIBED = columns(*_COMMON, "budget", "error_code", "status_message", "placement_group", **_TYPES)
_FAMILY = columns(
    "name", "description", "vcpu", "memory_gib", "storage_gib", "gpu", "gpu_count", "gpu_memory_gib",
    "current_node_usage", "message",
    **dict.fromkeys(
        ("vcpu", "memory_gib", "storage_gib", "gpu_count", "gpu_memory_gib", "current_node_usage"), Type.FIXED
    ),
)  # fmt: skip
# What each option is stored as, and its type.
_SETTABLE: Mapping[str, tuple[str, type]] = {
    "MIN_NODES": ("min_nodes", int),
    "MAX_NODES": ("max_nodes", int),
    "AUTO_RESUME": ("auto_resume", bool),
    "AUTO_SUSPEND_SECS": ("auto_suspend_secs", int),
    "INSTANCE_FAMILY": ("instance_family", str),
    "PLACEMENT_GROUP": ("placement_group", str),
    "BACKUP_INSTANCE_FAMILIES": ("backup_instance_families", tuple),
}
_REQUIRED = ("MIN_NODES", "MAX_NODES", "INSTANCE_FAMILY")
# Codes and texts of DESCRIBE COMPUTE POOL's documentation page.
_FULL = "392508"
_FULL_TEXT = (
    "Compute pool has reached the maximum node limit. "
    "Consider increasing max_nodes using the ALTER COMPUTE POOL command."
)
_MESSAGES = {PoolState.STARTING: "Compute pool is starting for last 1 minute"}


def create(command: c.CreateComputePool, _: Request, context: Context, backend: Backend) -> Rows:
    check_options(Kind.COMPUTE_POOL, command.options, (*_SETTABLE, "INITIALLY_SUSPENDED", "COMMENT"))
    require(context, backend, "CREATE COMPUTE POOL", ACCOUNT)
    if backend.catalog.get(Kind.COMPUTE_POOL, Name(name=command.name)) and command.if_not_exists:
        return already_exists(command.name)
    for name in _REQUIRED:
        if name not in command.options:
            raise Fault("001429", "22023", f"SQL compilation error:\nMissing option(s): [{name}]")
    backend.services.pools.create(
        command.name,
        {
            **_properties(command.options),
            "suspended": bool(typed(command.options, "INITIALLY_SUSPENDED", bool)),
        },
        owner=context.role,
        comment=typed(command.options, "COMMENT", str) or None,
        now=backend.clock(),
    )
    return status(f"Compute pool {command.name} successfully created.")


def alter(command: c.AlterComputePool, _: Request, context: Context, backend: Backend) -> Rows:
    name = Name(name=command.name)
    if backend.catalog.get(Kind.COMPUTE_POOL, name) is None and command.if_exists:
        return status(SUCCEEDED)
    existing(backend, Kind.COMPUTE_POOL, name)
    changes = command.action in ("SET", "UNSET")
    require(context, backend, "MODIFY" if changes else "OPERATE", Kind.COMPUTE_POOL, name)
    _ACTIONS[command.action](command, backend)
    return status(SUCCEEDED)


def drop(command: c.DropComputePool, _: Request, context: Context, backend: Backend) -> Rows:
    name = Name(name=command.name)
    if backend.catalog.get(Kind.COMPUTE_POOL, name) is None and command.if_exists:
        return already_dropped(command.name)
    record = existing(backend, Kind.COMPUTE_POOL, name)
    require(context, backend, "OWNERSHIP", Kind.COMPUTE_POOL, name)
    services = [one.name.name for one in backend.services.on(command.name) if not one.is_job]
    if services:
        text = f"Cannot drop compute pool {command.name}: drop its services first ({', '.join(services)})."
        raise Fault("395105", "22023", text)
    backend.services.drop_pool(record)
    forget_object(backend, Kind.COMPUTE_POOL, name)
    return dropped(command.name)


def show(command: c.ShowComputePools, _: Request, context: Context, backend: Backend) -> Rows:
    pools = [view for view in backend.services.all_pools() if _visible(context, backend, view)]
    chosen = command.filter.pick(pools, lambda view: view.record.name.name)
    rows = [(*_common(view), view["placement_group"], _listed(view)) for view in chosen]
    return table(_SHOWN, rows)


def describe(command: c.DescribeComputePool, _: Request, context: Context, backend: Backend) -> Rows:
    view: PoolView = backend.services.pool(command.name)
    if not _visible(context, backend, view):
        raise missing(Kind.COMPUTE_POOL, command.name)
    code, message = _trouble(view)
    return table(_DESCRIBED, [(*_common(view), None, code, message, view["placement_group"])])


def show_families(
    command: c.ShowComputePoolInstanceFamilies, _: Request, __: Context, backend: Backend
) -> Rows:
    pools: list[PoolView] = backend.services.all_pools()
    chosen = command.filter.pick(FAMILIES.values(), lambda family: family.name)
    return table(_FAMILY, [_family_row(family, pools) for family in chosen])


def get_status(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$GET_COMPUTE_POOL_STATUS(pool): JSON with the state and what hinders it."""
    if len(command.args) != 1 or not isinstance(command.args[0], str):
        raise invalid("SYSTEM$GET_COMPUTE_POOL_STATUS takes the name of a compute pool.")
    view: PoolView = backend.services.pool(command.args[0].strip('"') or "")
    if not _visible(context, backend, view):
        raise missing(Kind.COMPUTE_POOL, command.args[0])
    code, message = _trouble(view)
    answer = {"status": view.state, "message": message, "errorCode": code}
    return scalar(command.column, json.dumps(answer))


# --- changes


def _set(command: c.AlterComputePool, backend: Backend) -> None:
    check_options(Kind.COMPUTE_POOL, command.options, (*_SETTABLE, "COMMENT"))
    comment = (typed(command.options, "COMMENT", str) or "") if "COMMENT" in command.options else None
    _change(command, backend, _properties(command.options), comment=comment)


def _unset(command: c.AlterComputePool, backend: Backend) -> None:
    allowed = {name.upper() for name in DEFAULTS} | {"COMMENT", "PLACEMENT_GROUP", "BACKUP_INSTANCE_FAMILIES"}
    check_options(Kind.COMPUTE_POOL, command.options, allowed)
    stored = {_SETTABLE[name][0] for name in command.options if name in _SETTABLE}
    comment = "" if "COMMENT" in command.options else None
    _change(command, backend, {name: DEFAULTS.get(name) for name in stored}, comment=comment)


def _change(
    command: c.AlterComputePool, backend: Backend, changes: Mapping[str, Any], *, comment: str | None
) -> None:
    pools = backend.services.pools
    pools.change(pools.get(command.name), changes, comment=comment)
    backend.services.schedule()


def _suspend(command: c.AlterComputePool, backend: Backend) -> None:
    backend.services.suspend_pool(backend.services.pools.get(command.name))


def _resume(command: c.AlterComputePool, backend: Backend) -> None:
    backend.services.pools.resume(backend.services.pools.get(command.name), now=backend.clock())
    backend.services.schedule()


def _stop_all(command: c.AlterComputePool, backend: Backend) -> None:
    backend.services.cancel_on(command.name)
    for service in backend.services.on(command.name):
        if not service.is_job:
            remove(service, backend)


_ACTIONS = {"SET": _set, "UNSET": _unset, "SUSPEND": _suspend, "RESUME": _resume, "STOP ALL": _stop_all}


def _properties(options: Mapping[str, object]) -> dict[str, Any]:
    found = {}
    for name, (stored, kind) in _SETTABLE.items():
        if name in options:
            value = typed(options, name, kind)
            found[stored] = value.upper() if stored == "instance_family" and value else value
    return found


# --- rows


def _visible(context: Context, backend: Backend, view: PoolView) -> bool:
    name = view.record.name
    return any(
        has(context, backend, privilege, Kind.COMPUTE_POOL, name)
        for privilege in ("USAGE", "MONITOR", "OPERATE", "MODIFY", "OWNERSHIP")
    )


def _common(view: PoolView) -> tuple[object, ...]:
    record, usage = view.record, view.usage
    return (
        record.name.name, view.state, view["min_nodes"], view["max_nodes"], view["instance_family"],
        usage.services, usage.jobs, view["auto_suspend_secs"], str(view["auto_resume"]).lower(),
        usage.nodes, view.idle_nodes, view.target_nodes,
        record.created_on, resumed_on(record), record.updated_on, record.owner,
        record.comment or None, "false", None,
    )  # fmt: skip


def _listed(view: PoolView) -> str | None:
    families = view["backup_instance_families"]
    return json.dumps(families) if families else None


def _trouble(view: PoolView) -> tuple[str, str]:
    if view.usage.waiting and view.usage.nodes >= view["max_nodes"]:
        return _FULL, _FULL_TEXT
    return "", _MESSAGES.get(view.state, "")


def _family_row(family: Family, pools: list[PoolView]) -> tuple[object, ...]:
    used = sum(view.target_nodes for view in pools if view["instance_family"] == family.name)
    return (
        family.name, family.note, int(family.vcpu), int(family.memory_gib), int(family.storage_gb or 0),
        family.gpu or "", family.gpu_count, int(family.gpu_memory_gb or 0), used, "",
    )  # fmt: skip

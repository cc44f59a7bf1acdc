"""CREATE SERVICE, EXECUTE JOB SERVICE, ALTER SERVICE, DROP SERVICE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid
from sfml.emulator.handlers import snapshots, tags
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import (
    SUCCEEDED,
    already_dropped,
    already_exists,
    check_options,
    dropped,
    require_container,
    typed,
)
from sfml.emulator.handlers.privileges import forget_object, require
from sfml.emulator.handlers.service_endpoints import forget_roles
from sfml.emulator.handlers.service_specs import check, pool_of
from sfml.emulator.handlers.services import find
from sfml.emulator.results import Rows, status
from sfml.emulator.services import references, volumes
from sfml.emulator.services.model import Service
from sfml.emulator.services.new import NewService
from sfml.emulator.services.states import Status
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName

_LEAST_AUTO_SUSPEND = 300
"""AUTO_SUSPEND_SECS is 0 or at least this (CREATE SERVICE's documentation page)."""
_SETTABLE = (
    "MIN_INSTANCES", "MAX_INSTANCES", "MIN_READY_INSTANCES", "AUTO_RESUME", "AUTO_SUSPEND_SECS", "LOG_LEVEL",
    "LOG_EVENT_LEVEL", "QUERY_WAREHOUSE", "EXTERNAL_ACCESS_INTEGRATIONS", "COMMENT",
)  # fmt: skip
_OF_JOBS = ("NAME", "ASYNC", "REPLICAS", "QUERY_WAREHOUSE", "EXTERNAL_ACCESS_INTEGRATIONS", "COMMENT")
_LOG_LEVELS = ("INFO", "ERROR", "NONE", "DEBUG", "WARN", "TRACE", "FATAL", "OFF")


def create(command: c.CreateService, request: Request, context: Context, backend: Backend) -> Rows:
    check_options(Kind.SERVICE, tags.without(command.options), _SETTABLE)
    name = command.name.resolve(context)
    pool = _allowed(name, command.pool, context, backend)
    if command.if_not_exists and backend.catalog.get(Kind.SERVICE, name):
        return already_exists(name.name)
    references.require_free(name, backend.catalog)
    counts = _counts({**_read(command.options, context, backend)})
    tagged = tags.given(command.options, context, backend)
    checked = check(command.source, name, pool, context, backend)
    _refuse_idle_public(counts, checked.spec)
    _refuse_uneven_blocks(counts, checked.spec)
    backend.services.create(
        NewService(
            name=name,
            pool=pool,
            spec=checked.spec,
            owner=context.role,
            is_job=False,
            comment=typed(command.options, "COMMENT", str) or None,
            query_id=request.query_id,
            images=checked.images,
            unschedulable=checked.unschedulable,
            read_only=checked.read_only,
            **counts,
        )
    )
    tags.keep(name, tagged, backend)
    return status(f"Service {name.name} successfully created.")


def execute(command: c.ExecuteJob, request: Request, context: Context, backend: Backend) -> Rows:
    """A synchronous job is waited for; it answers as it ends."""
    check_options(Kind.SERVICE, tags.without(command.options), _OF_JOBS)
    tagged = tags.given(command.options, context, backend)
    name = _job_name(command.options.get("NAME"), request).resolve(context)
    pool = _allowed(name, command.pool, context, backend)
    references.require_free(name, backend.catalog)
    replicas = _count(command.options, "REPLICAS", least=1) or 1
    given = {k: v for k, v in _read(command.options, context, backend).items() if k != "replicas"}
    checked = check(command.source, name, pool, context, backend)
    asynchronous = bool(typed(command.options, "ASYNC", bool))
    job = backend.services.create(
        NewService(
            name=name,
            pool=pool,
            spec=checked.spec,
            owner=context.role,
            replicas=replicas,
            minimum=replicas,
            asynchronous=asynchronous,
            comment=typed(command.options, "COMMENT", str) or None,
            query_id=request.query_id,
            images=checked.images,
            unschedulable=checked.unschedulable,
            read_only=checked.read_only,
            **given,
        )
    )
    tags.keep(name, tagged, backend)
    if asynchronous:
        return status(f"Started Snowpark Container Services Job '{name.name}'.")
    finish(job, request, backend)
    return status(f"Job {name.name} completed successfully with status: DONE.")


def finish(job: Service, request: Request, backend: Backend) -> None:
    """Wait for a synchronous job; a cancelled statement cancels it."""
    try:
        ended: Service = backend.services.wait_until_over(job.name, cancelled=request.cancelled)
    except Fault:
        backend.services.cancel(job.name)
        raise
    if ended.status is not Status.DONE:
        raise Fault(
            "395100", "57P03", f"Job {job.name.name} ended with status: {ended.status}. {ended.message}"
        )


def alter(command: c.AlterService, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if command.if_exists and backend.catalog.get(Kind.SERVICE, name) is None:
        return status(SUCCEEDED)
    service = find(name, context, backend)
    moving = command.action in ("SUSPEND", "RESUME")
    require(context, backend, "OPERATE" if moving else "OWNERSHIP", Kind.SERVICE, name)
    if service.is_job:
        raise Fault("395104", "22023", f"Job service {name.name} cannot be altered.")
    _ALTERATIONS[command.action](command, service, context, backend)
    return status(SUCCEEDED)


def drop(command: c.DropService, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if backend.catalog.get(Kind.SERVICE, name) is None and command.if_exists:
        return already_dropped(name.name)
    service = find(name, context, backend)
    require(context, backend, "OWNERSHIP", Kind.SERVICE, name)
    if volumes.blocks(service.spec) and not command.force:
        raise Fault(
            "395085",
            "22000",
            f"Failed to drop service {name.name} since it contains block storage volumes. Please use DROP "
            f"SERVICE {name.name} FORCE if you would like to drop the service and the associated block "
            "storage volumes.",
        )
    remove(service, backend)
    return dropped(name.name)


def remove(service: Service, backend: Backend) -> None:
    """Drop a service or job with its grants and volumes; snapshots stay of those that ask for it."""
    backend.services.drop(service.name, back_up=True)
    forget_object(backend, Kind.SERVICE, service.name)
    forget_roles(service, backend)


# --- alterations


def _suspend(_: c.AlterService, service: Service, __: Context, backend: Backend) -> None:
    backend.services.suspend(service.name)


def _resume(_: c.AlterService, service: Service, __: Context, backend: Backend) -> None:
    backend.services.resume(service.name)


def _upgrade(command: c.AlterService, service: Service, context: Context, backend: Backend) -> None:
    assert command.source is not None
    pool = pool_of(service.pool, context, backend)
    checked = check(command.source, service.name, pool, context, backend)
    if volumes.blocks(checked.spec) != volumes.blocks(service.spec):
        raise invalid("Block storage volumes of a service cannot be changed.")
    backend.services.upgrade(
        service.name,
        checked.spec,
        images=checked.images,
        unschedulable=checked.unschedulable,
        read_only=checked.read_only,
    )


def _set(command: c.AlterService, service: Service, context: Context, backend: Backend) -> None:
    options = tags.without(command.options)
    check_options(Kind.SERVICE, options, _SETTABLE)
    tagged = tags.given(command.options, context, backend)
    _change(service, _read(options, context, backend), options, backend)
    tags.keep(service.name, tagged, backend)


def _unset(command: c.AlterService, service: Service, context: Context, backend: Backend) -> None:
    if tagged := tags.given(command.options, context, backend):
        tags.keep(service.name, tagged, backend)
        return
    check_options(Kind.SERVICE, command.options, _SETTABLE)
    changes = {_STORED[name]: _DEFAULTS[_STORED[name]] for name in command.options if name in _STORED}
    if "minimum" in changes:
        changes["minimum"] = changes.get("replicas", service.replicas)
    if "maximum" in changes:
        changes["maximum"] = changes.get("replicas", service.replicas)
    _change(service, changes, command.options, backend)


def _change(
    service: Service, changes: dict[str, Any], options: Mapping[str, object], backend: Backend
) -> None:
    now = {"replicas": service.replicas, "minimum": service.minimum, "maximum": service.maximum}
    if "replicas" in changes and "minimum" not in changes and service.minimum == service.replicas:
        now["minimum"] = changes["replicas"]  # it was not given either
    counts = {**now, **changes}
    _check_counts(counts)
    _refuse_uneven_blocks(counts, service.spec)
    comment = (typed(options, "COMMENT", str) or "") if "COMMENT" in options else None
    backend.services.change(service.name, comment=comment, **counts)


Alteration = Callable[[c.AlterService, Service, Context, Backend], None]
_ALTERATIONS: Mapping[str, Alteration] = {
    "SUSPEND": _suspend,
    "RESUME": _resume,
    "FROM": _upgrade,
    "SET": _set,
    "UNSET": _unset,
    "RESTORE VOLUME": snapshots.restore,
}


# --- options


_STORED = {
    "MIN_INSTANCES": "replicas",
    "MAX_INSTANCES": "maximum",
    "MIN_READY_INSTANCES": "minimum",
    "AUTO_RESUME": "auto_resume",
    "AUTO_SUSPEND_SECS": "auto_suspend_secs",
    "LOG_LEVEL": "log_level",
    "LOG_EVENT_LEVEL": "log_level",
    "QUERY_WAREHOUSE": "query_warehouse",
    "EXTERNAL_ACCESS_INTEGRATIONS": "integrations",
}
_DEFAULTS: Mapping[str, Any] = {
    "replicas": 1, "maximum": 1, "minimum": 1, "auto_resume": True, "auto_suspend_secs": 0, "log_level": None,
    "query_warehouse": None, "integrations": (),
}  # fmt: skip


def _read(options: Mapping[str, object], context: Context, backend: Backend) -> dict[str, Any]:
    """The options that are given, by the attribute of ``Service`` that they set."""
    readers: Mapping[str, Callable[[str], Any]] = {
        "MIN_INSTANCES": lambda name: _count(options, name, least=1),
        "MAX_INSTANCES": lambda name: _count(options, name, least=1),
        "MIN_READY_INSTANCES": lambda name: _count(options, name, least=0),
        "AUTO_RESUME": lambda name: typed(options, name, bool),
        "AUTO_SUSPEND_SECS": lambda name: _seconds(options, name),
        "LOG_LEVEL": lambda name: _level(options, name),
        "LOG_EVENT_LEVEL": lambda name: _level(options, name),
        "QUERY_WAREHOUSE": lambda name: references.warehouse(str(options[name]), backend.catalog),
        "EXTERNAL_ACCESS_INTEGRATIONS": lambda name: references.integrations(
            [Name(name=one) for one in typed(options, name, tuple)],
            backend.catalog,
            partial(require, context, backend),
        ),
    }
    return {_STORED[name]: read(name) for name, read in readers.items() if name in options}


def _counts(given: dict[str, Any]) -> dict[str, Any]:
    """The counts of a new service: those that are not given follow MIN_INSTANCES."""
    replicas = given.get("replicas") or 1
    counts = {"maximum": max(replicas, 1), "minimum": replicas, **given, "replicas": replicas}
    _check_counts(counts)
    return counts


def _check_counts(counts: Mapping[str, Any]) -> None:
    if counts["maximum"] < counts["replicas"]:
        raise _bad_value(counts["maximum"], "MAX_INSTANCES", f"at least MIN_INSTANCES ({counts['replicas']})")
    if counts["minimum"] > counts["replicas"]:
        raise _bad_value(
            counts["minimum"], "MIN_READY_INSTANCES", f"at most MIN_INSTANCES ({counts['replicas']})"
        )


def _count(options: Mapping[str, object], name: str, *, least: int) -> int | None:
    value: int | None = typed(options, name, int)
    if value is not None and value < least:
        raise _bad_value(value, name, f"at least {least}")
    return value


def _seconds(options: Mapping[str, object], name: str) -> int:
    value = _count(options, name, least=0) or 0
    if 0 < value < _LEAST_AUTO_SUSPEND:
        raise _bad_value(value, name, f"0 or at least {_LEAST_AUTO_SUSPEND}")
    return value


def _level(options: Mapping[str, object], name: str) -> str:
    value = str(options[name]).upper()
    if value not in _LOG_LEVELS:
        raise invalid(f"invalid value [{options[name]}] for parameter '{name}'")
    return value


def _bad_value(value: object, name: str, wanted: str) -> Fault:
    return invalid(f"invalid value [{value}] for parameter '{name}': it must be {wanted}.")


def _refuse_idle_public(counts: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    endpoints = spec["spec"].get("endpoints", [])
    if counts.get("auto_suspend_secs") and any(endpoint.get("public") for endpoint in endpoints):
        raise invalid("AUTO_SUSPEND_SECS is not supported for a service with a public endpoint.")


def _refuse_uneven_blocks(counts: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    if volumes.blocks(spec) and counts["replicas"] != counts["maximum"]:
        raise invalid("A service with block storage volumes needs MIN_INSTANCES equal to MAX_INSTANCES.")


# --- names and rights


def _allowed(name: Name, pool: str, context: Context, backend: Backend) -> Record:
    """The pool, when the role may use it and create services in the name's schema."""
    found = pool_of(pool, context, backend)
    require_container(backend, name)
    schema = Name(name=name.schema, database=name.database)
    require(context, backend, "CREATE SERVICE", Kind.SCHEMA, schema)
    return found


def _job_name(given: object, request: Request) -> ObjectName:
    if isinstance(given, ObjectName):
        return given
    return ObjectName(name="JOB_" + request.query_id.replace("-", "_").upper())

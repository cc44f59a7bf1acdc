"""Services and jobs: describe, show, drop. (So far all of them are jobs.)"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import missing
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import already_dropped, columns, dropped, existing, require_area
from sfml.emulator.handlers.privileges import ADMIN, forget_object, has, require
from sfml.emulator.results import Column, Rows, Type, table
from sfml.emulator.services import spec
from sfml.emulator.services.model import Instance, Service
from sfml.emulator.services.states import CONTAINER_OF, InstanceStatus
from sfml.emulator.statements import commands as c

_NUMBERS = (
    "current_instances", "target_instances", "min_ready_instances", "min_instances", "max_instances",
    "auto_suspend_secs",
)  # fmt: skip
_TIMES = ("created_on", "updated_on", "resumed_on", "suspended_on")
_TYPES = {**dict.fromkeys(_NUMBERS, Type.FIXED), **dict.fromkeys(_TIMES, Type.TIMESTAMP_LTZ)}
_COLUMNS = (
    "name", "status", "database_name", "schema_name", "owner", "compute_pool", "spec", "dns_name",
    "current_instances", "target_instances", "min_ready_instances", "min_instances", "max_instances",
    "auto_resume", "external_access_integrations", "created_on", "updated_on", "resumed_on", "suspended_on",
    "auto_suspend_secs", "comment", "owner_role_type", "query_warehouse", "is_job", "is_async_job",
    "spec_digest", "is_upgrading", "managing_object_domain", "managing_object_name",
)  # fmt: skip
_DESCRIBED = columns(*_COLUMNS, **_TYPES)
# Columns that a variant of SHOW SERVICES does not have (its documentation page).
_HIDDEN = {"BOTH": {"spec"}, "ONLY": {"spec", "is_job"}, "EXCLUDE": {"spec", "is_job", "is_async_job"}}
_INSTANCE = columns(
    "database_name", "schema_name", "service_name", "service_status", "instance_id", "status", "spec_digest",
    "creation_time", "start_time", "ip_address",
)  # fmt: skip
_CONTAINER = columns(
    "database_name", "schema_name", "service_name", "service_status", "instance_id", "instance_status",
    "container_name", "status", "message", "image_name", "image_digest", "restart_count", "start_time",
    "last_exit_code", "last_restart_time",
    restart_count=Type.FIXED, last_exit_code=Type.FIXED,
)  # fmt: skip
# Any of these lets a role see a service.
_SEEING = ("USAGE", "MONITOR", "OPERATE", "OWNERSHIP")
_ADDRESS = "127.0.0.1"
"""Of each instance: all of them are processes of this machine."""


def registry(backend: Backend) -> str:
    """The host that full image names begin with."""
    return f"{backend.settings.account.lower()}.registry.snowflakecomputing.com"


def find(name: Name, context: Context, backend: Backend, *privileges: str) -> Service:
    """The job, if the role has one of the privileges on it (any, to see it); else :class:`Fault` 002003."""
    existing(backend, Kind.SERVICE, name)
    job: Service = backend.services.get(name)
    if not _may(job, context, backend, *(privileges or _SEEING)):
        raise missing(Kind.SERVICE, str(name))
    return job


def describe(command: c.DescribeService, _: Request, context: Context, backend: Backend) -> Rows:
    from sfml.emulator.services.rendering import render

    job = find(command.name.resolve(context), context, backend)
    cells = {**_cells(job, backend), "spec": render(job.spec, registry=registry(backend))}
    return table(_DESCRIBED, [tuple(cells.values())])


def show(command: c.ShowServices, _: Request, context: Context, backend: Backend) -> Rows:
    found = [] if command.jobs == "EXCLUDE" else _in_scope(command, context, backend)
    seen = [job for job in found if _may(job, context, backend, *_SEEING)]
    hidden = _HIDDEN[command.jobs]
    shown = [column for column in _DESCRIBED if column.name not in hidden]
    jobs = command.filter.pick(seen, lambda job: job.name.name)
    return table(shown, [_row(job, shown, backend) for job in jobs])


def drop(command: c.DropService, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if backend.catalog.get(Kind.SERVICE, name) is None and command.if_exists:
        return already_dropped(name.name)
    find(name, context, backend)
    require(context, backend, "OWNERSHIP", Kind.SERVICE, name)
    backend.services.drop(name)
    forget_object(backend, Kind.SERVICE, name)
    return dropped(name.name)


def show_instances(command: c.ShowServiceInstances, _: Request, context: Context, backend: Backend) -> Rows:
    job = find(command.name.resolve(context), context, backend)
    rows = [
        (
            *_place(job), str(one.id), one.status, job.spec_digest, iso(job.record.created_on),
            iso(one.started_on), _ADDRESS if one.placed_on else "",
        )
        for one in job.instances
    ]  # fmt: skip
    return table(_INSTANCE, rows)


def show_containers(command: c.ShowServiceContainers, _: Request, context: Context, backend: Backend) -> Rows:
    job = find(command.name.resolve(context), context, backend)
    if all(instance.status is InstanceStatus.PENDING for instance in job.instances):
        nothing = (None,) * (len(_CONTAINER) - len(_place(job)))
        return table(_CONTAINER, [(*_place(job), *nothing)])
    return table(_CONTAINER, [_container(job, instance, backend) for instance in job.instances])


def iso(at: datetime | None) -> str:
    """The text form of an instance's times; '' before it happened."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


# --- rows


def _in_scope(command: c.ShowServices, context: Context, backend: Backend) -> list[Service]:
    if command.filter.scope_kind == "COMPUTE POOL":
        pool = command.filter.scope_name[-1]
        existing(backend, Kind.COMPUTE_POOL, Name(name=pool))
        return [job for job in backend.services.find() if job.pool == pool]
    database, schema = command.filter.area(context)
    require_area(backend, (database, schema))
    jobs: list[Service] = backend.services.find(database=database, schema=schema)
    return jobs


def _may(job: Service, context: Context, backend: Backend, *privileges: str) -> bool:
    if context.role in (ADMIN, job.record.owner):
        return True
    return any(has(context, backend, privilege, Kind.SERVICE, job.name) for privilege in privileges)


def _row(job: Service, shown: list[Column], backend: Backend) -> tuple[object, ...]:
    cells = _cells(job, backend)
    return tuple(cells[column.name] for column in shown)


def _cells(job: Service, backend: Backend) -> dict[str, object]:
    """A job's cells by column in the order of DESCRIBE SERVICE, which fills in the specification."""
    record, replicas = job.record, len(job.instances)
    current = sum(instance.status is InstanceStatus.READY for instance in job.instances)
    values = (
        job.name.name, job.status, job.name.database, job.name.schema, record.owner, job.pool,
        None, dns_name(job.name, backend),
        current, replicas, job.minimum, replicas, replicas, "true",
        json.dumps(job.integrations) if job.integrations else None,
        record.created_on, record.updated_on, job.resumed_on, None, 0,
        record.comment or None, "ROLE", job.query_warehouse, "true", str(job.asynchronous).lower(),
        job.spec_digest, "false", None, None,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def dns_domain(database: str, schema: str, backend: Backend) -> str:
    """The schema's domain: its hash survives a rename and is new for a schema of the same name made anew."""
    record = existing(backend, Kind.SCHEMA, Name(name=schema, database=database))
    key = hashlib.sha256(f"{backend.settings.account} {record.id}".encode()).hexdigest()
    return f"{key[:4]}.svc.spcs.internal"


def dns_name(name: Name, backend: Backend) -> str:
    return f"{name.name.lower().replace('_', '-')}.{dns_domain(name.database, name.schema, backend)}"


def _place(job: Service) -> tuple[object, ...]:
    return (job.name.database, job.name.schema, job.name.name, job.status)


def _container(job: Service, instance: Instance, backend: Backend) -> tuple[object, ...]:
    image, digest = spec.image(job.container, registry(backend))
    return (
        *_place(job), str(instance.id), instance.status, job.container["name"], CONTAINER_OF[instance.status],
        instance.message, image, digest, 0, iso(instance.started_on), instance.exit_code, None,
    )  # fmt: skip

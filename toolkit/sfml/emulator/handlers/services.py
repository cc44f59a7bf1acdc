"""What is shown of services and jobs: DESCRIBE and SHOW, of their instances and containers too."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import missing
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import columns, existing, require_area
from sfml.emulator.handlers.privileges import ADMIN, has
from sfml.emulator.results import Column, Rows, Type, table
from sfml.emulator.services import dns, spec
from sfml.emulator.services.model import Container, Instance, Service
from sfml.emulator.services.states import InstanceStatus
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
"""Of an instance that has ended."""


def registry(backend: Backend) -> str:
    """The host that full image names begin with."""
    return f"{backend.settings.account.lower()}.registry.snowflakecomputing.com"


def find(name: Name, context: Context, backend: Backend, *privileges: str) -> Service:
    """The service, if the role has one of the privileges on it (any, to see it); else 002003."""
    existing(backend, Kind.SERVICE, name)
    service: Service = backend.services.get(name)
    if not _may(service, context, backend, *(privileges or _SEEING)):
        raise missing(Kind.SERVICE, str(name))
    return service


def visible(service: Service, context: Context, backend: Backend) -> bool:
    """Whether the role may know of the service."""
    return _may(service, context, backend, *_SEEING)


def describe(command: c.DescribeService, _: Request, context: Context, backend: Backend) -> Rows:
    from sfml.emulator.services.rendering import render

    service = find(command.name.resolve(context), context, backend)
    text = None
    if context.role in (ADMIN, service.record.owner):  # nobody else sees it
        text = render(service.spec, registry=registry(backend), images=service.images)
    return table(_DESCRIBED, [tuple({**_cells(service, backend), "spec": text}.values())])


def show(command: c.ShowServices, _: Request, context: Context, backend: Backend) -> Rows:
    wanted = {"ONLY": (True,), "EXCLUDE": (False,)}.get(command.jobs, (True, False))
    found = [one for one in _in_scope(command, context, backend) if one.is_job in wanted]
    seen = [service for service in found if visible(service, context, backend)]
    hidden = _HIDDEN[command.jobs]
    shown = [column for column in _DESCRIBED if column.name not in hidden]
    picked = command.filter.pick(seen, lambda service: service.name.name)
    return table(shown, [_row(service, shown, backend) for service in picked])


def show_instances(command: c.ShowServiceInstances, _: Request, context: Context, backend: Backend) -> Rows:
    service = find(command.name.resolve(context), context, backend)
    rows = [
        (
            *_place(service), str(one.id), one.status, one.spec_digest or service.spec_digest,
            iso(one.created_on or service.record.created_on), iso(one.started_on),
            backend.services.address(service, one.id) or (_ADDRESS if one.placed_on else ""),
        )
        for one in service.instances
    ]  # fmt: skip
    return table(_INSTANCE, rows)


def show_containers(command: c.ShowServiceContainers, _: Request, context: Context, backend: Backend) -> Rows:
    service = find(command.name.resolve(context), context, backend)
    if all(instance.placed_on is None for instance in service.instances):
        nothing = (None,) * (len(_CONTAINER) - len(_place(service)))
        return table(_CONTAINER, [(*_place(service), *nothing)])
    rows = [
        _container(service, instance, container, backend)
        for instance in service.instances
        for container in instance.containers
    ]
    return table(_CONTAINER, rows)


def iso(at: datetime | None) -> str:
    """The text form of an instance's times; '' before it happened."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def image(service: Service, container: str, backend: Backend) -> tuple[str, str]:
    """Full name and digest of a container's image; '' for one that the specification no longer has."""
    given = next((one for one in service.containers if one["name"] == container), None)
    return spec.image(given, registry(backend), service.images) if given else ("", "")


def dns_domain(database: str, schema: str, backend: Backend) -> str:
    """The schema's domain; 002003 when there is no such schema."""
    existing(backend, Kind.SCHEMA, Name(name=schema, database=database))
    return dns.domain(database, schema, backend.catalog, backend.settings)


# --- rows


def _in_scope(command: c.ShowServices, context: Context, backend: Backend) -> list[Service]:
    if command.filter.scope_kind == "COMPUTE POOL":
        pool = command.filter.scope_name[-1]
        existing(backend, Kind.COMPUTE_POOL, Name(name=pool))
        return [service for service in backend.services.find() if service.pool == pool]
    database, schema = command.filter.area(context)
    require_area(backend, (database, schema))
    services: list[Service] = backend.services.find(database=database, schema=schema)
    return services


def _may(service: Service, context: Context, backend: Backend, *privileges: str) -> bool:
    if context.role in (ADMIN, service.record.owner):
        return True
    return any(has(context, backend, privilege, Kind.SERVICE, service.name) for privilege in privileges)


def _row(service: Service, shown: list[Column], backend: Backend) -> tuple[object, ...]:
    cells = _cells(service, backend)
    return tuple(cells[column.name] for column in shown)


def _cells(service: Service, backend: Backend) -> dict[str, object]:
    """The cells by column in the order of DESCRIBE SERVICE, which fills in the specification."""
    record = service.record
    current = sum(instance.status is InstanceStatus.READY for instance in service.instances)
    target = 0 if service.suspended else len(service.instances)
    upgrading = any(one.spec_digest not in ("", service.spec_digest) for one in service.instances)
    values = (
        service.name.name, service.status, service.name.database, service.name.schema, record.owner,
        service.pool, None, dns.hostnames(service.name, backend.catalog, backend.settings)[-1],
        current, target, service.minimum, service.replicas, service.maximum, _flag(service.auto_resume),
        json.dumps(service.integrations) if service.integrations else None,
        record.created_on, record.updated_on, service.resumed_on, service.suspended_on,
        service.auto_suspend_secs, record.comment or None, "ROLE", service.query_warehouse,
        _flag(service.is_job), _flag(service.is_job and service.asynchronous),
        service.spec_digest, _flag(upgrading), None, None,
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _flag(value: bool) -> str:
    return str(value).lower()


def _place(service: Service) -> tuple[object, ...]:
    return (service.name.database, service.name.schema, service.name.name, service.status)


def _container(
    service: Service, instance: Instance, container: Container, backend: Backend
) -> tuple[object, ...]:
    name, digest = image(service, container.name, backend)
    return (
        *_place(service), str(instance.id), instance.status, container.name, container.status,
        container.message, name, digest, container.restarts, iso(container.started_on), container.exit_code,
        iso(container.restarted_on) or None,
    )  # fmt: skip

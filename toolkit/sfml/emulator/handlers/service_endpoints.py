"""Endpoints of services, and the service roles that may use them."""

from __future__ import annotations

from datetime import timedelta

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import missing, unsupported
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import SUCCEEDED, columns, existing
from sfml.emulator.handlers.privileges import (
    ADMIN,
    Grant,
    active_roles,
    erase_grant,
    grants,
    record_grant,
    require,
)
from sfml.emulator.handlers.services import find
from sfml.emulator.results import Rows, Type, status, table
from sfml.emulator.services.model import Service
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName

ALL_ENDPOINTS = "ALL_ENDPOINTS_USAGE"
"""The role that each service has (Snowflake's "Working with services")."""
_KIND, _USAGE = "SERVICE_ROLE", "USAGE"
# What clients look for in it, in lower case: snowflake-cli, _plugins/apps/manager.py.
PROVISIONING = "Endpoints provisioning in progress... check back in a few minutes"
_ENDPOINTS = columns("name", "port", "port_range", "protocol", "is_public", "ingress_url", port=Type.FIXED)
_ROLES = columns("created_on", "name", "comment", created_on=Type.TIMESTAMP_LTZ)


def show(command: c.ShowEndpoints, _: Request, context: Context, backend: Backend) -> Rows:
    service = find(command.name.resolve(context), context, backend)
    rows = [
        (
            endpoint["name"], endpoint.get("port"), endpoint.get("portRange"),
            endpoint.get("protocol", "HTTP"), str(bool(endpoint.get("public"))).lower(),
            _address(service, endpoint["name"], backend) if endpoint.get("public") else None,
        )
        for endpoint in service.spec["spec"].get("endpoints", [])
    ]  # fmt: skip
    return table(_ENDPOINTS, rows)


def show_roles(command: c.ShowServiceRoles, _: Request, context: Context, backend: Backend) -> Rows:
    service = find(command.name.resolve(context), context, backend)
    created = service.record.created_on
    return table(_ROLES, [(created, name, "") for name in roles(service)])


def roles(service: Service) -> tuple[str, ...]:
    """The names of a service's roles."""
    own = [str(role["name"]).upper() for role in service.spec.get("serviceRoles", [])]
    return (ALL_ENDPOINTS, *own)


def grant(command: c.GrantServiceRole, _: Request, context: Context, backend: Backend) -> Rows:
    service = _granted(command.service, command.role, command.to, context, backend)
    record_grant(
        backend,
        Grant(
            role=command.to.name,
            privilege=_USAGE,
            kind=_KIND,
            name=_name(service, command.role),
            granted_by=context.role,
            created_on=backend.clock(),
        ),
    )
    return status(SUCCEEDED)


def revoke(command: c.RevokeServiceRole, _: Request, context: Context, backend: Backend) -> Rows:
    service = _granted(command.service, command.role, command.from_, context, backend)
    erase_grant(
        backend,
        role=command.from_.name,
        privilege=_USAGE,
        kind=_KIND,
        name=_name(service, command.role),
        option_only=False,
    )
    return status(SUCCEEDED)


def may_use(endpoint: str, service: Service, context: Context, backend: Backend) -> bool:
    """Whether the session's role reaches the endpoint: as the service's owner, or by a service role."""
    held = active_roles(context, backend)
    if ADMIN in held or service.record.owner in held:
        return True
    own = service.spec.get("serviceRoles", [])
    serving = [str(role["name"]).upper() for role in own if endpoint in role["endpoints"]]
    names = [_name(service, role) for role in (ALL_ENDPOINTS, *serving)]
    return any(one.role in held for name in names for one in grants(backend, kind=_KIND, name=name))


def forget_roles(service: Service, backend: Backend) -> None:
    """A dropped service takes the grants of its roles with it."""
    with backend.catalog.transaction() as db:
        for role in roles(service):
            db.execute("delete from privilege where kind = ? and name = ?", (_KIND, _name(service, role)))


def _granted(
    service: ObjectName, role: str, grantee: c.Grantee, context: Context, backend: Backend
) -> Service:
    """The service that has this role, which its owner may hand on."""
    found = find(service.resolve(context), context, backend)
    require(context, backend, "OWNERSHIP", Kind.SERVICE, found.name)
    if role not in roles(found):
        raise missing("Service Role", f"{found.name}!{role}")
    if grantee.kind != "ROLE":
        raise unsupported("a service role granted to a user")
    existing(backend, Kind.ROLE, Name(name=grantee.name))
    return found


def _name(service: Service, role: str) -> str:
    return f"{service.name}!{role}"


def _address(service: Service, endpoint: str, backend: Backend) -> str:
    """Where a public endpoint is reached from outside; a sentence until it is."""
    ready = service.record.created_on + timedelta(seconds=backend.settings.ingress_provisioning)
    if backend.clock() < ready:
        return PROVISIONING
    return backend.ingress_address(service.record.id, endpoint)

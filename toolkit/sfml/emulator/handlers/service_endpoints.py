"""Endpoints of services, and the service roles that may use them."""

from __future__ import annotations

from sfml.emulator.context import Context
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import columns
from sfml.emulator.handlers.services import find
from sfml.emulator.results import Rows, Type, table
from sfml.emulator.services import dns
from sfml.emulator.services.model import Service
from sfml.emulator.statements import commands as c

ALL_ENDPOINTS = "ALL_ENDPOINTS_USAGE"
"""The role that each service has (Snowflake's "Working with services")."""
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


def _address(service: Service, endpoint: str, backend: Backend) -> str:
    """The host under which a public endpoint is reached from outside."""
    label = f"{endpoint}-{dns.host(service.name)}-{service.record.id}"
    return f"{label}-{backend.settings.account.lower()}.snowflakecomputing.app"

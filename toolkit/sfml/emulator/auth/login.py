"""From an identity to a session's context: its role, database, schema and warehouse."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sfml.emulator.auth import refusals
from sfml.emulator.auth.credentials import Identity
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.wire.requests import LoginRequest


def context_of(identity: Identity, login: LoginRequest, catalog: Catalog) -> Context:
    """The context that the session starts in. What does not exist is left out, as Snowflake does.

    With CLIENT_VALIDATE_DEFAULT_PARAMETERS, an object that does not exist is refused instead.
    """
    defaults = _defaults(identity, catalog)
    strict = bool(login.parameters.get("CLIENT_VALIDATE_DEFAULT_PARAMETERS"))
    wanted = _resolved(login.database) or defaults.get("database")
    database = _existing(catalog, Kind.DATABASE, Name(name=wanted or ""), strict=strict)
    return Context(
        session_id=secrets.randbelow(1 << 48),
        user=identity.user,
        role=_role(identity, _resolved(login.role), catalog),
        database=database,
        schema=_schema(catalog, database, _resolved(login.schema) or defaults.get("schema"), strict=strict),
        warehouse=_existing(
            catalog,
            Kind.WAREHOUSE,
            Name(name=_resolved(login.warehouse) or defaults.get("warehouse") or ""),
            strict=strict,
        ),
        parameters=dict(login.parameters),
        service=identity.service,
    )


def asked_for(login: LoginRequest) -> Mapping[str, str | None]:
    """The names of the login itself, as the catalog writes them, whether or not they exist."""
    return {
        "database": _resolved(login.database),
        "schema": _resolved(login.schema),
        "warehouse": _resolved(login.warehouse),
    }


def may_use(identity: Identity, role: str) -> bool:
    """Whether the user was granted the role; ACCOUNTADMIN stands above all, PUBLIC belongs to everybody."""
    granted = identity.record.properties.get("roles", []) if identity.record else []
    return role == "PUBLIC" or role in granted or "ACCOUNTADMIN" in granted


def _role(identity: Identity, asked: str | None, catalog: Catalog) -> str:
    if identity.role is not None:
        if asked not in (None, identity.role):
            raise refusals.role_not_granted(str(asked))
        return identity.role
    default = identity.record.properties.get("default_role") if identity.record else None
    role = asked or str(default or "PUBLIC")
    if not may_use(identity, role) or catalog.get(Kind.ROLE, Name(name=role)) is None:
        raise refusals.role_not_granted(role)
    return role


def _schema(catalog: Catalog, database: str | None, wanted: str | None, *, strict: bool) -> str | None:
    if database is None:
        return None
    asked = wanted or "PUBLIC"
    return _existing(catalog, Kind.SCHEMA, Name(name=asked, database=database), strict=strict)


def _existing(catalog: Catalog, kind: Kind, name: Name, *, strict: bool) -> str | None:
    if not name.name:
        return None
    if catalog.get(kind, name) is not None:
        return name.name
    if strict:
        raise refusals.no_such_object(kind.value.lower())
    return None


def _defaults(identity: Identity, catalog: Catalog) -> Mapping[str, str]:
    if identity.service:
        return _of_service(identity.service, catalog)
    properties = identity.record.properties if identity.record else {}
    database, _, schema = str(properties.get("default_namespace") or "").partition(".")
    found = {
        "database": database,
        "schema": schema,
        "warehouse": str(properties.get("default_warehouse") or ""),
    }
    return {key: value for key, value in found.items() if value}


def _of_service(service: str, catalog: Catalog) -> Mapping[str, str]:
    """A job's name is qualified: that is where it runs; its QUERY_WAREHOUSE is what its queries run on."""
    database, _, rest = service.partition(".")
    schema, _, name = rest.partition(".")
    found = catalog.get(Kind.SERVICE, Name(name=name, schema=schema, database=database))
    warehouse = found.properties.get("query_warehouse") if found else None
    return {"database": database, "schema": schema, "warehouse": str(warehouse or "")}


def _resolved(name: str | None) -> str | None:
    """An identifier as the catalog has it: a quoted one as it is, any other in upper case."""
    if not name:
        return None
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('""', '"')
    return name.upper()

"""GRANT, REVOKE, SHOW GRANTS."""

from __future__ import annotations

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import SUCCEEDED, columns, existing
from sfml.emulator.handlers.privileges import (
    ACCOUNT,
    ADMIN,
    Grant,
    active_roles,
    erase_grant,
    grants,
    has,
    inherited,
    record_grant,
)
from sfml.emulator.results import Rows, Type, status, table
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName, SchemaName

_COLUMNS = (
    "created_on",
    "privilege",
    "granted_on",
    "name",
    "granted_to",
    "grantee_name",
    "grant_option",
    "granted_by",
)
_OF_COLUMNS = ("created_on", "role", "granted_to", "grantee_name", "granted_by")
# Kinds that are in no database.
_OF_ACCOUNT = (Kind.DATABASE, Kind.WAREHOUSE, Kind.ROLE, Kind.USER, Kind.COMPUTE_POOL, Kind.INTEGRATION)


def grant(command: c.GrantPrivileges, _: Request, context: Context, backend: Backend) -> Rows:
    _require_role(command.to, backend)
    for kind, name, record in _objects(command.on, context, backend):
        _require_right(command.privileges, kind, name, context, backend)
        if "OWNERSHIP" in command.privileges:
            _transfer(record, command.to.name, backend)
            continue
        for privilege in command.privileges:
            record_grant(backend, Grant(
                role=command.to.name, privilege=privilege, kind=kind, name=name, granted_by=context.role,
                created_on=backend.clock(), grant_option=command.grant_option))  # fmt: skip
    return status(SUCCEEDED)


def revoke(command: c.RevokePrivileges, _: Request, context: Context, backend: Backend) -> Rows:
    _require_role(command.from_, backend)
    for kind, name, __ in _objects(command.on, context, backend):
        _require_right(command.privileges, kind, name, context, backend)
        for privilege in command.privileges:
            erase_grant(
                backend, role=command.from_.name, privilege=privilege, kind=kind, name=name,
                option_only=command.grant_option_only,
            )  # fmt: skip
    return status(SUCCEEDED)


def _require_role(grantee: c.Grantee, backend: Backend) -> None:
    if grantee.kind != "ROLE":
        raise unsupported("a privilege granted to a user")
    existing(backend, Kind.ROLE, Name(name=grantee.name))


def _transfer(record: Record | None, role: str, backend: Backend) -> None:
    if record is None:
        raise unsupported("GRANT OWNERSHIP ON ACCOUNT or on FUTURE objects")
    backend.catalog.update(record, owner=role)


def _require_right(
    privileges: tuple[str, ...], kind: str, name: str, context: Context, backend: Backend
) -> None:
    """Only the owner, MANAGE GRANTS, or a role that may pass the privilege on."""
    if has(context, backend, "MANAGE GRANTS", ACCOUNT):
        return
    roles = active_roles(context, backend)
    record = _record(kind, name, backend)
    if record is not None and record.owner in roles:
        return
    mine = [g for g in grants(backend, kind=kind, name=name) if g.role in roles and g.grant_option]
    passable = {g.privilege for g in mine}
    if not set(privileges) <= passable:
        text = "SQL access control error:\nInsufficient privileges: grants need OWNERSHIP or MANAGE GRANTS"
        raise Fault("003001", "42501", text)


def _record(kind: str, name: str, backend: Backend) -> Record | None:
    found = Kind.__members__.get(kind)
    if found is None:
        return None
    return next((record for record in backend.catalog.find(found) if str(record.name) == name), None)


def _objects(on: c.Securable, context: Context, backend: Backend) -> list[tuple[str, str, Record | None]]:
    """What a GRANT is on: kind and name as recorded, and the object itself."""
    if on.kind == ACCOUNT:
        return [(ACCOUNT, "", None)]
    kind = _kind(on.kind)
    if on.bulk is None:
        record = existing(backend, kind, _name(kind, on.name, context))
        return [(kind.name, str(record.name), record)]
    container = _container(on, context, backend)
    if on.bulk == "FUTURE":
        return [(f"FUTURE {kind.name}", str(container), None)]
    inside = (container.database, container.name) if container.database else (container.name, None)
    found = backend.catalog.find(kind, database=inside[0], schema=inside[1])
    return [(kind.name, str(record.name), record) for record in found]


def _container(on: c.Securable, context: Context, backend: Backend) -> Name:
    kind = Kind.DATABASE if on.container == "DATABASE" else Kind.SCHEMA
    return existing(backend, kind, _name(kind, on.name, context)).name


def _kind(word: str) -> Kind:
    kind = Kind.__members__.get(word.replace(" ", "_"))
    if kind is None:
        raise unsupported(f"GRANT ON {word}")
    return kind


def _name(kind: Kind, parts: tuple[str, ...], context: Context) -> Name:
    if kind in _OF_ACCOUNT:
        return Name(name=parts[-1])
    if kind is Kind.SCHEMA:
        return SchemaName(name=parts[-1], database=parts[0] if len(parts) > 1 else None).resolve(context)
    database, schema, name = (None,) * (3 - len(parts)) + parts[-3:]
    return ObjectName(name=name or "", schema=schema, database=database).resolve(context)


# --- roles


def grant_role(command: c.GrantRole, _: Request, context: Context, backend: Backend) -> Rows:
    holder = _holder(command.role, command.to, context, backend)
    if command.to.kind == "ROLE" and command.to.name in _all_inherited(command.role, backend):
        text = (
            "SQL compilation error:\nCircular dependency detected: the role already inherits the other one."
        )
        raise Fault("003023", "42501", text)
    roles = list(holder.properties.get("roles") or ())
    if command.role not in roles:
        backend.catalog.update(holder, properties={"roles": [*roles, command.role]})
    return status(SUCCEEDED)


def revoke_role(command: c.RevokeRole, _: Request, context: Context, backend: Backend) -> Rows:
    holder = _holder(command.role, command.from_, context, backend)
    roles = [role for role in holder.properties.get("roles") or () if role != command.role]
    backend.catalog.update(holder, properties={"roles": roles})
    return status(SUCCEEDED)


def _holder(role: str, grantee: c.Grantee, context: Context, backend: Backend) -> Record:
    existing(backend, Kind.ROLE, Name(name=role))
    holder = existing(backend, Kind[grantee.kind], Name(name=grantee.name))
    _require_right(("USAGE",), Kind.ROLE.name, role, context, backend)
    return holder


def _all_inherited(role: str, backend: Backend) -> set[str]:
    seen, waiting = set(), [role]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(inherited(current, backend))
    return seen


# --- SHOW GRANTS


def show(command: c.ShowGrants, _: Request, context: Context, backend: Backend) -> Rows:
    if command.of is not None:
        return _show_of(command.of, backend)
    if command.on is not None:
        return _show_on(command.on, context, backend)
    to = command.to or c.Grantee(kind="USER", name=context.user)
    return _show_to_user(to.name, backend) if to.kind == "USER" else _show_to_role(to.name, backend)


def _show_to_role(role: str, backend: Backend) -> Rows:
    existing(backend, Kind.ROLE, Name(name=role))
    rows = [_row(g, backend) for g in grants(backend, role=role) if not g.kind.startswith("FUTURE ")]
    rows += [
        (r.created_on, "OWNERSHIP", r.kind.name, str(r.name), "ROLE", role, "true", role)
        for kind in Kind
        for r in backend.catalog.find(kind)
        if r.owner == role
    ]
    record = existing(backend, Kind.ROLE, Name(name=role))
    rows += [
        (record.created_on, "USAGE", "ROLE", held, "ROLE", role, "false", record.owner)
        for held in inherited(role, backend)
    ]
    return table(columns(*_COLUMNS, created_on=Type.TIMESTAMP_LTZ), rows)


def _show_to_user(user: str, backend: Backend) -> Rows:
    record = existing(backend, Kind.USER, Name(name=user))
    rows = [(record.created_on, role, "USER", user, ADMIN) for role in record.properties.get("roles") or ()]
    return table(columns(*_OF_COLUMNS, created_on=Type.TIMESTAMP_LTZ), rows)


def _show_of(role: str, backend: Backend) -> Rows:
    existing(backend, Kind.ROLE, Name(name=role))
    holders = (*backend.catalog.find(Kind.USER), *backend.catalog.find(Kind.ROLE))
    rows = [
        (holder.created_on, role, holder.kind.name, holder.name.name, ADMIN)
        for holder in holders
        if role in (holder.properties.get("roles") or ())
    ]
    return table(columns(*_OF_COLUMNS, created_on=Type.TIMESTAMP_LTZ), rows)


def _show_on(on: c.Securable, context: Context, backend: Backend) -> Rows:
    found = _objects(on, context, backend)
    rows = [_row(g, backend) for kind, name, _ in found for g in grants(backend, kind=kind, name=name)]
    rows += [
        (r.created_on, "OWNERSHIP", r.kind.name, str(r.name), "ROLE", r.owner, "true", r.owner)
        for _, __, r in found
        if r is not None and r.owner
    ]
    return table(columns(*_COLUMNS, created_on=Type.TIMESTAMP_LTZ), rows)


def _row(g: Grant, backend: Backend) -> tuple[object, ...]:
    name = g.name or backend.settings.account
    option = str(g.grant_option).lower()
    return (g.created_on, g.privilege, g.kind, name, "ROLE", g.role, option, g.granted_by)

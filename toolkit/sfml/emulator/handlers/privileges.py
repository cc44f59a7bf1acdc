"""Which privileges a role has, and the one function through which handlers demand them.

A role has what it owns, what is granted to it or to a role granted to it, and what is granted to PUBLIC.
ACCOUNTADMIN has everything. What is not enforced is listed in docs/deviations.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import missing, no_privilege
from sfml.emulator.handlers.base import Backend

ACCOUNT = "ACCOUNT"
ADMIN = "ACCOUNTADMIN"
SYSTEM_ROLES = (ADMIN, "SECURITYADMIN", "SYSADMIN", "USERADMIN", "PUBLIC")
# docs.snowflake.com/en/user-guide/security-access-control-overview: the system roles' hierarchy and
# privileges.
_INHERITS: Mapping[str, tuple[str, ...]] = {
    ADMIN: ("SYSADMIN", "SECURITYADMIN"),
    "SECURITYADMIN": ("USERADMIN",),
}
_BUILT_IN: Mapping[str, frozenset[str]] = {
    "SYSADMIN": frozenset({"CREATE DATABASE", "CREATE WAREHOUSE"}),
    "SECURITYADMIN": frozenset({"MANAGE GRANTS"}),
    "USERADMIN": frozenset({"CREATE USER", "CREATE ROLE"}),
}
# Privileges that contain others: docs.snowflake.com/en/user-guide/security-access-control-privileges.
_CONTAINED: Mapping[str, tuple[str, ...]] = {"READ": ("WRITE",)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One row of the catalog's privilege table."""

    role: str
    privilege: str
    kind: str
    name: str
    granted_by: str
    created_on: datetime
    grant_option: bool = False


def require(
    context: Context, backend: Backend, privilege: str, kind: Kind | str, name: Name | None = None
) -> None:
    """Pass when the session's role has the privilege on the object (``ACCOUNT`` has no name).

    Else 003001, or 002003 when the role has no privilege at all on the object and so may not know of it.
    """
    if has(context, backend, privilege, kind, name):
        return
    if kind == ACCOUNT or name is None:
        raise no_privilege("account", backend.settings.account)
    known = kind in (Kind.DATABASE, Kind.SCHEMA) or _any_privilege(context, backend, Kind(kind), name)
    if not known:
        raise missing(Kind(kind).value, str(name))
    raise no_privilege(Kind(kind).value.lower(), name.name)


def has(
    context: Context, backend: Backend, privilege: str, kind: Kind | str, name: Name | None = None
) -> bool:
    """Whether the session's role may do this."""
    roles = active_roles(context, backend)
    if ADMIN in roles:
        return True
    if kind == ACCOUNT or name is None:
        return any(privilege in _BUILT_IN.get(role, ()) for role in roles) or bool(
            _granted(backend, roles, {privilege}, ACCOUNT, "")
        )
    return _has_on(backend, roles, privilege, Kind(kind), name)


def _has_on(backend: Backend, roles: frozenset[str], privilege: str, kind: Kind, name: Name) -> bool:
    record = backend.catalog.get(kind, name)
    if record is not None and record.owner in roles:
        return True
    wanted = {privilege, "ALL", *_CONTAINED.get(privilege, ())}
    if _granted(backend, roles, wanted, kind.name, str(name)):
        return True
    return record is not None and _from_future(backend, roles, wanted, record)


def _any_privilege(context: Context, backend: Backend, kind: Kind, name: Name) -> bool:
    roles = active_roles(context, backend)
    return any(g.role in roles for g in grants(backend, kind=kind.name, name=str(name)))


def _granted(
    backend: Backend, roles: frozenset[str], privileges: set[str], kind: str, name: str
) -> list[Grant]:
    return [g for g in grants(backend, kind=kind, name=name) if g.role in roles and g.privilege in privileges]


def _from_future(backend: Backend, roles: frozenset[str], privileges: set[str], record: Record) -> bool:
    """Whether a grant on future objects of the schema or database was there when the object was created."""
    name = record.name
    containers = [Name(name=name.schema, database=name.database), Name(name=name.database)]
    return any(
        grant.created_on <= record.created_on
        for container in containers
        for grant in _granted(backend, roles, privileges, f"FUTURE {record.kind.name}", str(container))
    )


def active_roles(context: Context, backend: Backend) -> frozenset[str]:
    """The session's role and all that it inherits; with secondary roles, also the user's others."""
    roles = {context.role}
    if context.secondary_roles == "ALL":
        roles |= set(user_roles(context.user, backend))
    return frozenset(_closure(roles, backend))


def user_roles(user: str, backend: Backend) -> list[str]:
    """The roles granted to a user; PUBLIC is everybody's."""
    record = backend.catalog.get(Kind.USER, Name(name=user))
    return [*(record.properties.get("roles") or () if record else ()), "PUBLIC"]


def available_roles(user: str, backend: Backend) -> frozenset[str]:
    """The roles that a user may USE: those granted, and those that these inherit."""
    return frozenset(_closure(set(user_roles(user, backend)), backend))


def inherited(role: str, backend: Backend) -> tuple[str, ...]:
    """The roles granted to a role."""
    record = backend.catalog.get(Kind.ROLE, Name(name=role))
    return (*_INHERITS.get(role, ()), *(record.properties.get("roles") or () if record else ()))


def _closure(roles: set[str], backend: Backend) -> Iterator[str]:
    waiting, seen = [*roles, "PUBLIC"], set()
    while waiting:
        role = waiting.pop()
        if role not in seen:
            seen.add(role)
            waiting.extend(inherited(role, backend))
            yield role


# --- the catalog's table


def grants(
    backend: Backend, *, role: str | None = None, kind: str | None = None, name: str | None = None
) -> list[Grant]:
    """Recorded grants by role, or by kind and name; oldest first."""
    query = (
        "select role, privilege, kind, name, granted_by, created_on, grant_option from privilege where 1 = 1"
    )
    values = []
    for column, value in (("role", role), ("kind", kind), ("name", name)):
        if value is not None:
            query += f" and {column} = ?"
            values.append(value)
    with backend.catalog.transaction() as db:
        rows = db.execute(query + " order by created_on, rowid", values).fetchall()
    return [_grant(row) for row in rows]


def _grant(row: tuple[object, ...]) -> Grant:
    role, privilege, kind, name, granted_by, created_on, option = row
    return Grant(
        role=str(role),
        privilege=str(privilege),
        kind=str(kind),
        name=str(name),
        granted_by=str(granted_by),
        created_on=datetime.fromisoformat(str(created_on)),
        grant_option=bool(option),
    )


def record_grant(backend: Backend, grant: Grant) -> None:
    with backend.catalog.transaction() as db:
        db.execute(
            "insert into privilege (role, privilege, kind, name, granted_by, created_on, grant_option)"
            " values (?, ?, ?, ?, ?, ?, ?) on conflict (role, privilege, kind, name)"
            " do update set grant_option = max(grant_option, excluded.grant_option)",
            (
                grant.role, grant.privilege, grant.kind, grant.name, grant.granted_by,
                grant.created_on.isoformat(), int(grant.grant_option),
            ),
        )  # fmt: skip


def erase_grant(
    backend: Backend, *, role: str, privilege: str, kind: str, name: str, option_only: bool
) -> None:
    """Revoke one privilege (ALL: every one) on one object, or only the right to pass it on."""
    change = "update privilege set grant_option = 0" if option_only else "delete from privilege"
    query = f"{change} where role = ? and kind = ? and name = ?"
    values = [role, kind, name]
    if privilege != "ALL":
        query += " and privilege = ?"
        values.append(privilege)
    with backend.catalog.transaction() as db:
        db.execute(query, values)


def forget_object(backend: Backend, kind: Kind, name: Name) -> None:
    """What is dropped takes its grants with it."""
    with backend.catalog.transaction() as db:
        db.execute("delete from privilege where kind = ? and name = ?", (kind.name, str(name)))


def forget_role(backend: Backend, role: str) -> None:
    with backend.catalog.transaction() as db:
        db.execute("delete from privilege where role = ?", (role,))

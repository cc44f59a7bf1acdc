"""Roles and users."""

from __future__ import annotations

from collections.abc import Mapping

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, missing, unsupported
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
from sfml.emulator.handlers.privileges import (
    ACCOUNT,
    SYSTEM_ROLES,
    active_roles,
    forget_role,
    inherited,
    require,
)
from sfml.emulator.passwords import hash_password
from sfml.emulator.results import Rows, Type, status, table
from sfml.emulator.statements import commands as c

_LTZ = Type.TIMESTAMP_LTZ
_NUMBERS = ("assigned_to_users", "granted_to_roles", "granted_roles")
_ROLE_COLUMNS = columns(
    "created_on", "name", "is_default", "is_current", "is_inherited", *_NUMBERS, "owner", "comment",
    created_on=_LTZ, **dict.fromkeys(_NUMBERS, Type.FIXED),
)  # fmt: skip
# docs.snowflake.com/en/sql-reference/sql/show-users
_USER_COLUMNS = columns(
    "name", "created_on", "login_name", "display_name", "first_name", "last_name", "email", "mins_to_unlock",
    "days_to_expiry", "comment", "disabled", "must_change_password", "snowflake_lock", "default_warehouse",
    "default_namespace", "default_role", "default_secondary_roles", "ext_authn_duo", "ext_authn_uid",
    "mins_to_bypass_mfa", "owner", "last_success_login", "expires_at_time", "locked_until_time",
    "has_password",
    "has_rsa_public_key", "type",
    **dict.fromkeys(("created_on", "last_success_login", "expires_at_time", "locked_until_time"), _LTZ),
)  # fmt: skip
# User properties that are kept, by their name in the catalog; the password is kept as a hash only.
_USER_OPTIONS = {
    "LOGIN_NAME": "login_name", "DISPLAY_NAME": "display_name", "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email", "DISABLED": "disabled", "DEFAULT_WAREHOUSE": "default_warehouse",
    "DEFAULT_NAMESPACE": "default_namespace", "DEFAULT_ROLE": "default_role",
    "DEFAULT_SECONDARY_ROLES": "default_secondary_roles", "RSA_PUBLIC_KEY": "rsa_public_key",
    "RSA_PUBLIC_KEY_2": "rsa_public_key_2", "TYPE": "type",
}  # fmt: skip


def create_role(command: c.CreateRole, _: Request, context: Context, backend: Backend) -> Rows:
    check_options(Kind.ROLE, command.options, ("COMMENT",))
    require(context, backend, "CREATE ROLE", ACCOUNT)
    name = Name(name=command.name)
    old = backend.catalog.get(Kind.ROLE, name)
    if old is not None and command.if_not_exists:
        return already_exists(command.name)
    if old is not None and command.or_replace:
        _remove_role(old, context, backend)
    comment = typed(command.options, "COMMENT", str) or ""
    backend.catalog.create(Kind.ROLE, name, owner=context.role, comment=comment)
    return status(f"Role {command.name} successfully created.")


def drop_role(command: c.DropRole, _: Request, context: Context, backend: Backend) -> Rows:
    record = backend.catalog.get(Kind.ROLE, Name(name=command.name))
    if record is None:
        if command.if_exists:
            return already_dropped(command.name)
        raise missing(Kind.ROLE.value, command.name)
    _remove_role(record, context, backend)
    return dropped(command.name)


def _remove_role(record: Record, context: Context, backend: Backend) -> None:
    name = record.name.name
    require(context, backend, "OWNERSHIP", Kind.ROLE, record.name)
    if name in SYSTEM_ROLES or name == context.role:
        raise Fault("003001", "42501", f"SQL access control error:\nCannot drop role '{name}'.")
    with backend.catalog.transaction():
        for holder in _holders(name, backend):
            left = [role for role in holder.properties["roles"] if role != name]
            backend.catalog.update(holder, properties={"roles": left})
        forget_role(backend, name)
        removal.remove(record, backend)


def _holders(role: str, backend: Backend) -> list[Record]:
    """Users and roles to which the role is granted."""
    everyone = (*backend.catalog.find(Kind.USER), *backend.catalog.find(Kind.ROLE))
    return [record for record in everyone if role in (record.properties.get("roles") or ())]


def show_roles(command: c.ShowRoles, _: Request, context: Context, backend: Backend) -> Rows:
    user = user_of(context, backend)
    default = user.properties.get("default_role") if user else None
    records = command.filter.pick(backend.catalog.find(Kind.ROLE), lambda record: record.name.name)
    return table(_ROLE_COLUMNS, [_role_row(record, default, context, backend) for record in records])


def _role_row(record: Record, default: str | None, context: Context, backend: Backend) -> tuple[object, ...]:
    name = record.name.name
    holders = _holders(name, backend)
    users = sum(holder.kind is Kind.USER for holder in holders)
    above = [role for role in SYSTEM_ROLES if role != name and name in inherited(role, backend)]
    parents = {holder.name.name for holder in holders if holder.kind is Kind.ROLE} | set(above)
    return (
        record.created_on, name, yes(name == default), yes(name == context.role),
        yes(name != context.role and name in active_roles(context, backend)), users, len(parents),
        len(set(inherited(name, backend))), record.owner, record.comment or "",
    )  # fmt: skip


# --- users


def create_user(command: c.CreateUser, _: Request, context: Context, backend: Backend) -> Rows:
    properties = _user_properties(command.options)
    require(context, backend, "CREATE USER", ACCOUNT)
    name = Name(name=command.name)
    old = backend.catalog.get(Kind.USER, name)
    if old is not None and command.if_not_exists:
        return already_exists(command.name)
    if old is not None and command.or_replace:
        _remove_user(old, context, backend)
    comment = typed(command.options, "COMMENT", str) or ""
    backend.catalog.create(Kind.USER, name, owner=context.role, comment=comment, properties=properties)
    return status(f"User {command.name} successfully created.")


def alter_user(command: c.AlterUser, _: Request, context: Context, backend: Backend) -> Rows:
    name = Name(name=command.name)
    if backend.catalog.get(Kind.USER, name) is None and command.if_exists:
        return status(SUCCEEDED)
    record = existing(backend, Kind.USER, name)
    if command.name != context.user:  # everybody may change their own key and defaults
        require(context, backend, "OWNERSHIP", Kind.USER, name)
    properties = _user_properties(command.options)
    comment = (typed(command.options, "COMMENT", str) or "") if "COMMENT" in command.options else None
    backend.catalog.update(record, comment=comment, properties=properties)
    return status(SUCCEEDED)


def drop_user(command: c.DropUser, _: Request, context: Context, backend: Backend) -> Rows:
    record = backend.catalog.get(Kind.USER, Name(name=command.name))
    if record is None:
        if command.if_exists:
            return already_dropped(command.name)
        raise missing(Kind.USER.value, command.name)
    _remove_user(record, context, backend)
    return dropped(command.name)


def _remove_user(record: Record, context: Context, backend: Backend) -> None:
    """With its stage; the role must own the user."""
    require(context, backend, "OWNERSHIP", Kind.USER, record.name)
    own_stage = backend.catalog.get(Kind.USER_STAGE, record.name)
    if own_stage is not None:
        removal.remove_stage(own_stage, backend)
    removal.remove(record, backend)


def show_users(command: c.ShowUsers, _: Request, __: Context, backend: Backend) -> Rows:
    records = command.filter.pick(backend.catalog.find(Kind.USER), lambda record: record.name.name)
    return table(_USER_COLUMNS, [_user_row(record) for record in records])


def describe_user(command: c.DescribeUser, _: Request, __: Context, backend: Backend) -> Rows:
    record = existing(backend, Kind.USER, Name(name=command.name))
    cells = zip(_USER_COLUMNS, _user_row(record), strict=True)
    rows = [(column.name.upper(), None if cell is None else str(cell), None, "") for column, cell in cells]
    return table(columns("property", "value", "default", "description"), rows)


def _user_properties(options: Mapping[str, object]) -> dict[str, object]:
    check_options(Kind.USER, options, (*_USER_OPTIONS, "PASSWORD", "COMMENT", "MUST_CHANGE_PASSWORD"))
    if typed(options, "MUST_CHANGE_PASSWORD", bool):
        raise unsupported("MUST_CHANGE_PASSWORD")
    found: dict[str, object] = {
        _USER_OPTIONS[key]: value for key, value in options.items() if key in _USER_OPTIONS
    }
    for key in ("rsa_public_key", "rsa_public_key_2"):
        if found.get(key):
            found[key] = "".join(line for line in str(found[key]).split() if not line.startswith("-"))
    if "PASSWORD" in options:
        password = typed(options, "PASSWORD", str)
        found["password"] = hash_password(password) if password else None
    return found


def _user_row(record: Record) -> tuple[object, ...]:
    have, name = record.properties.get, record.name.name
    return (
        name, record.created_on, have("login_name") or name, have("display_name") or name,
        have("first_name") or "",
        have("last_name") or "", have("email") or "", "", "", record.comment or "",
        str(bool(have("disabled"))).lower(), "false", "false", have("default_warehouse"),
        have("default_namespace"),
        have("default_role"), _text(have("default_secondary_roles")), "false", "", "", record.owner,
        None, None, None,
        str(bool(have("password"))).lower(), str(bool(have("rsa_public_key"))).lower(), have("type"),
    )  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)

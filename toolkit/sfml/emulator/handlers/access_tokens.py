"""Programmatic access tokens: ALTER USER … ADD | MODIFY | REMOVE PROGRAMMATIC ACCESS TOKEN.

docs.snowflake.com/en/sql-reference/sql/alter-user-add-programmatic-access-token. The secret is shown once;
the catalog has its hash only.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, exists, invalid, missing
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import SUCCEEDED, check_options, existing, typed
from sfml.emulator.handlers.privileges import available_roles, require
from sfml.emulator.passwords import fingerprint
from sfml.emulator.results import Rows, StatementType, status, text_columns
from sfml.emulator.statements import commands as c

_OPTIONS = ("ROLE_RESTRICTION", "DAYS_TO_EXPIRY", "MINS_TO_BYPASS_NETWORK_POLICY_REQUIREMENT", "COMMENT")
_DAYS = 15
_MOST_DAYS = 365
_MOST_TOKENS = 15


def alter(command: c.AlterUserToken, _: Request, context: Context, backend: Backend) -> Rows:
    name = Name(name=command.user or context.user)
    if backend.catalog.get(Kind.USER, name) is None and command.if_exists:
        return status(SUCCEEDED)
    record = existing(backend, Kind.USER, name)
    if name.name != context.user:
        require(context, backend, "OWNERSHIP", Kind.USER, name)
    tokens = dict(record.properties.get("tokens") or {})
    if command.action == "ADD":
        return _add(command, record, tokens, backend)
    token = tokens.pop(command.token, None)
    if token is None:
        raise missing("Programmatic access token", command.token)
    if command.action == "MODIFY":
        check_options(Kind.USER, command.options, ("DISABLED",))
        tokens[command.token] = {**token, "disabled": typed(command.options, "DISABLED", bool)}
    backend.catalog.update(record, properties={"tokens": tokens})
    return status(SUCCEEDED)


def _add(command: c.AlterUserToken, record: Record, tokens: dict[str, Any], backend: Backend) -> Rows:
    check_options(Kind.USER, command.options, _OPTIONS)
    if command.token in tokens:
        raise exists(command.token)
    if len(tokens) >= _MOST_TOKENS:
        raise Fault("395220", "22023", f"User {record.name.name} has {_MOST_TOKENS} tokens already.")
    days = typed(command.options, "DAYS_TO_EXPIRY", int) or _DAYS
    if not 1 <= days <= _MOST_DAYS:
        raise invalid(f"invalid value [{days}] for parameter 'DAYS_TO_EXPIRY'")
    secret = secrets.token_urlsafe(48)
    tokens[command.token] = {
        "sha256": fingerprint(secret),
        "role": _role(command, record, backend),
        "expires": (backend.clock() + timedelta(days=days)).isoformat(),
    }
    backend.catalog.update(record, properties={"tokens": tokens})
    columns = text_columns("token_name", "token_secret")
    return Rows(columns=columns, rows=[(command.token, secret)], statement=StatementType.SHOW)


def _role(command: c.AlterUserToken, record: Record, backend: Backend) -> str | None:
    role = typed(command.options, "ROLE_RESTRICTION", str)
    if role is None:
        return None
    existing(backend, Kind.ROLE, Name(name=role))
    if role not in available_roles(record.name.name, backend):
        raise invalid(f"role '{role}' is not granted to user '{record.name.name}'")
    return str(role)

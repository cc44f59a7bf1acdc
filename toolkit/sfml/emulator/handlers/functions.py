"""The session's own functions: CURRENT_ROLE() and the like, LAST_QUERY_ID()."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sfml.emulator import parameters
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid, unsupported
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.privileges import available_roles, user_roles
from sfml.emulator.results import Column, Rows, StatementType, Type
from sfml.emulator.statements.commands import Constant, ContextFunction, SelectConstants

VERSION = "9.36.0"
"""What CURRENT_VERSION() answers: a release of the service whose behaviour this follows."""
REGION = "AWS_US_WEST_2"
"""A region that exists: clients look it up in SHOW REGIONS and know three clouds (snowflake_env.py of ML)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Who calls a function: everything that its value can depend on."""

    request: Request
    context: Context
    backend: Backend


def _schemas(asked: Asked) -> str:
    context = asked.context
    names = [f'"{context.database}"."{context.schema}"'] if context.database and context.schema else []
    return json.dumps(names)


def _secondary_roles(asked: Asked) -> str:
    mode = asked.context.secondary_roles
    roles = sorted(user_roles(asked.context.user, asked.backend)) if mode == "ALL" else []
    return json.dumps({"roles": ",".join(roles), "value": "ALL" if mode == "ALL" else ""})


def zone(context: Context) -> ZoneInfo:
    """The session's time zone."""
    return ZoneInfo(str(parameters.value(context.parameters, "TIMEZONE")))


def _now(asked: Asked) -> object:
    return asked.backend.clock().astimezone(zone(asked.context))


FUNCTIONS: Mapping[str, Callable[[Asked], object]] = {
    "CURRENT_ACCOUNT": lambda asked: asked.backend.settings.account,
    "CURRENT_ACCOUNT_NAME": lambda asked: asked.backend.settings.account,
    "CURRENT_AVAILABLE_ROLES": lambda asked: json.dumps(
        sorted(available_roles(asked.context.user, asked.backend))
    ),
    "CURRENT_DATABASE": lambda asked: asked.context.database,
    "CURRENT_DATE": lambda asked: asked.backend.clock().astimezone(zone(asked.context)).date(),
    "CURRENT_IP_ADDRESS": lambda asked: asked.backend.settings.host,
    "CURRENT_ORGANIZATION_NAME": lambda _: "LOCAL",
    "CURRENT_REGION": lambda _: REGION,
    "CURRENT_ROLE": lambda asked: asked.context.role,
    "CURRENT_ROLE_TYPE": lambda _: "ROLE",
    "CURRENT_SCHEMA": lambda asked: asked.context.schema,
    "CURRENT_SCHEMAS": _schemas,
    "CURRENT_SECONDARY_ROLES": _secondary_roles,
    "CURRENT_SESSION": lambda asked: str(asked.context.session_id),
    "CURRENT_STATEMENT": lambda asked: asked.request.text,
    "CURRENT_TIMESTAMP": _now,
    "CURRENT_USER": lambda asked: asked.context.user,
    "CURRENT_VERSION": lambda _: VERSION,
    "CURRENT_WAREHOUSE": lambda asked: asked.context.warehouse,
}
# The types of those that are not text; CURRENT_TIME is the engine's.
_TYPES = {"CURRENT_DATE": Type.DATE, "CURRENT_TIMESTAMP": Type.TIMESTAMP_LTZ}


def value(function: ContextFunction, asked: Asked) -> object:
    """What the function answers in this session."""
    if function.name == "LAST_QUERY_ID":
        return last_query_id(function, asked)
    if function.name not in FUNCTIONS:
        raise unsupported(function.name)
    precision_only = function.name == "CURRENT_TIMESTAMP" and all(
        isinstance(arg, int) for arg in function.args
    )
    if function.args and not precision_only:
        raise invalid(f"too many arguments for function [{function.name}]")
    return FUNCTIONS[function.name](asked)


def last_query_id(function: ContextFunction, asked: Asked) -> str | None:
    """LAST_QUERY_ID(n): the n-th statement of the session, counted from its end when n is negative."""
    number = function.args[0] if function.args else -1
    if not isinstance(number, int) or len(function.args) > 1:
        raise invalid(f"invalid argument for function [LAST_QUERY_ID]: {number}")
    earlier = [known for known in asked.context.query_ids if known != asked.request.query_id]
    index = number - 1 if number > 0 else number
    return earlier[index] if number and -len(earlier) <= index < len(earlier) else None


def select_constants(command: SelectConstants, request: Request, context: Context, backend: Backend) -> Rows:
    """The row of ``SELECT 1, CURRENT_ROLE()``."""
    asked = Asked(request=request, context=context, backend=backend)
    cells = tuple(_cell(constant, asked) for constant in command.columns)
    columns = tuple(_column(constant, cell) for constant, cell in zip(command.columns, cells, strict=True))
    return Rows(columns=columns, rows=[cells], statement=StatementType.SELECT)


def _cell(constant: Constant, asked: Asked) -> object:
    found = constant.value
    return value(found, asked) if isinstance(found, ContextFunction) else found


def _column(constant: Constant, cell: object) -> Column:
    if isinstance(constant.value, ContextFunction):
        return Column(name=constant.column, type=_TYPES.get(constant.value.name, Type.TEXT))
    return literal_column(constant.column, cell)


def literal_column(name: str, cell: object) -> Column:
    """The column of a literal: its type, digits and length are those of the value."""
    if isinstance(cell, bool):
        return Column(name=name, type=Type.BOOLEAN)
    if isinstance(cell, int | Decimal):
        digits, exponent = Decimal(cell).as_tuple()[1:]
        scale = max(0, -int(exponent))
        return Column(name=name, type=Type.FIXED, precision=max(len(digits), scale, 1), scale=scale)
    return Column(
        name=name, type=Type.TEXT, length=max(1, len(str(cell))) if cell is not None else 16_777_216
    )

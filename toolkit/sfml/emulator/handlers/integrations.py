"""External access integrations: which network rules and secrets a job may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid, unsupported
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.objects import columns, existing, typed
from sfml.emulator.handlers.privileges import require
from sfml.emulator.handlers.shape import Row, Shape
from sfml.emulator.results import Type

_RULES, _SECRETS = "ALLOWED_NETWORK_RULES", "ALLOWED_AUTHENTICATION_SECRETS"
_OF_SNOWFLAKE = "SNOWFLAKE"
"""The database with the rules that Snowflake made; they are for everybody."""
_OAUTH = "ALLOWED_API_AUTHENTICATION_INTEGRATIONS"


def hosts(names: Iterable[str], backend: Backend) -> tuple[str, ...]:
    """Where these integrations lead: each a host, or a host and its port."""
    records = [backend.catalog.get(Kind.INTEGRATION, Name(name=name)) for name in names]
    if not records:
        return ()
    wanted = {rule for record in records if record for rule in record.properties[_RULES]}
    rules = [rule for rule in backend.catalog.find(Kind.NETWORK_RULE) if str(rule.name) in wanted]
    return tuple(dict.fromkeys(host for rule in rules for host in rule.properties["VALUE_LIST"]))


def _read(options: Mapping[str, object], context: Context, backend: Backend) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if _RULES in options:
        found[_RULES] = _rules(options[_RULES], context, backend)
    if _SECRETS in options:
        found[_SECRETS] = _secrets(options[_SECRETS], context, backend)
    if options.get(_OAUTH, "NONE") not in ("NONE", ()):
        raise unsupported(_OAUTH)
    if "ENABLED" in options:
        found["ENABLED"] = bool(typed(options, "ENABLED", bool))
    return found


def _rules(given: object, context: Context, backend: Backend) -> list[str]:
    """The rules' full names; each must be for egress and, unless Snowflake made it, the role's to use."""
    if not isinstance(given, tuple) or not given:
        raise invalid(f"invalid value [{given}] for parameter '{_RULES}'")
    found = [existing(backend, Kind.NETWORK_RULE, name.resolve(context)) for name in given]
    for rule in found:
        if rule.name.database != _OF_SNOWFLAKE:
            require(context, backend, "USAGE", Kind.NETWORK_RULE, rule.name)
        if rule.properties["MODE"] != "EGRESS":
            raise invalid(f"network rule '{rule.name}' has mode {rule.properties['MODE']}: EGRESS is needed")
    return [str(rule.name) for rule in found]


def _secrets(given: object, context: Context, backend: Backend) -> list[str]:
    if not isinstance(given, tuple):
        return ["ALL"] if given == "ALL" else []
    names: list[Name] = [name.resolve(context) for name in given]
    for name in names:
        existing(backend, Kind.SECRET, name)
        require(context, backend, "USAGE", Kind.SECRET, name)
    return [str(name) for name in names]


def _row(record: Record, _: Backend) -> Row:
    enabled = str(record.properties["ENABLED"]).lower()
    kind = "EXTERNAL_ACCESS"
    return (record.name.name, kind, kind, enabled, record.comment or None, record.created_on)


def _rows(record: Record, _: Backend) -> list[Row]:
    have = record.properties
    return [
        ("ENABLED", "Boolean", str(have["ENABLED"]).lower(), "false"),
        (_RULES, "List", ",".join(have[_RULES]), "[]"),
        (_OAUTH, "List", "", "[]"),
        (_SECRETS, "List", ",".join(have[_SECRETS]), "[]"),
        ("COMMENT", "String", record.comment or "", ""),
    ]


EXTERNAL_ACCESS = Shape(
    label="Integration",
    options=(_RULES, _OAUTH, _SECRETS, "ENABLED"),
    required=(_RULES, "ENABLED"),
    settable=(_RULES, _OAUTH, _SECRETS, "ENABLED"),
    defaults={_SECRETS: []},
    read=_read,
    shown=columns(
        "name", "type", "category", "enabled", "comment", "created_on", created_on=Type.TIMESTAMP_LTZ
    ),
    row=_row,
    described=columns("property", "property_type", "property_value", "property_default"),
    rows=_rows,
)

"""Network rules. Nothing enforces them here: a job reaches what this machine reaches (docs/deviations.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Record
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.objects import columns
from sfml.emulator.handlers.shape import Row, Shape, word
from sfml.emulator.results import Type

# docs.snowflake.com/en/sql-reference/sql/create-network-rule: the types, and the modes of each.
_MODES: Mapping[str, tuple[str, ...]] = {
    "IPV4": ("INGRESS", "INTERNAL_STAGE", "EGRESS"),
    "IPV6": ("INGRESS",),
    "AWSVPCEID": ("INGRESS", "INTERNAL_STAGE"),
    "AZURELINKID": ("INGRESS", "INTERNAL_STAGE"),
    "GCPPSCID": ("INGRESS", "INTERNAL_STAGE"),
    "HOST_PORT": ("EGRESS",),
    "PRIVATE_HOST_PORT": ("EGRESS",),
    "COMPUTE_POOL": ("INGRESS",),
}
_ALL_MODES = tuple(dict.fromkeys(mode for modes in _MODES.values() for mode in modes))
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?(?::(?P<port>\d{1,5}))?")
_COMMON = ("created_on", "name", "database_name", "schema_name", "owner", "comment", "type", "mode")


def _read(options: Mapping[str, object], _: Context, __: Backend) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "TYPE" in options:
        found["TYPE"] = word(options, "TYPE", tuple(_MODES))
    if "MODE" in options:
        found["MODE"] = word(options, "MODE", _ALL_MODES)
    if "VALUE_LIST" in options:
        found["VALUE_LIST"] = _values(options["VALUE_LIST"])
    return found


def _values(given: object) -> list[str]:
    if not isinstance(given, tuple) or not all(isinstance(value, str) for value in given):
        raise invalid("invalid value for parameter 'VALUE_LIST': expected a list of strings")
    return list(given)


def _check(_: Record | None, properties: Mapping[str, Any], __: Mapping[str, object]) -> None:
    kind, mode = properties["TYPE"], properties["MODE"]
    if mode not in _MODES[kind]:
        raise invalid(f"network rule type '{kind}' cannot have mode '{mode}'")
    if kind in ("HOST_PORT", "PRIVATE_HOST_PORT"):
        for value in properties["VALUE_LIST"]:
            found = _HOST.fullmatch(value)
            if found is None or not 0 < int(found["port"] or 443) < 1 << 16:
                raise invalid(
                    f"invalid value [{value}] for parameter 'VALUE_LIST': expected host or host:port"
                )


def _row(record: Record, _: Backend) -> Row:
    return (*_common(record), len(record.properties["VALUE_LIST"]), "ROLE")


def _rows(record: Record, _: Backend) -> list[Row]:
    return [(*_common(record), ",".join(record.properties["VALUE_LIST"]))]


def _common(record: Record) -> Row:
    name, have = record.name, record.properties
    return (
        record.created_on, name.name, name.database, name.schema, record.owner, record.comment or "",
        have["TYPE"], have["MODE"],
    )  # fmt: skip


RULE = Shape(
    label="Network rule",
    options=("TYPE", "MODE", "VALUE_LIST"),
    required=("TYPE", "VALUE_LIST"),
    settable=("VALUE_LIST",),
    defaults={"MODE": "INGRESS", "VALUE_LIST": []},
    read=_read,
    check=_check,
    shown=columns(
        *_COMMON, "entries_in_valuelist", "owner_role_type",
        created_on=Type.TIMESTAMP_LTZ, entries_in_valuelist=Type.FIXED,
    ),
    row=_row,
    described=columns(*_COMMON, "value_list", created_on=Type.TIMESTAMP_LTZ),
    rows=_rows,
)  # fmt: skip

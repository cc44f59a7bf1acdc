"""Secrets of the types GENERIC_STRING and PASSWORD; their values are in the vault and in no answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid, unsupported
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.objects import columns
from sfml.emulator.handlers.shape import Row, Shape
from sfml.emulator.results import Type
from sfml.emulator.services.secrets import KEYS
from sfml.emulator.vault import Vault

_VALUES = ("SECRET_STRING", "USERNAME", "PASSWORD")
_COMMON = (
    "created_on", "name", "schema_name", "database_name", "owner", "comment", "secret_type",
)  # fmt: skip


def _read(options: Mapping[str, object], _: Context, __: Backend) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "TYPE" in options:
        found["TYPE"] = str(options["TYPE"]).upper()
        if found["TYPE"] not in KEYS:
            raise unsupported("a SECRET of a TYPE other than GENERIC_STRING and PASSWORD")
    for name in _VALUES:
        if name in options and not isinstance(options[name], str):
            raise invalid(f"invalid value for parameter '{name}': expected a string")
    if "USERNAME" in options:
        found["USERNAME"] = options["USERNAME"]
    return found


def _check(record: Record | None, properties: Mapping[str, Any], options: Mapping[str, object]) -> None:
    """A new secret has all values of its type, and none has another's."""
    wanted = [key.upper() for key in KEYS[properties["TYPE"]]]
    if extra := next((name for name in _VALUES if name in options and name not in wanted), None):
        text = f"SQL compilation error:\ninvalid property '{extra}' for 'SECRET'"
        raise Fault("001420", "22023", text)
    absent = [name for name in wanted if name not in options]
    if record is None and absent:
        raise Fault("001429", "22023", f"SQL compilation error:\nMissing option(s): [{', '.join(absent)}]")


def _keep(record: Record, options: Mapping[str, object], backend: Backend) -> None:
    vault = Vault(backend.settings.state)
    given = {name.lower(): str(options[name]) for name in _VALUES if name in options}
    if given:
        vault.keep(record.id, {**vault.read(record.id), **given})


def _row(record: Record, _: Backend) -> Row:
    return (*_common(record), None, "ROLE")


def _rows(record: Record, _: Backend) -> list[Row]:
    return [(*_common(record), record.properties.get("USERNAME"), *(None,) * 8)]


def _common(record: Record) -> Row:
    name = record.name
    return (
        record.created_on, name.name, name.schema, name.database, record.owner, record.comment or None,
        record.properties["TYPE"],
    )  # fmt: skip


SECRET = Shape(
    label="Secret",
    options=("TYPE", *_VALUES),
    required=("TYPE",),
    settable=_VALUES,
    defaults={},
    read=_read,
    check=_check,
    keep=_keep,
    shown=columns(*_COMMON, "oauth_scopes", "owner_role_type", created_on=Type.TIMESTAMP_LTZ),
    row=_row,
    described=columns(
        *_COMMON, "username", "oauth_access_token_expiry_time", "oauth_refresh_token_expiry_time",
        "oauth_scopes", "integration_name", "algorithm", "key_length",
        "workload_identity_federation_issuer", "workload_identity_federation_subject",
        created_on=Type.TIMESTAMP_LTZ,
    ),
    rows=_rows,
)  # fmt: skip

"""Image repositories: names with an address; no registry answers there (docs/deviations.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.objects import check_options, columns
from sfml.emulator.handlers.services import registry
from sfml.emulator.handlers.shape import Row, Shape, word
from sfml.emulator.results import Type

_ENCRYPTIONS = ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")


def _read(options: Mapping[str, object], _: Context, __: Backend) -> dict[str, Any]:
    if "ENCRYPTION" not in options:
        return {}
    given = options["ENCRYPTION"]
    if not isinstance(given, dict) or "TYPE" not in given:
        raise invalid("invalid value for parameter 'ENCRYPTION': expected (TYPE = '…')")
    check_options(Kind.IMAGE_REPOSITORY, given, ("TYPE",))
    return {"ENCRYPTION": word(given, "TYPE", _ENCRYPTIONS)}


def _keep(record: Record, _: Mapping[str, object], __: Backend) -> None:
    """The three names are parts of the repository's address, so they must be plain."""
    name = record.name
    if not all(_PLAIN.fullmatch(part) for part in (name.database, name.schema, name.name)):
        raise invalid("db, schema and repo names for an image repo must be unquoted identifiers")


def _row(record: Record, backend: Backend) -> Row:
    name = record.name
    path = "/".join((name.database, name.schema, name.name)).lower()
    return (
        record.created_on, name.name, name.database, name.schema, f"{registry(backend)}/{path}",
        record.owner, "ROLE", record.comment or "", record.properties["ENCRYPTION"], "",
    )  # fmt: skip


REPOSITORY = Shape(
    label="Image Repository",
    options=("ENCRYPTION",),
    defaults={"ENCRYPTION": "SNOWFLAKE_FULL"},
    read=_read,
    keep=_keep,
    shown=columns(
        "created_on", "name", "database_name", "schema_name", "repository_url", "owner", "owner_role_type",
        "comment", "encryption", "privatelink_repository_url", created_on=Type.TIMESTAMP_LTZ,
    ),
    row=_row,
)  # fmt: skip

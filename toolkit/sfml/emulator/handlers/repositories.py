"""Image repositories: what they are to the catalog, and the images in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import check_options, columns, existing
from sfml.emulator.handlers.privileges import require
from sfml.emulator.handlers.shape import Row, Shape, word
from sfml.emulator.images import Image
from sfml.emulator.results import Rows, Type, scalar, table
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import like

_ENCRYPTIONS = ("SNOWFLAKE_FULL", "SNOWFLAKE_SSE")
_IMAGE = columns("created_on", "image_name", "tags", "digest", "image_path", created_on=Type.TIMESTAMP_LTZ)
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


def repository_path(name: Name) -> str:
    """As the registry and image paths have it."""
    return "/".join((name.database, name.schema, name.name)).lower()


def _row(record: Record, backend: Backend) -> Row:
    name = record.name
    return (
        record.created_on, name.name, name.database, name.schema,
        f"{backend.images.host()}/{repository_path(name)}",
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


def show_images(command: c.ShowImages, _: Request, context: Context, backend: Backend) -> Rows:
    """One row for each tag of each image; LIKE is about the image's name."""
    found = _images(command.repository.resolve(context), context, backend)
    picked = [image for image in found if command.like is None or like(command.like, image.name)]
    return table(
        _IMAGE, [(image.pushed_on, image.name, image.tag, image.digest, image.path) for image in picked]
    )


def list_images(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$REGISTRY_LIST_IMAGES('/db/schema/repository'): the names of its images."""
    parts = str(command.args[0] if len(command.args) == 1 else "").strip("/").upper().split("/")
    if len(parts) != 3:
        raise invalid("expected a path of the form '/database/schema/repository'")
    name = Name(database=parts[0], schema=parts[1], name=parts[2])
    names = dict.fromkeys(image.name for image in _images(name, context, backend))
    return scalar(command.column, json.dumps({"images": list(names)}))


def _images(name: Name, context: Context, backend: Backend) -> list[Image]:
    record = existing(backend, Kind.IMAGE_REPOSITORY, name)
    require(context, backend, "READ", Kind.IMAGE_REPOSITORY, record.name)
    return backend.images.images(repository_path(record.name))

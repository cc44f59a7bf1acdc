"""Stages and their files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid, unsupported
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
    require_area,
    require_container,
    typed,
    yes,
)
from sfml.emulator.handlers.privileges import require
from sfml.emulator.results import Answer, Rows, Type, status, table
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import StagePath

_OPTIONS = ("COMMENT", "COPY_OPTIONS", "DIRECTORY", "ENCRYPTION", "FILE_FORMAT")
_EXTERNAL = (
    "URL",
    "STORAGE_INTEGRATION",
    "CREDENTIALS",
    "ENDPOINT",
    "AWS_ACCESS_POINT_ARN",
    "USE_PRIVATELINK_ENDPOINT",
)
_FULL = "SNOWFLAKE_FULL"
_SHOW_COLUMNS = columns(
    "created_on", "name", "database_name", "schema_name", "url", "has_credentials", "has_encryption_key",
    "owner",
    "comment", "region", "type", "cloud", "notification_channel", "storage_integration", "endpoint",
    "owner_role_type", "directory_enabled", created_on=Type.TIMESTAMP_LTZ,
)  # fmt: skip
_LIST_COLUMNS = columns("name", "size", "md5", "last_modified", size=Type.FIXED)
_DESCRIBE_COLUMNS = columns(
    "parent_property", "property", "property_type", "property_value", "property_default"
)
# What DESCRIBE STAGE prints for an internal stage with no options
# (docs.snowflake.com/en/sql-reference/sql/desc-stage).
_DESCRIBED = (
    ("STAGE_FILE_FORMAT", "TYPE", "String", "CSV"),
    ("STAGE_FILE_FORMAT", "RECORD_DELIMITER", "String", "\\n"),
    ("STAGE_FILE_FORMAT", "FIELD_DELIMITER", "String", ","),
    ("STAGE_FILE_FORMAT", "SKIP_HEADER", "Integer", "0"),
    ("STAGE_FILE_FORMAT", "COMPRESSION", "String", "AUTO"),
    ("STAGE_COPY_OPTIONS", "ON_ERROR", "String", "ABORT_STATEMENT"),
    ("STAGE_COPY_OPTIONS", "SIZE_LIMIT", "Long", ""),
    ("STAGE_COPY_OPTIONS", "PURGE", "Boolean", "false"),
    ("STAGE_COPY_OPTIONS", "FORCE", "Boolean", "false"),
    ("STAGE_LOCATION", "URL", "String", "[]"),
    ("STAGE_CREDENTIALS", "AWS_KEY_ID", "String", ""),
    ("DIRECTORY", "ENABLE", "Boolean", "false"),
    ("DIRECTORY", "AUTO_REFRESH", "Boolean", "false"),
)


def create(command: c.CreateStage, _: Request, context: Context, backend: Backend) -> Rows:
    properties = _properties(command.options)
    name = command.name.resolve(context)
    require_container(backend, name)
    schema = Name(name=name.schema, database=name.database)
    require(context, backend, "CREATE STAGE", Kind.SCHEMA, schema)
    old = backend.catalog.get(Kind.STAGE, name)
    if old is not None and command.if_not_exists:
        return already_exists(name.name)
    if old is not None and command.or_replace:
        require(context, backend, "OWNERSHIP", Kind.STAGE, name)
        removal.remove_stage(old, backend)
    if command.temporary:
        properties["session"] = context.session_id
    comment = typed(command.options, "COMMENT", str) or ""
    backend.catalog.create(Kind.STAGE, name, owner=context.role, comment=comment, properties=properties)
    return status(f"Stage area {name.name} successfully created.")


def _properties(options: Mapping[str, object]) -> dict[str, object]:
    if any(name in options for name in _EXTERNAL):
        raise unsupported("external stage")
    check_options(Kind.STAGE, options, _OPTIONS)
    encryption = _part(options, "ENCRYPTION", ("TYPE",))
    kind = str(encryption.get("TYPE", _FULL)).upper()
    if kind not in (_FULL, "SNOWFLAKE_SSE"):
        raise invalid(f"invalid value [{kind}] for parameter 'ENCRYPTION.TYPE'")
    directory = _part(options, "DIRECTORY", ("ENABLE", "AUTO_REFRESH"))
    return {
        "encryption": kind,
        "directory": directory.get("ENABLE") is True,
        "file_format": options.get("FILE_FORMAT"),
        "copy_options": options.get("COPY_OPTIONS"),
    }


def _part(options: Mapping[str, object], name: str, allowed: tuple[str, ...]) -> Mapping[str, object]:
    value = options.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(f"invalid value [{value}] for parameter '{name}'")
    check_options(Kind.STAGE, value, allowed)
    return value


def alter(command: c.AlterStage, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if backend.catalog.get(Kind.STAGE, name) is None and command.if_exists:
        return status(SUCCEEDED)
    record = existing(backend, Kind.STAGE, name)
    require(context, backend, "OWNERSHIP", Kind.STAGE, name)
    if command.action != "SET" or "ENCRYPTION" in command.options:
        raise unsupported(f"ALTER STAGE … {command.action}")
    changed = {
        key: value for key, value in _properties(command.options).items()
        if key.upper() in command.options
    }  # fmt: skip
    comment = (typed(command.options, "COMMENT", str) or "") if "COMMENT" in command.options else None
    backend.catalog.update(record, comment=comment, properties=changed)
    return status(SUCCEEDED)


def drop(command: c.DropStage, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if backend.catalog.get(Kind.STAGE, name) is None and command.if_exists:
        return already_dropped(name.name)
    record = existing(backend, Kind.STAGE, name)
    require(context, backend, "OWNERSHIP", Kind.STAGE, name)
    removal.remove_stage(record, backend)
    return dropped(name.name)


def drop_temporary(backend: Backend, *, session: int | None = None) -> None:
    """Drop the temporary stages of a session, or of all."""
    for record in backend.catalog.find(Kind.STAGE):
        owner = record.properties.get("session")
        if owner is not None and session in (None, owner):
            removal.remove_stage(record, backend)


def show(command: c.ShowStages, _: Request, context: Context, backend: Backend) -> Rows:
    area = command.filter.area(context)
    require_area(backend, area)
    found = backend.catalog.find(Kind.STAGE, database=area[0], schema=area[1])
    return table(
        _SHOW_COLUMNS, [_row(record) for record in command.filter.pick(found, lambda r: r.name.name)]
    )


def _row(record: Record) -> tuple[object, ...]:
    name, have = record.name, record.properties.get
    kind = "INTERNAL NO CSE" if have("encryption") == "SNOWFLAKE_SSE" else "INTERNAL"
    kind = "INTERNAL TEMPORARY" if have("session") is not None else kind
    return (
        record.created_on, name.name, name.database, name.schema, "", "N", "N", record.owner,
        record.comment or "",
        None, kind, None, None, None, None, "ROLE", yes(have("directory")),
    )  # fmt: skip


def describe(command: c.DescribeStage, _: Request, context: Context, backend: Backend) -> Rows:
    record = existing(backend, Kind.STAGE, command.name.resolve(context))
    own = {("DIRECTORY", "ENABLE"): str(bool(record.properties.get("directory"))).lower()}
    for parent, key in (("STAGE_FILE_FORMAT", "file_format"), ("STAGE_COPY_OPTIONS", "copy_options")):
        options = record.properties.get(key)
        if isinstance(options, dict):
            own |= {(parent, name): str(value) for name, value in options.items()}
    rows = [
        (parent, name, kind, own.pop((parent, name), default), default)
        for parent, name, kind, default in _DESCRIBED
    ]
    rows += [(parent, name, "String", value, "") for (parent, name), value in own.items()]
    parents = list(dict.fromkeys(parent for parent, *_ in _DESCRIBED))
    return table(_DESCRIBE_COLUMNS, [row for parent in parents for row in rows if row[0] == parent])


# --- files


def located(path: StagePath, privilege: str, context: Context, backend: Backend) -> Record:
    """The stage of a location, which the role may READ or WRITE."""
    if path.area == "~":
        return _of_user(context, backend)
    if path.area:
        raise unsupported("table stage")
    record = existing(backend, Kind.STAGE, path.stage.resolve(context))
    require(context, backend, privilege, Kind.STAGE, record.name)
    return record


def _of_user(context: Context, backend: Backend) -> Record:
    """The user's own stage, there from the first use on; no other user can name it."""
    name = Name(name=context.user)
    with backend.catalog.transaction():
        found = backend.catalog.get(Kind.USER_STAGE, name)
        return found or backend.catalog.create(Kind.USER_STAGE, name, owner="")


def _label(stage: Record) -> str:
    """What LIST and REMOVE write before a path."""
    return "" if stage.kind is Kind.USER_STAGE else f"{stage.name.name.lower()}/"


def put(command: c.Put, _: Request, context: Context, backend: Backend) -> Answer:
    stage = located(command.target, "WRITE", context, backend)
    options = _transfer_options(
        command.options, ("PARALLEL", "AUTO_COMPRESS", "SOURCE_COMPRESSION", "OVERWRITE")
    )
    return backend.stages.put_transfer(
        stage,
        command.target.path,
        command.source,
        auto_compress=_flag(options, "AUTO_COMPRESS", default=True),
        source_compression=str(options.get("SOURCE_COMPRESSION", "auto_detect")),
        overwrite=_flag(options, "OVERWRITE", default=False),
        parallel=_parallel(options, 4),
    )


def get(command: c.Get, _: Request, context: Context, backend: Backend) -> Answer:
    stage = located(command.source, "READ", context, backend)
    options = _transfer_options(command.options, ("PARALLEL", "PATTERN"))
    return backend.stages.get_transfer(
        stage,
        command.source.path,
        command.target,
        pattern=checked_pattern(typed(options, "PATTERN", str)),
        parallel=_parallel(options, 10),
    )


def _transfer_options(options: Mapping[str, object], allowed: tuple[str, ...]) -> Mapping[str, object]:
    for name in options:
        if name not in allowed:
            raise Fault("001003", "42000", f"SQL compilation error:\nsyntax error: unexpected '{name}'.")
    return options


def _flag(options: Mapping[str, object], name: str, *, default: bool) -> bool:
    value = options.get(name, default)
    if str(value).lower() not in ("true", "false"):
        raise invalid(f"invalid value [{value}] for parameter '{name}'")
    return str(value).lower() == "true"


def _parallel(options: Mapping[str, object], default: int) -> int:
    """1 to 99 (docs.snowflake.com/en/sql-reference/sql/put)."""
    found = typed(options, "PARALLEL", int)
    number = default if found is None else int(found)
    if not 1 <= number <= 99:
        raise invalid(f"invalid value [{number}] for parameter 'PARALLEL'")
    return number


def checked_pattern(text: str | None) -> str | None:
    """The regular expression of PATTERN = '…'; 100048 for one that is none."""
    if text is not None:
        try:
            re.compile(text)
        except re.error as error:
            raise Fault("100048", "2201B", f"Invalid regular expression: '{text}', {error}") from None
    return text


def list_files(command: c.ListFiles, _: Request, context: Context, backend: Backend) -> Rows:
    stage = located(command.location, "READ", context, backend)
    files = backend.stages.list(stage, command.location.path, pattern=checked_pattern(command.pattern))
    rows = [(f"{_label(stage)}{file.path}", file.size, file.md5, file.last_modified) for file in files]
    return table(_LIST_COLUMNS, rows)


def remove_files(command: c.RemoveFiles, _: Request, context: Context, backend: Backend) -> Rows:
    stage = located(command.location, "WRITE", context, backend)
    gone = backend.stages.remove(stage, command.location.path, pattern=checked_pattern(command.pattern))
    return table(columns("name", "result"), [(f"{_label(stage)}{path}", "removed") for path in gone])


def copy_files(command: c.CopyFiles, _: Request, context: Context, backend: Backend) -> Rows:
    source = located(command.source, "READ", context, backend)
    target = located(command.target, "WRITE", context, backend)
    copied = backend.stages.copy(
        source,
        command.source.path,
        to=target,
        path=command.target.path,
        files=command.files,
        pattern=checked_pattern(command.pattern),
    )
    if command.detailed:
        return table(columns("file"), [(path,) for path in copied])
    return table(columns("numOfFilesCopied", numOfFilesCopied=Type.FIXED), [(len(copied),)])

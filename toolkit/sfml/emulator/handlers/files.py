"""Staged files that the SQL engine reads: COPY INTO a table, INFER_SCHEMA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sfml.emulator.catalog import Record
from sfml.emulator.context import Context
from sfml.emulator.engine import StagedFile, StagedTable, Statement
from sfml.emulator.faults import Fault, invalid, missing, unsupported
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import already_dropped, columns, dropped
from sfml.emulator.handlers.stages import checked_pattern, located
from sfml.emulator.results import Column, Rows, StatementType, Type
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import StagePath
from sfml.emulator.statements.reader import stage_path

_LOADED = "LOADED"
_SCHEMA_COLUMNS = (
    *columns("COLUMN_NAME", "TYPE"),
    Column(name="NULLABLE", type=Type.BOOLEAN),
    *columns("EXPRESSION", "FILENAMES"),
    Column(name="ORDER_ID", type=Type.FIXED),
)


def copy_into(command: c.CopyInto, statement: Statement, context: Context, backend: Backend) -> Rows:
    """Load the files that the statement names; with PURGE, the loaded ones are removed from the stage."""
    stage = located(command.source, "READ", context, backend)
    paths = _chosen(command, stage, backend)
    if not paths:
        return Rows(
            columns=columns("status"),
            rows=[("Copy executed with 0 files processed.",)],
            statement=StatementType.COPY,
        )
    staged = _staged(stage, paths, backend)
    answer = backend.engine.run(context.session_id, replace(statement, files=staged))
    assert isinstance(answer, Rows)
    if command.purge and not statement.describe_only:
        loaded = {row[0] for row in answer.rows if row[1] == _LOADED}
        for path, file in zip(paths, staged, strict=True):
            if file.name in loaded:
                backend.stages.remove(stage, path)
    return answer


def _chosen(command: c.CopyInto, stage: Record, backend: Backend) -> list[str]:
    prefix = command.source.path
    if not command.files:
        return [
            file.path for file in backend.stages.list(stage, prefix, pattern=checked_pattern(command.pattern))
        ]
    found = []
    for name in command.files:
        path = f"{prefix}{name}"
        if not any(file.path == path for file in backend.stages.list(stage, path)):
            raise Fault("091016", "22000", f"Remote file '{path}' was not found.")
        found.append(path)
    return found


def _staged(stage: Record, paths: Sequence[str], backend: Backend) -> tuple[StagedFile, ...]:
    root, label = backend.stages.directory(stage), stage.name.name.lower()
    return tuple(StagedFile(path=root / path, name=f"{label}/{path}") for path in paths)


def staged_table(table: c.StageTable, context: Context, backend: Backend) -> StagedTable:
    """The files that a query reads from a stage."""
    stage = located(table.location, "READ", context, backend)
    found = backend.stages.list(stage, table.location.path, pattern=checked_pattern(table.pattern))
    if not found:
        raise Fault("091016", "22000", f"Remote file '{table.location.path}' was not found.")
    paths = [file.path for file in found]
    return StagedTable(files=_staged(stage, paths, backend), file_format=table.file_format)


def infer_schema(call: c.TableCall, context: Context, backend: Backend) -> Rows:
    """The columns of parquet files, as TABLE(INFER_SCHEMA(LOCATION => …, FILE_FORMAT => …)) gives them."""
    location = _location(call)
    if call.named.keys() - {"LOCATION", "FILE_FORMAT", "IGNORE_CASE", "MAX_FILE_COUNT"}:
        raise unsupported("this option of INFER_SCHEMA")
    stage = located(location, "READ", context, backend)
    paths = [file.path for file in backend.stages.list(stage, location.path)]
    if not paths:
        raise Fault("091016", "22000", f"Remote file '{location.path}' was not found.")
    described = backend.engine.file_columns(_staged(stage, paths, backend))
    names = ", ".join(paths)
    rows: list[tuple[object, ...]] = [
        (name, kind, True, f"$1:{name}::{kind}", names, number)
        for number, (name, kind) in enumerate(described)
    ]
    return Rows(columns=_SCHEMA_COLUMNS, rows=rows, statement=StatementType.SELECT)


def drop_file_format(command: c.DropFileFormat, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if backend.engine.drop_file_format(name):
        return dropped(name.name)
    if command.if_exists:
        return already_dropped(name.name)
    raise missing("File format", str(name))


def _location(call: c.TableCall) -> StagePath:
    text = call.named.get("LOCATION")
    if not isinstance(text, str) or not text.startswith("@"):
        raise invalid(f"invalid location for INFER_SCHEMA: {text}")
    return stage_path(text)

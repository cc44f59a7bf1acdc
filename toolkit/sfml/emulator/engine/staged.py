"""Files of a stage as tables: FROM @stage/path (FILE_FORMAT => …)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
from fakesnow import copy_into as fs
from fakesnow.transforms.file_format import lookup_file_format
from sqlglot import exp

from sfml.emulator.engine.copying import as_text
from sfml.emulator.engine.statement import Place, StagedTable


def select(duck: duckdb.DuckDBPyConnection, table: StagedTable, place: Place) -> str:
    """The query that reads the files: fields of a CSV as columns, a JSON or parquet row as one VARIANT."""
    options: Mapping[str, Any] = {}
    if table.file_format is not None:
        options = lookup_file_format(duck, table.file_format, place.database, place.schema)
    kind = str(options.get("TYPE", "CSV")).upper()
    if kind not in ("CSV", "PARQUET", "JSON"):
        raise NotImplementedError(f"a query on staged files of type {kind}")
    return " UNION ALL ".join(_one(str(file.path), kind, options) for file in table.files)


def _one(path: str, kind: str, options: Mapping[str, Any]) -> str:
    if kind == "CSV":
        source = fs.handle_csv(dict(options)).read_expression(path)
        return as_text(exp.Select(expressions=[exp.Star()]).from_(source)).sql(dialect="duckdb")
    if kind == "PARQUET":
        read = fs.ReadParquet().read_expression(path).sql(dialect="duckdb")
        return f"SELECT to_json(file) AS c FROM {read} AS file"
    return _json(path, options)


def _json(path: str, options: Mapping[str, Any]) -> str:
    """Values that follow each other, or with STRIP_OUTER_ARRAY those of one array."""
    for name in options.keys() - {"TYPE", "STRIP_OUTER_ARRAY", "COMPRESSION"}:
        raise NotImplementedError(f"FILE_FORMAT option {name}")
    form = "array" if str(options.get("STRIP_OUTER_ARRAY")).upper() == "TRUE" else "unstructured"
    literal = exp.Literal.string(path).sql(dialect="duckdb")
    return f"SELECT json AS c FROM read_json_objects({literal}, format = '{form}')"

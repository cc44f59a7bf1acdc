"""COPY INTO a table: fakesnow's translation of the statement, applied to the files that the backend found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
from fakesnow import copy_into as fs
from sqlglot import Expr, exp

from sfml.emulator.engine.faults import ERRORS, fault
from sfml.emulator.engine.statement import StagedFile
from sfml.emulator.faults import Fault
from sfml.emulator.results import Column, Rows, StatementType, Type

_NUMBERS = (
    "rows_parsed",
    "rows_loaded",
    "error_limit",
    "errors_seen",
    "first_error_line",
    "first_error_character",
)
_COLUMNS = tuple(
    Column(name=name, type=Type.FIXED if name in _NUMBERS else Type.TEXT)
    for name in (
        "file", "status", "rows_parsed", "rows_loaded", "error_limit", "errors_seen", "first_error",
        "first_error_line", "first_error_character", "first_error_column_name",
    )
)  # fmt: skip
_TYPES = {
    "VARCHAR": "TEXT", "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIME": "TIME", "BLOB": "BINARY",
    "DOUBLE": "REAL",
    "FLOAT": "REAL", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ",
}  # fmt: skip


class Copy:
    """One COPY INTO, already translated to DuckDB's names."""

    def __init__(
        self, duck: duckdb.DuckDBPyConnection, copy: exp.Copy, database: str | None, schema: str | None
    ) -> None:
        self._duck = duck
        self._copy = copy
        self._table = fs._extract_table(copy.this)
        self._database = self._table.catalog or database or ""
        self._schema = self._table.db or schema or ""

    def run(self, params: list[Any] | None, files: Sequence[StagedFile]) -> Rows:
        """Load each file, or skip it when it is loaded already."""
        options = fs._params(
            self._copy,
            params,
            duck_conn=self._duck,
            current_database=self._database,
            current_schema=self._schema,
        )
        urls = [str(file.path) for file in files]
        inserts = [as_text(i) for i in fs._inserts(self._copy, options, urls, self._parquet(options, urls))]
        rows = [
            self._load(insert.sql(dialect="duckdb"), file, again=options.force)
            for insert, file in zip(inserts, files, strict=True)
        ]
        return Rows(columns=_COLUMNS, rows=rows, statement=StatementType.COPY)

    def _load(self, insert: str, file: StagedFile, *, again: bool) -> tuple[object, ...]:
        if not again and self._loaded_before(file):
            reason = "File was loaded before."
            return (file.name, "LOAD_SKIPPED", 0, 0, 1, 1, reason, None, None, None)
        try:
            (count,) = self._duck.execute(insert).fetchall()[0]
        except ERRORS as error:
            found = fault(error, insert)
            raise Fault(found.code, found.sqlstate, f"{found.message}\n  File '{file.name}'") from error
        self._remember(file, count)
        return (file.name, "LOADED", count, count, 1, 0, None, None, None, None)

    def _history(self) -> str:
        return '"' + self._database.replace('"', '""') + '"._fs_information_schema._fs_load_history'

    def _loaded_before(self, file: StagedFile) -> bool:
        conditions = "FILE_NAME = ? AND TABLE_NAME = ? AND SCHEMA_NAME = ?"
        query = f"SELECT 1 FROM {self._history()} WHERE {conditions}"
        return bool(self._duck.execute(query, [_version(file), self._table.name, self._schema]).fetchall())

    def _remember(self, file: StagedFile, count: int) -> None:
        values = [self._schema, _version(file), self._table.name, datetime.now(UTC), "LOADED", count, count]
        marks = "?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, 0, 1"
        self._duck.execute(f"INSERT INTO {self._history()} VALUES ({marks})", values)

    def _parquet(self, options: fs.CopyParams, urls: Sequence[str]) -> fs.ParquetLoadInfo | None:
        """How the columns of parquet files meet the table's; None where the statement says it itself."""
        if not isinstance(options.file_format, fs.ReadParquet) or isinstance(
            self._copy.args["files"][0], exp.Subquery
        ):
            return None
        found = {url: fs._get_parquet_column_names(url, self._duck) for url in urls}
        if options.match_by_column_name is not fs.MatchByColumnName.NONE:
            wanted = fs._get_table_columns(self._table, self._duck, self._database, self._schema)
            return fs.ParquetLoadInfo(found, target_columns=wanted)
        described = fs._describe_table(self._table, self._duck, self._database, self._schema)
        if [kind for _, kind, *_ in described] != ["JSON"]:
            text = (
                "SQL compilation error:\nPARQUET file format can produce one and only one column of type "
                "variant, object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME "
                "copy option or copy with transformation."
            )
            raise Fault("002019", "0A000", text)
        return fs.ParquetLoadInfo(found, is_single_variant=True)


def as_text(expression: Expr) -> Expr:
    """CSV fields are texts until they are cast; DuckDB would guess, and read 007 as 7."""
    for read in expression.find_all(exp.ReadCSV):
        read.append("expressions", exp.EQ(this=exp.Var(this="all_varchar"), expression=exp.true()))
    return expression


def _version(file: StagedFile) -> str:
    """A file that was uploaded anew is another one for the load history, as its ETag is at Snowflake."""
    stat = file.path.stat()
    return f"{file.path}?{stat.st_size}-{stat.st_mtime_ns}"


def parquet_columns(duck: duckdb.DuckDBPyConnection, files: Sequence[StagedFile]) -> list[tuple[str, str]]:
    """Names and Snowflake types of the columns that the files have together."""
    try:
        found = duck.execute(
            "DESCRIBE SELECT * FROM read_parquet(?, union_by_name = true)",
            [[str(file.path) for file in files]],
        ).fetchall()
    except duckdb.Error as error:
        raise Fault("100184", "22000", f"Cannot read the file format: {error}") from error
    return [(str(name), _type(str(kind))) for name, kind, *_ in found]


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return f"NUMBER{kind.removeprefix('DECIMAL').replace(',', ', ')}"
    if kind in _TYPES:
        return _TYPES[kind]
    if kind.startswith("TIMESTAMP"):
        return "TIMESTAMP_NTZ"
    if kind.endswith("]"):
        return "ARRAY"
    return "OBJECT" if kind.startswith(("STRUCT", "MAP")) else "NUMBER(38, 0)"

"""What fakesnow's cursor gets instead of a bare DuckDB connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A result as fakesnow's cursor keeps it; it reads the number of rows and, after MERGE, the counts."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    @property
    def num_rows(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> list[list[_Count]]:
        return [[_Count(value=cell)] for cell in self.rows[0]] if self.rows else []


@dataclass(frozen=True, kw_only=True, slots=True)
class _Count:
    value: Any

    def as_py(self) -> Any:
        return self.value


class Duck:
    """A DuckDB connection for fakesnow's cursor, with plain rows where that asks for Arrow."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.database: str | None = None

    def to_arrow_table(self) -> Fetched:
        described = self._connection.description or []
        return Fetched(
            names=tuple(str(entry[0]) for entry in described),
            types=tuple(str(entry[1]) for entry in described),
            rows=self._connection.fetchall(),
        )

    def execute(self, sql: str, *args: Any) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(self.quoted(sql), *args)

    def quoted(self, sql: str) -> str:
        """fakesnow's own statements name the current database without quotes."""
        unquoted = f" {self.database}._fs_information_schema"
        return sql.replace(unquoted, f' "{self.database}"._fs_information_schema') if self.database else sql

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class NoCache(dict[str, Any]):
    """fakesnow would keep every result for ever; the server keeps its own."""

    def __setitem__(self, key: str, value: Any) -> None:
        return

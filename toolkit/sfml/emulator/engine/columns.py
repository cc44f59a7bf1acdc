"""DuckDB's column types and values as those of a Snowflake result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sfml.emulator.engine.statement import STAR
from sfml.emulator.results import Column, Type

Value = Callable[[Any], object]

_INTEGERS = frozenset(
    {
        "BIGINT",
        "HUGEINT",
        "INTEGER",
        "SMALLINT",
        "TINYINT",
        "UBIGINT",
        "UHUGEINT",
        "UINTEGER",
        "USMALLINT",
        "UTINYINT",
    }
)
_SIMPLE: Mapping[str, Type] = {
    "BLOB": Type.BINARY,
    "BOOLEAN": Type.BOOLEAN,
    "DATE": Type.DATE,
    "DOUBLE": Type.REAL,
    "FLOAT": Type.REAL,
    "JSON": Type.VARIANT,
    "TIME": Type.TIME,
    # DuckDB keeps one type of aware timestamps, shown in the session's zone: that is TIMESTAMP_LTZ.
    "TIMESTAMP WITH TIME ZONE": Type.TIMESTAMP_LTZ,
    "TIMESTAMP": Type.TIMESTAMP_NTZ,
    "TIMESTAMP_NS": Type.TIMESTAMP_NTZ,
    "TIMESTAMP_MS": Type.TIMESTAMP_NTZ,
    "TIMESTAMP_S": Type.TIMESTAMP_NTZ,
}
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(_INTEGERS, "NUMBER(38,0)"),
    "FLOAT": "FLOAT",
    "UUID": "VARCHAR(36)",
    "VARCHAR": "VARCHAR(16777216)",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def column(name: str, kind: str) -> Column:
    """The result column for one of DuckDB's."""
    if kind in _INTEGERS:
        return Column(name=name, type=Type.FIXED)
    if match := _DECIMAL.fullmatch(kind):
        return Column(name=name, type=Type.FIXED, precision=int(match[1]), scale=int(match[2]))
    if kind.endswith("]"):
        return Column(name=name, type=Type.ARRAY)
    if kind.startswith(("STRUCT", "MAP")):
        return Column(name=name, type=Type.OBJECT)
    return Column(name=name, type=_SIMPLE.get(kind, Type.TEXT))


def described(types: Sequence[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """DESCRIBE TABLE's rows, with Snowflake's name for a type that fakesnow left as DuckDB's."""
    return [(name, _NAMES.get(str(kind), kind), *rest) for name, kind, *rest in types]


def rows(columns: Sequence[Column], found: Iterable[Sequence[Any]]) -> list[tuple[object, ...]]:
    """Cells as ``results.Rows`` wants them."""
    convert = [_value(column) for column in columns]
    if all(function is _same for function in convert):
        return [tuple(row) for row in found]
    return [
        tuple(None if cell is None else function(cell) for function, cell in zip(convert, row, strict=True))
        for row in found
    ]


def _value(column: Column) -> Value:
    """DECIMAL without fraction is a whole number."""
    return int if column.type is Type.FIXED and not column.scale else _VALUES.get(column.type, _same)


def _same(cell: object) -> object:
    return cell


def _json(cell: object) -> str:
    """As Snowflake prints a VARIANT: indented by two (JSON_INDENT), scalars as they are."""
    if not isinstance(cell, str):
        return json.dumps(cell, default=_plain, indent=2, ensure_ascii=False)
    if not cell.startswith(("{", "[")):
        return cell
    return json.dumps(json.loads(cell), indent=2, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex().upper()
    return value.isoformat() if isinstance(value, (datetime, date, time)) else str(value)


_VALUES: Mapping[Type, Value] = {
    Type.VARIANT: _json,
    Type.OBJECT: _json,
    Type.ARRAY: _json,
    Type.TEXT: str,
}


def named(columns: Sequence[Column], headings: Sequence[str | None]) -> tuple[Column, ...]:
    """The columns under the names that Snowflake derives from the SELECT's text."""
    if STAR not in headings:
        return _renamed(columns, headings) if len(columns) == len(headings) else tuple(columns)
    before = headings.index(STAR)
    after = len(headings) - 1 - list(reversed(headings)).index(STAR)
    tail = list(headings[after + 1 :])
    middle = len(columns) - before - len(tail)
    return _renamed(columns, [*headings[:before], *[None] * middle, *tail]) if middle >= 0 else tuple(columns)


def _renamed(columns: Sequence[Column], headings: Sequence[str | None]) -> tuple[Column, ...]:
    return tuple(
        old if name is None else Column(name=name, type=old.type, scale=old.scale, precision=old.precision)
        for old, name in zip(columns, headings, strict=True)
    )

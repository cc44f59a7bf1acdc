"""Earlier results and bound rows as tables that a statement can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from sfml.emulator.request import Bind
from sfml.emulator.results import Rows, Type

Convert = Callable[[Any], object]
_JSON = (Type.VARIANT, Type.OBJECT, Type.ARRAY)
_AWARE = pa.timestamp("us", tz="UTC")
_ARROW: Mapping[Type, pa.DataType] = {
    Type.REAL: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.BINARY: pa.binary(),
    Type.DATE: pa.date32(),
    Type.TIME: pa.time64("us"),
    Type.TIMESTAMP_NTZ: pa.timestamp("us"),
    Type.TIMESTAMP_LTZ: _AWARE,
    Type.TIMESTAMP_TZ: _AWARE,
}


def from_rows(answer: Rows) -> tuple[pa.Table, list[str]]:
    """A result as a table, and the SQL expressions that give its columns their types back."""
    names = _unique([column.name for column in answer.columns])
    cells = list(zip(*answer.rows, strict=True)) or [()] * len(names)
    arrays = [
        _array(column.type, values, column.scale)
        for column, values in zip(answer.columns, cells, strict=True)
    ]
    selected = [
        f"{_quoted(name)}::JSON AS {_quoted(name)}" if column.type in _JSON else _quoted(name)
        for name, column in zip(names, answer.columns, strict=True)
    ]
    return pa.table(arrays, names=names), selected


def from_binds(rows: Sequence[Sequence[Bind]]) -> pa.Table:
    """The rows of an array bind; columns are named b1, b2 …"""
    columns = list(zip(*rows, strict=True))
    arrays = [_array(_type(column), [bind.value for bind in column], None) for column in columns]
    return pa.table(arrays, names=[f"b{number + 1}" for number in range(len(columns))])


def _type(column: Sequence[Bind]) -> Type:
    kinds = {bind.type.lower() for bind in column if bind.value is not None and bind.type.upper() != "ANY"}
    kind = kinds.pop() if len(kinds) == 1 else "text"
    return next((known for known in Type if known.value == kind), Type.TEXT)


def _array(kind: Type, values: Sequence[Any], scale: int | None) -> pa.Array:
    if kind is Type.FIXED:
        return _fixed(values, scale)
    if kind not in _ARROW:
        return pa.array([None if value is None else str(value) for value in values], pa.string())
    convert: Convert = _CONVERT.get(kind, _same)
    return pa.array([None if value is None else convert(value) for value in values], _ARROW[kind])


def _fixed(values: Sequence[Any], scale: int | None) -> pa.Array:
    exact = [None if value is None else Decimal(value) for value in values]
    digits = [-int(value.as_tuple().exponent) for value in exact if value is not None]
    places = max([0, *digits]) if scale is None else scale
    if places == 0 and all(value is None or abs(value) < 1 << 62 for value in exact):
        return pa.array([None if value is None else int(value) for value in exact], pa.int64())
    return pa.array(exact, pa.decimal128(38, places))


def _same(value: object) -> object:
    return value


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


_CONVERT: Mapping[Type, Convert] = {
    Type.TIMESTAMP_LTZ: _aware,
    Type.TIMESTAMP_TZ: _aware,
    Type.REAL: float,
}


def _unique(names: Sequence[str]) -> list[str]:
    """DuckDB takes names without regard to case, and each only once."""
    seen: set[str] = set()
    found = []
    for name in names:
        free, number = name, 1
        while free.lower() in seen:
            number += 1
            free = f"{name}_{number}"
        seen.add(free.lower())
        found.append(free)
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

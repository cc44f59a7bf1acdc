"""Rows as JSON: column descriptions, and each cell as the string that the connector's converter.py reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sfml.emulator.results import Column, Rows, Type

_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the epoch of naive values
_EPOCH_DAY = date(1970, 1, 1).toordinal()
SECONDS_SCALE = 9
"""Fraction digits of times and timestamps on the wire."""


def rowtype(column: Column) -> dict[str, Any]:
    """One entry of ``data.rowtype``."""
    length, size = _lengths(column)
    precision, scale = _digits(column)
    return {
        "name": column.name,
        "database": "",
        "schema": "",
        "table": "",
        "nullable": column.nullable,
        "type": column.type.value,
        "length": length,
        "byteLength": size,
        "precision": precision,
        "scale": scale,
        "collation": None,
    }


def rowset(answer: Rows) -> list[list[str | None]]:
    """All rows, cell by cell."""
    encoders = [_encoder(column) for column in answer.columns]
    return [
        [None if cell is None else encode(cell) for encode, cell in zip(encoders, row, strict=True)]
        for row in answer.rows
    ]


def microseconds(moment: datetime) -> int:
    """Since the epoch; a value without a zone counts as UTC."""
    zone = moment.utcoffset()
    elapsed = moment.replace(tzinfo=None) - _NAIVE_EPOCH
    if zone is not None:
        elapsed -= zone
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def zone_minutes(moment: datetime) -> int:
    """Minutes from UTC plus 1440, as both encodings carry them."""
    zone = moment.utcoffset()
    return 1440 + (0 if zone is None else int(zone.total_seconds() // 60))


def time_microseconds(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond


def day_number(day: date) -> int:
    return day.toordinal() - _EPOCH_DAY


def _lengths(column: Column) -> tuple[int | None, int | None]:
    if column.type is Type.TEXT:
        return column.length, min(column.length * 4, 16_777_216)
    if column.type is Type.BINARY:
        return 8_388_608, 8_388_608
    return None, None


def _digits(column: Column) -> tuple[int | None, int | None]:
    if column.type is Type.FIXED:
        return column.precision, column.scale
    if column.type in (Type.TIME, Type.TIMESTAMP_LTZ, Type.TIMESTAMP_NTZ, Type.TIMESTAMP_TZ):
        return 0, SECONDS_SCALE
    return None, None


def _encoder(column: Column) -> Callable[[Any], str]:
    if column.type is Type.FIXED and column.scale:
        return lambda cell: f"{Decimal(cell):.{column.scale}f}"
    return _ENCODERS.get(column.type, str)


def _integer(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, bool | float) else str(cell)


def _real(cell: float) -> str:
    text = repr(float(cell))
    return {"nan": "NaN"}.get(text, text)


def _boolean(cell: object) -> str:
    return "1" if cell else "0"


def _binary(cell: bytes) -> str:
    return cell.hex().upper()


def _seconds(total: int) -> str:
    """Microseconds as seconds with nine fraction digits; the sign stands for the whole number."""
    sign, total = ("-", -total) if total < 0 else ("", total)
    return f"{sign}{total // 1_000_000}.{total % 1_000_000:06d}000"


_ENCODERS: Mapping[Type, Callable[[Any], str]] = {
    Type.FIXED: _integer,
    Type.REAL: _real,
    Type.BOOLEAN: _boolean,
    Type.BINARY: _binary,
    Type.DATE: lambda day: str(day_number(day)),
    Type.TIME: lambda moment: _seconds(time_microseconds(moment)),
    Type.TIMESTAMP_NTZ: lambda moment: _seconds(microseconds(moment)),
    Type.TIMESTAMP_LTZ: lambda moment: _seconds(microseconds(moment)),
    Type.TIMESTAMP_TZ: lambda moment: f"{_seconds(microseconds(moment))} {zone_minutes(moment)}",
}

"""Rows as an Arrow stream, in the layout that the connector's CArrowChunkIterator.cpp decodes.

Imported with the first arrow result only: pyarrow costs 20 MB and 0.3 s.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa

from sfml.emulator.results import Column, Rows, Type
from sfml.emulator.wire.cells import (
    SECONDS_SCALE,
    day_number,
    microseconds,
    rowtype,
    time_microseconds,
    zone_minutes,
)

# NUMBER has up to 38 digits; Python's default context would round to 28.
_WIDE = Context(prec=80)
_WIDTHS = ((8, pa.int8), (16, pa.int16), (32, pa.int32), (64, pa.int64))


def encode(answer: Rows) -> str:
    """``data.rowsetBase64``; empty for an answer without rows."""
    if not answer.rows:
        return ""
    columns = zip(answer.columns, zip(*answer.rows, strict=True), strict=True)
    arrays = [_array(column, cells) for column, cells in columns]
    fields = [
        pa.field(column.name, array.type, nullable=column.nullable, metadata=_metadata(column))
        for column, array in zip(answer.columns, arrays, strict=True)
    ]
    batch = pa.record_batch(arrays, schema=pa.schema(fields))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return base64.b64encode(sink.getvalue()).decode("ascii")


def _metadata(column: Column) -> dict[str, str]:
    described = rowtype(column)
    return {
        "logicalType": column.type.value.upper(),
        "precision": str(described["precision"] or 0),
        "scale": str(described["scale"] or 0),
        "charLength": str(described["length"] or 0),
        # 16 tells the decoder that a TIMESTAMP_TZ has three fields.
        "byteLength": str(described["byteLength"] or 16),
        "finalType": "T",
    }


def _array(column: Column, cells: Sequence[Any]) -> pa.Array:
    build = _BUILDERS.get(column.type)
    return build(column, cells) if build else pa.array([_text(cell) for cell in cells], pa.string())


def _text(cell: object) -> str | None:
    return None if cell is None else str(cell)


def _mapped(kind: pa.DataType, convert: Callable[[Any], Any]) -> Callable[[Column, Sequence[Any]], pa.Array]:
    def build(_: Column, cells: Sequence[Any]) -> pa.Array:
        return pa.array([None if cell is None else convert(cell) for cell in cells], kind)

    return build


def _fixed(column: Column, cells: Sequence[Any]) -> pa.Array:
    """Scaled integers of the smallest width that holds them all, as the service chooses it per batch."""
    scaled = [None if cell is None else _scaled(cell, column.scale) for cell in cells]
    largest = max((value if value >= 0 else ~value for value in scaled if value is not None), default=0)
    for bits, kind in _WIDTHS:
        if largest < 1 << (bits - 1):
            return pa.array(scaled, kind())
    exact = [None if value is None else _WIDE.scaleb(Decimal(value), -column.scale) for value in scaled]
    return pa.array(exact, pa.decimal128(38, column.scale))


def _scaled(cell: Any, scale: int) -> int:
    return round(_WIDE.scaleb(Decimal(cell), scale)) if scale else int(cell)


def _moments(column: Column, cells: Sequence[Any]) -> pa.Array:
    """Seconds and nanoseconds since the epoch as two fields, the zone as a third."""
    total = [0 if cell is None else microseconds(cell) for cell in cells]
    parts = [
        ("epoch", pa.array([value // 1_000_000 for value in total], pa.int64())),
        ("fraction", pa.array([value % 1_000_000 * 1000 for value in total], pa.int32())),
    ]
    if column.type is Type.TIMESTAMP_TZ:
        zones = [1440 if cell is None else zone_minutes(cell) for cell in cells]
        parts.append(("timezone", pa.array(zones, pa.int32())))
    empty = pa.array([cell is None for cell in cells], pa.bool_())
    fields = [pa.field(name, array.type, nullable=False) for name, array in parts]
    return pa.StructArray.from_arrays([array for _, array in parts], fields=fields, mask=empty)


_BUILDERS: dict[Type, Callable[[Column, Sequence[Any]], pa.Array]] = {
    Type.FIXED: _fixed,
    Type.REAL: _mapped(pa.float64(), float),
    Type.BOOLEAN: _mapped(pa.bool_(), bool),
    Type.BINARY: _mapped(pa.binary(), bytes),
    Type.DATE: _mapped(pa.date32(), day_number),
    Type.TIME: _mapped(pa.int64(), lambda moment: time_microseconds(moment) * 10 ** (SECONDS_SCALE - 6)),
    Type.TIMESTAMP_NTZ: _moments,
    Type.TIMESTAMP_LTZ: _moments,
    Type.TIMESTAMP_TZ: _moments,
}

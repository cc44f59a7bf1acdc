"""Both encodings of every type, read back with the connector's own decoders."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from sfml.emulator.results import Column, Rows, StatementType, Type
from sfml.emulator.wire import arrow
from sfml.emulator.wire.cells import rowset, rowtype

EAST = timezone(timedelta(hours=5, minutes=30))
WEST = timezone(timedelta(hours=-8))

CASES: list[tuple[Type, int, object]] = [
    (Type.FIXED, 0, 0),
    (Type.FIXED, 0, -128),
    (Type.FIXED, 0, 128),
    (Type.FIXED, 0, 2**63 - 1),
    (Type.FIXED, 0, -(2**63)),
    (Type.FIXED, 0, 10**37 + 7),
    (Type.FIXED, 2, Decimal("1.50")),
    (Type.FIXED, 2, Decimal("-0.01")),
    (Type.FIXED, 10, Decimal("1234567890123456789012345678.0123456789")),
    (Type.REAL, 0, 1.5),
    (Type.REAL, 0, float("inf")),
    (Type.REAL, 0, 1e300),
    (Type.TEXT, 0, 'Zürich "\n\\ 雪'),
    (Type.TEXT, 0, ""),
    (Type.BOOLEAN, 0, True),
    (Type.BOOLEAN, 0, False),
    (Type.BINARY, 0, b"\x00\xff"),
    (Type.DATE, 0, date(2024, 2, 29)),
    (Type.DATE, 0, date(1, 1, 1)),
    (Type.TIME, 0, time(23, 59, 59, 999999)),
    (Type.TIMESTAMP_NTZ, 0, datetime(2024, 11, 29, 12, 12, 47, 310001)),
    (Type.TIMESTAMP_NTZ, 0, datetime(1969, 12, 31, 23, 59, 59, 999999)),
    (Type.TIMESTAMP_NTZ, 0, datetime(1900, 1, 1)),
    (Type.TIMESTAMP_LTZ, 0, datetime(2024, 11, 29, 12, 12, 47, 310000, tzinfo=UTC)),
    (Type.TIMESTAMP_LTZ, 0, datetime(2024, 11, 29, 12, 0, tzinfo=WEST)),
    (Type.TIMESTAMP_TZ, 0, datetime(2024, 11, 29, 12, 12, 47, 310000, tzinfo=EAST)),
    (Type.TIMESTAMP_TZ, 0, datetime(1965, 1, 1, 0, 0, 0, 500000, tzinfo=WEST)),
    (Type.VARIANT, 0, '{"a": [1, null]}'),
    (Type.OBJECT, 0, "{}"),
    (Type.ARRAY, 0, "[1]"),
]


def column(kind: Type, scale: int) -> Column:
    return Column(name="C", type=kind, scale=scale)


def json_decoder(described: Column) -> Callable[[str], Any]:
    from snowflake.connector.converter import SnowflakeConverter

    converter = SnowflakeConverter()
    converter.set_parameters({"TIMEZONE": "UTC"})
    meta = rowtype(described)
    return converter.to_python_method(str(meta["type"]).upper(), meta) or (lambda text: text)


def arrow_decode(encoded: str) -> list[tuple[Any, ...]]:
    from snowflake.connector.arrow_context import ArrowConverterContext
    from snowflake.connector.nanoarrow_arrow_iterator import PyArrowRowIterator

    context = ArrowConverterContext({"TIMEZONE": "UTC"})
    stream = base64.b64decode(encoded)
    return list(PyArrowRowIterator(None, stream, context, False, False, False, False))


@pytest.mark.parametrize(("kind", "scale", "value"), CASES)
def test_json_cell__every_type__the_connector_reads_it_back(kind: Type, scale: int, value: object) -> None:
    described = column(kind, scale)
    ((cell,),) = rowset(Rows(columns=(described,), rows=[(value,)]))
    assert isinstance(cell, str)
    decoded = json_decoder(described)(cell)
    assert decoded == value
    assert getattr(decoded, "tzinfo", None) is None or decoded.utcoffset() is not None


@pytest.mark.parametrize(("kind", "scale", "value"), CASES)
def test_arrow_cell__every_type__the_connector_reads_it_back(kind: Type, scale: int, value: object) -> None:
    answer = Rows(columns=(column(kind, scale),), rows=[(value,), (None,)], statement=StatementType.SELECT)
    (first, second) = arrow_decode(arrow.encode(answer))
    assert first == (value,)
    assert second == (None,)


@pytest.mark.parametrize("kind", list(Type))
def test_null__every_type__none_in_both_encodings(kind: Type) -> None:
    answer = Rows(columns=(column(kind, 0),), rows=[(None,)])
    assert rowset(answer) == [[None]]
    assert arrow_decode(arrow.encode(answer)) == [(None,)]


def test_zoned_timestamp__both_encodings__keep_the_offset() -> None:
    value = datetime(2024, 1, 1, 12, tzinfo=EAST)
    described = column(Type.TIMESTAMP_TZ, 0)
    answer = Rows(columns=(described,), rows=[(value,)])
    ((cell,),) = rowset(answer)
    assert cell is not None
    assert json_decoder(described)(cell).utcoffset() == EAST.utcoffset(None)
    assert arrow_decode(arrow.encode(answer))[0][0].utcoffset() == EAST.utcoffset(None)


def test_arrow__no_rows__empty_text() -> None:
    assert arrow.encode(Rows(columns=(column(Type.FIXED, 0),))) == ""


@pytest.mark.parametrize(
    ("largest", "width"), [(127, 8), (128, 16), (-128, 8), (-129, 16), (2**31, 64), (2**15 - 1, 16)]
)
def test_arrow__integers__smallest_width_that_holds_them(largest: int, width: int) -> None:
    import pyarrow as pa

    answer = Rows(columns=(column(Type.FIXED, 0),), rows=[(1,), (largest,)])
    table = pa.ipc.open_stream(base64.b64decode(arrow.encode(answer))).read_all()
    assert table.schema.field("C").type.bit_width == width

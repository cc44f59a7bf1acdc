"""Binds: what the connector makes of Python values, read back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from sfml.emulator.faults import Fault
from sfml.emulator.wire.binds import decode_binds

EAST = timezone(timedelta(hours=5, minutes=30))

VALUES: list[tuple[str, Any]] = [
    ("FIXED", 7),
    ("FIXED", -(10**37)),
    ("FIXED", Decimal("1.25")),
    ("REAL", 1.5),
    ("TEXT", "o'clock; DROP"),
    ("BOOLEAN", True),
    ("BOOLEAN", False),
    ("BINARY", b"\x00\xff"),
    ("DATE", date(1969, 12, 31)),
    ("DATE", date(2999, 1, 1)),
    ("TIME", time(1, 2, 3, 4)),
    ("TIMESTAMP_NTZ", datetime(2024, 1, 2, 3, 4, 5, 678901)),
    ("TIMESTAMP_NTZ", datetime(1950, 1, 2, 3, 4, 5, 678901)),
    ("TIMESTAMP_LTZ", datetime(2024, 1, 2, 3, 4, 5, tzinfo=EAST)),
    ("TIMESTAMP_TZ", datetime(2024, 1, 2, 3, 4, 5, tzinfo=EAST)),
    ("ANY", None),
]


def sent(kind: str, value: object) -> str | None:
    from snowflake.connector.converter import SnowflakeConverter

    text: str | None = SnowflakeConverter().to_snowflake_bindings(kind, value)
    return text


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_bind__every_type_as_the_connector_sends_it__value_is_back(kind: str, value: object) -> None:
    ((bind,), rows) = decode_binds({"1": {"type": kind, "value": sent(kind, value)}})
    assert (bind.type, bind.value, rows) == (kind, value, ())
    assert type(bind.value) is type(value)


def test_bind__zoned__offset_is_kept() -> None:
    value = datetime(2024, 1, 2, 3, 4, 5, tzinfo=EAST)
    ((bind,), _) = decode_binds({"1": {"type": "TIMESTAMP_TZ", "value": sent("TIMESTAMP_TZ", value)}})
    assert isinstance(bind.value, datetime)
    assert bind.value.utcoffset() == timedelta(hours=5, minutes=30)


def test_binds__more_than_nine__in_the_order_of_their_numbers() -> None:
    bindings = {str(n): {"type": "FIXED", "value": str(n)} for n in (10, 2, 1, 11)}
    binds, _ = decode_binds(bindings)
    assert [bind.value for bind in binds] == [1, 2, 10, 11]


def test_binds__lists__one_row_for_each_element() -> None:
    bindings = {
        "1": {"type": "FIXED", "value": ["1", None]},
        "2": {"type": "TEXT", "value": ["a", "b"]},
    }
    binds, rows = decode_binds(bindings)
    assert binds == ()
    assert [[bind.value for bind in row] for row in rows] == [[1, "a"], [None, "b"]]


def test_bind__date_written_out__stays_text() -> None:
    ((bind,), _) = decode_binds({"1": {"type": "DATE", "value": "2024-02-29"}})
    assert bind.value == "2024-02-29"


def test_bind__local_time__is_utc() -> None:
    ((bind,), _) = decode_binds({"1": {"type": "TIMESTAMP_LTZ", "value": "0"}})
    assert bind.value == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "bindings",
    [
        {"x": {"type": "FIXED", "value": "1"}},
        {"1": "text"},
        {"1": {"type": "FIXED", "value": ["1"]}, "2": {"type": "FIXED", "value": ["1", "2"]}},
        {"1": {"type": "FIXED", "value": ["1"]}, "2": {"type": "FIXED", "value": "1"}},
        {"1": {"type": "FIXED", "value": "seven"}},
        {"1": {"type": "BOOLEAN", "value": "maybe"}},
        {"1": {"type": "BINARY", "value": "0g"}},
        {"1": {"type": "TIMESTAMP_NTZ", "value": "9" * 40}},
    ],
)
def test_binds__unreadable__fault(bindings: dict[str, Any]) -> None:
    with pytest.raises(Fault):
        decode_binds(bindings)

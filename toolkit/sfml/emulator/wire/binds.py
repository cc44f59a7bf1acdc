"""Bound values: the connector's strings (converter.py, ``*_to_snowflake_bindings``) back to Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from sfml.emulator.faults import Fault
from sfml.emulator.request import Bind

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - NTZ values are naive by definition
_DAY_MS = 86_400_000

Binds = tuple[tuple[Bind, ...], tuple[tuple[Bind, ...], ...]]


def decode_binds(bindings: Mapping[str, Any]) -> Binds:
    """``{"1": {"type": …, "value": …}}`` as (binds, ()); keys are positions, counted from 1.

    With lists of values: ((), one row of binds for each element).
    """
    columns = [_column(bindings[key]) for key in sorted(bindings, key=_position)]
    if not any(isinstance(values, list) for _, values in columns):
        return tuple(_bind(kind, value) for kind, value in columns), ()
    lengths = {len(values) for _, values in columns if isinstance(values, list)}
    if len(lengths) != 1 or not all(isinstance(values, list) for _, values in columns):
        raise _refused("Array binds must all be lists of the same length.")
    return (), tuple(
        tuple(_bind(kind, values[row]) for kind, values in columns) for row in range(lengths.pop())
    )


def _position(key: str) -> int:
    if not key.isdecimal():
        raise _refused(f"Bind position {key!r} is not a number.")
    return int(key)


def _column(entry: object) -> tuple[str, Any]:
    if not isinstance(entry, dict):
        raise _refused("A bind is not an object of type and value.")
    return str(entry.get("type") or "ANY").upper(), entry.get("value")


def _bind(kind: str, value: object) -> Bind:
    if value is None:
        return Bind(type=kind, value=None)
    text = value if isinstance(value, str) else str(value)
    decode = _DECODERS.get(kind)
    try:
        return Bind(type=kind, value=decode(text) if decode else text)
    except (ValueError, InvalidOperation, OverflowError):
        raise Fault("100038", "22018", f"Value '{text[:80]}' is not recognized as {kind}.") from None


def _fixed(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return text.lower() in ("true", "1")


def _date(text: str) -> date | str:
    milliseconds = _number(text)
    if milliseconds is None:
        return text
    return date(1970, 1, 1) + timedelta(days=milliseconds // _DAY_MS)


def _time(text: str) -> time | str:
    nanoseconds = _number(text)
    return text if nanoseconds is None else (_EPOCH + _microseconds(nanoseconds)).time()


def _naive(text: str) -> datetime | str:
    nanoseconds = _number(text)
    return text if nanoseconds is None else _EPOCH + _microseconds(nanoseconds)


def _local(text: str) -> datetime | str:
    moment = _naive(text)
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else moment


def _zoned(text: str) -> datetime | str:
    """``"<ns> <minutes from UTC + 1440>"``."""
    nanoseconds, _, offset = text.partition(" ")
    moment = _local(nanoseconds)
    if isinstance(moment, str) or not offset.isdecimal():
        return text
    return moment.astimezone(timezone(timedelta(minutes=int(offset) - 1440)))


def _number(text: str) -> int | None:
    """None for a date or time written out, which a client may bind with a temporal type too."""
    return int(text) if text.lstrip("-").isdecimal() else None


def _microseconds(nanoseconds: int) -> timedelta:
    return timedelta(microseconds=nanoseconds // 1000)


def _refused(why: str) -> Fault:
    return Fault("390400", "08001", f"Bad request: {why}")


_DECODERS: Mapping[str, Callable[[str], object]] = {
    "FIXED": _fixed,
    "REAL": float,
    "BOOLEAN": _boolean,
    "BINARY": bytes.fromhex,
    "DATE": _date,
    "TIME": _time,
    "TIMESTAMP_NTZ": _naive,
    "TIMESTAMP_LTZ": _local,
    "TIMESTAMP_TZ": _zoned,
}

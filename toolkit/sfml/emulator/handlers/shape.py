"""What a kind of object is to ``declared.py``: its options, their checks, and the rows that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfml.emulator.catalog import Record
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid
from sfml.emulator.handlers.base import Backend
from sfml.emulator.results import Column

Row = tuple[object, ...]


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One kind. A record's properties have the options' names; ``defaults`` are those of absent ones."""

    label: str  # as "… successfully created." begins
    options: tuple[str, ...]  # besides COMMENT
    required: tuple[str, ...] = ()
    settable: tuple[str, ...] = ()
    defaults: Mapping[str, Any]
    # Given options to the properties that they set; refuses bad values.
    read: Callable[[Mapping[str, object], Context, Backend], dict[str, Any]]
    # Refuses a new state as a whole, before it is stored.
    check: Callable[[Record | None, Mapping[str, Any], Mapping[str, object]], None] = _nothing
    # Refuses a name, and stores what is not for the catalog; within the transaction that stores the record.
    keep: Callable[[Record, Mapping[str, object], Backend], None] = _nothing
    # What time alone has changed is written down before the kind is shown.
    refresh: Callable[[Backend], None] = _nothing
    shown: tuple[Column, ...]
    row: Callable[[Record, Backend], Row]
    described: tuple[Column, ...] = ()
    rows: Callable[[Record, Backend], Sequence[Row]] = lambda _, __: ()


def word(options: Mapping[str, object], name: str, allowed: Sequence[str]) -> str:
    """The option's value, in upper case, if it is one of the words."""
    value = str(options[name]).upper()
    if value not in allowed:
        raise invalid(f"invalid value [{options[name]}] for parameter '{name}'")
    return value

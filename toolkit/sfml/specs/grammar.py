"""The grammar as tables, read once from the types of model.py: the keys of each map and what they hold."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass

from sfml.specs import model
from sfml.specs.scalars import Scalar

T = typing.TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One row of the grammar: a key of a map.

    A field holds a single value (``scalar``), a map (``table``) or either; ``many`` makes it a list of them,
    ``free`` a map with keys of the user's own.
    """

    key: str
    attribute: str
    about: str
    required: bool
    scalar: Scalar | None
    table: Table | None
    many: bool
    free: bool
    items: model.Items
    legacy: str
    warned: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """The keys of one kind of map."""

    record: type
    about: str
    fields: Mapping[str, Field]
    required: tuple[str, ...]


@functools.cache
def table_of(record: type) -> Table:
    """The table of one of model.py's dataclasses."""
    fields = {field.key: field for field in map(_field, dataclasses.fields(record))}
    return Table(
        record=record,
        about=(record.__doc__ or "").strip().splitlines()[0],
        fields=fields,
        required=tuple(key for key, field in fields.items() if field.required),
    )


def _field(source: dataclasses.Field[object]) -> Field:
    hint, *notes = typing.get_args(source.type)
    key = _first(notes, model.Key) or model.Key()
    warned = _first(notes, model.Warned)
    kinds, many, free = _shape(hint)
    records = [kind for kind in kinds if dataclasses.is_dataclass(kind)]
    return Field(
        key=key.name or _camel(source.name),
        attribute=source.name,
        about=_first(notes, str) or "",
        required=source.default is dataclasses.MISSING,
        scalar=_first(notes, Scalar),
        table=table_of(records[0]) if records else None,
        many=many,
        free=free,
        items=_first(notes, model.Items) or model.Items(),
        legacy=key.legacy,
        warned=warned.rule if warned else "",
    )


def _first(notes: list[object], kind: type[T]) -> T | None:
    return next((note for note in notes if isinstance(note, kind)), None)


def _shape(hint: object) -> tuple[list[type], bool, bool]:
    """The kinds that a hint names without None, whether it is a list, whether it is a map of free keys."""
    kinds = [kind for kind in _members(hint) if kind is not types.NoneType]
    origin = typing.get_origin(kinds[0])
    if origin is tuple:
        return _members(typing.get_args(kinds[0])[0]), True, False
    return kinds, False, origin is Mapping


def _members(hint: object) -> list[type]:
    return list(typing.get_args(hint)) if isinstance(hint, types.UnionType) else [typing.cast("type", hint)]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def tables() -> tuple[Table, ...]:
    """Every table of the grammar, the outermost first."""
    found: dict[type, Table] = {}

    def add(table: Table) -> None:
        if table.record not in found:
            found[table.record] = table
            for field in table.fields.values():
                if field.table:
                    add(field.table)

    add(table_of(model.Specification))
    return tuple(found.values())

"""The server's check of a specification's form: unknown keys, missing ones, values of the wrong kind.

The grammar is that of ``sfml.specs.model``; the checks and their texts are the server's own. Where
Snowflake's text is public it is that: bug reports print ``unknown option``, ``missing``, ``invalid value``.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sfml.emulator.faults import Fault
from sfml.specs import model


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    """A key of a map: single values (``accepts``), maps (``record``), or lists and free maps of them."""

    key: str
    attribute: str
    legacy: str
    required: bool
    accepts: Callable[[Any], object] | None
    record: type | None
    many: bool
    free: bool
    low: int
    high: int | None


def bad(problem: str) -> Fault:
    """395018 with one problem of the specification, no full stop at its end."""
    return Fault("395018", "22023", f"Invalid spec: {problem}.")


def checked(document: object) -> dict[str, Any]:
    """The specification with today's keys; 395018 names the first thing that is wrong in it."""
    if not isinstance(document, Mapping):
        raise bad("expected a map with the key 'spec'")
    return _map(document, model.Specification, "")


def _map(value: Mapping[Any, Any], record: type, path: str) -> dict[str, Any]:
    fields = _fields(record)
    found: dict[str, Any] = {}
    for key, item in value.items():
        field = fields.get(key)
        if field is None:
            raise bad(f"unknown option '{key}' for '{path or 'spec'}'" if path else f"unknown option '{key}'")
        if item is not None or field.free:
            found[field.key] = _value(item, field, _joined(path, str(key)))
        elif field.many or field.required:
            raise bad(f"invalid '{_joined(path, str(key))}'. Value is empty")
    for field in dict.fromkeys(fields.values()):
        if field.required and field.key not in found:
            raise bad(f"missing '{field.key}' for '{path}'" if path else f"missing '{field.key}'")
    return found


def _value(value: Any, field: _Field, path: str) -> Any:
    if field.free:
        return _free(value, field, path)
    if not field.many:
        return _single(value, field, path)
    if not isinstance(value, list):
        raise bad(f"invalid value {_shown(value)} for '{path}'. Expected a list")
    if len(value) < field.low or (field.high is not None and len(value) > field.high):
        most = "" if field.high is None else f" to {field.high}"
        raise bad(f"invalid '{path}'. Expected {field.low}{most} items, found {len(value)}")
    return [_single(item, field, f"{path}[{at}]") for at, item in enumerate(value)]


def _free(value: Any, field: _Field, path: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise bad(f"invalid value {_shown(value)} for '{path}'. Expected a map")
    return {str(key): _single(item, field, f"{path}.{key}") for key, item in value.items()}


def _single(value: Any, field: _Field, path: str) -> Any:
    if field.record and isinstance(value, Mapping):
        return _map(value, field.record, path)
    if field.accepts is None:
        raise bad(f"invalid value {_shown(value)} for '{path}'. Expected a map")
    if not field.accepts(value):
        raise bad(f"invalid value {_shown(value)} for '{path}'")
    return value


def _joined(path: str, key: str) -> str:
    """Paths are relative to ``spec``, and below a container relative to it, as Snowflake's messages are."""
    if path in ("", "spec"):
        return key
    inside = path.startswith("containers[") and "." not in path
    return key if inside else f"{path}.{key}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else f"of type {type(value).__name__}"


# --- the model's annotations, read once


@functools.cache
def _fields(record: type) -> Mapping[str, _Field]:
    """Fields by each key that they may have."""
    found = {}
    for field in map(_field, dataclasses.fields(record)):
        found[field.key] = field
        if field.legacy:
            found[field.legacy] = field
    return found


def _field(source: dataclasses.Field[Any]) -> _Field:
    hint, *notes = typing.get_args(source.type)
    key = next((note for note in notes if isinstance(note, model.Key)), model.Key())
    items = next((note for note in notes if isinstance(note, model.Items)), model.Items())
    accepts = next((note.accept for note in notes if hasattr(note, "accept")), None)
    kinds = [kind for kind in _members(hint) if kind is not types.NoneType]
    origin = typing.get_origin(kinds[0])
    if origin is tuple:
        kinds = list(_members(typing.get_args(kinds[0])[0]))
    return _Field(
        key=key.name or _camel(source.name),
        attribute=source.name,
        legacy=key.legacy,
        required=source.default is dataclasses.MISSING,
        accepts=accepts,
        record=next(
            (kind for kind in kinds if isinstance(kind, type) and dataclasses.is_dataclass(kind)), None
        ),
        many=origin is tuple,
        free=origin is Mapping,
        low=items.low,
        high=items.high,
    )


def _members(hint: Any) -> Iterator[Any]:
    yield from typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)

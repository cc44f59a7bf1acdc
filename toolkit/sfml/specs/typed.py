"""A specification's data as the types of model.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfml.errors import InputError
from sfml.specs import model
from sfml.specs.grammar import Field, Table, table_of
from sfml.specs.problems import Path, server_path


def specification(data: Any) -> model.Specification:
    """The typed form of a specification's data, such as YAML or JSON give.

    It does what a reader needs and no more: old spellings are understood, forms of values are not looked at,
    which is the checker's task. :class:`InputError` names the first place where keys or kinds do not fit.
    """
    found = _record(table_of(model.Specification), data, ())
    assert isinstance(found, model.Specification)
    return found


def _record(table: Table, data: Any, at: Path) -> Any:
    if not isinstance(data, Mapping):
        raise _misfit(at, "takes a map")
    given = {key: value for key, value in data.items() if value is not None}
    keys = {field.legacy: field for field in table.fields.values() if field.legacy} | dict(table.fields)
    for key in data:
        if key not in keys:
            raise InputError(f"unknown option {key!r} for {server_path(at)!r}")
    attributes = {keys[key].attribute: _value(keys[key], value, (*at, key)) for key, value in given.items()}
    for key in table.required:
        if table.fields[key].attribute not in attributes:
            raise InputError(f"missing {key!r} for {server_path(at)!r}")
    return table.record(**attributes)


def _value(field: Field, value: Any, at: Path) -> Any:
    if not field.many:
        return _item(field, value, at)
    if not isinstance(value, list):
        raise _misfit(at, "takes a list")
    return tuple(_item(field, item, (*at, index)) for index, item in enumerate(value))


def _item(field: Field, value: Any, at: Path) -> Any:
    if field.table and (isinstance(value, Mapping) or not field.scalar):
        return _record(field.table, value, at)
    if isinstance(value, Mapping) != field.free:
        raise _misfit(at, "takes a map" if field.free else "takes no map")
    return dict(value) if field.free else value


def _misfit(at: Path, wanted: str) -> InputError:
    return InputError(f"{server_path(at) or 'a specification'} {wanted}")

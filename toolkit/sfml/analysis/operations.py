"""What operators make of values: pure functions from values to values."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sfml.analysis.conditions import Condition
from sfml.analysis.values import FALSE, HOLE, UNKNOWN, Row, Table, Value, joined, known, truths, union


def either(current: Value, value: Value, when: Condition) -> Value:
    if when.gpu and not when.option:
        return union(value, current, gpu=True)
    if when.without_gpu or when.gpu:
        return union(current, value, gpu=True)
    if when.uncertain or when.tried:
        return replace(union(current, value), unsure=True)
    return union(current, value) if when.option else value


def swapped(body: Value, other: Value, when: Condition) -> Value:
    # Without a GPU the body holds; with one, the other. An option that is off by default: the other, too.
    return union(other, body, gpu=True) if when.without_gpu or when.option else union(body, other, gpu=True)


def lookup(option: Any, key: Any) -> Value | None:
    if isinstance(option, Table):
        return option.items.get(key) if isinstance(key, (str, int, float, bool)) else None
    if isinstance(option, Row) and type(key) is int and -len(option.items) <= key < len(option.items):
        return option.items[key]
    return None


def percent(left: Value, right: Value) -> Value:
    pieces = re.split(r"%[-+ #0]*\d*(?:\.\d+)?[sdrfgi]", left.texts[0])
    row = right.default
    given = list(row.items) if isinstance(row, Row) else [right]
    parts: list[Value] = []
    for number, piece in enumerate(pieces):
        parts.append(known(piece))
        if number < len(pieces) - 1:
            parts.append(given[number] if number < len(given) else UNKNOWN)
    return joined([part for part in parts if part.default != ""], "".join) if parts else left


def rows(left: Value, right: Value) -> Value:
    items = [
        item for side in (left, right) for row in side.options if isinstance(row, Row) for item in row.items
    ]
    return known(Row(tuple(items)))


def merged(left: Value, right: Value) -> Value:
    items: dict[Any, Value] = {}
    for side in (left, right):
        for option in side.options:
            items.update(option.items if isinstance(option, Table) else {})
    return known(Table(items)) if items else UNKNOWN


def arithmetic(op: ast.operator, left: Value, right: Value) -> Value:
    actions: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: _times,
        ast.FloorDiv: operator.floordiv,
    }
    action = actions.get(type(op))
    if action is None or not left.options or not right.options:
        return Value(origins=left.origins | right.origins)
    merged = union(left, right)
    try:
        options = (action(left.default, right.default),)
    except (TypeError, ValueError, ArithmeticError):
        return Value(origins=merged.origins)
    return replace(merged, options=options, complete=left.complete and right.complete, head=frozenset())


def _times(left: Any, right: Any) -> Any:
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return left * right
    raise TypeError  # "x" * 10**9 is nobody's path


def all_of(values: list[Value]) -> Value:
    origins = frozenset().union(*(value.origins for value in values))
    outcomes = [truths(value) for value in values]
    gpu = any(value.gpu for value in values)
    for value, outcome in zip(values, outcomes, strict=True):
        if outcome == [False] and value.complete and not value.origins:
            return FALSE
    if any(outcome and not outcome[0] for outcome in outcomes):
        return Value((False, True), complete=True, origins=origins, gpu=gpu)
    if all(outcomes):
        options = (True, False) if any(False in outcome for outcome in outcomes) else (True,)
        return Value(options, all(v.complete for v in values), origins, gpu=gpu)
    if gpu:
        return Value((True, False), complete=True, origins=origins, gpu=True)
    return Value(origins=origins)


def any_of(values: list[Value]) -> Value:
    found: Value | None = None
    for number, value in enumerate(values):
        if number < len(values) - 1:
            # What is worth nothing is passed over, though it may be changed: args.out or "out".
            value = replace(value, options=tuple(o for o in value.options if truths(known(o))[0]))
        found = value if found is None else union(found, value)
        if value.options and value.complete and not value.origins and not value.gpu:
            break
    return found or UNKNOWN


_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def compared(op: ast.cmpop, left: Value, right: Value) -> Value:
    outcomes: list[bool] = []
    complete = left.complete and right.complete and bool(left.options) and bool(right.options)
    for first in left.options:
        for second in right.options:
            try:
                outcomes.append(bool(_COMPARISONS[type(op)](_plain(first), _plain(second))))
            except TypeError:
                complete = False
    return Value(
        tuple(dict.fromkeys(outcomes)),
        complete=complete,
        origins=left.origins | right.origins,
        gpu=(left.gpu or right.gpu),
    )


def _plain(option: Any) -> Any:
    if isinstance(option, Row):
        return tuple(_plain(item.default) for item in option.items)
    if isinstance(option, str) and HOLE in option:
        raise TypeError  # only the run knows
    return option

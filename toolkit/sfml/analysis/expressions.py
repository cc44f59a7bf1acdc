"""What operators and displays come out as: sums, paths, choices, comparisons, lists and mappings."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfml.analysis.operations import (
    all_of,
    any_of,
    arithmetic,
    compared,
    merged,
    percent,
    rows,
    swapped,
)
from sfml.analysis.tree import Scope
from sfml.analysis.values import (
    UNKNOWN,
    Row,
    Table,
    Value,
    joined,
    known,
    mapped,
    path_join,
    truths,
    union,
)

if TYPE_CHECKING:
    from sfml.analysis.evaluate import Evaluator

_PATHS = frozenset(
    {"pathlib.Path()", "pathlib.PosixPath()", "pathlib.PurePath()", "anyio.Path()", "upath.UPath()"}
)


def _binary(evaluator: Evaluator, node: ast.BinOp, scope: Scope) -> Value:
    left, right = evaluator.value(node.left, scope), evaluator.value(node.right, scope)
    if isinstance(node.op, ast.Div) and (
        left.texts or left.head or right.texts or _is_path(evaluator, node, scope)
    ):
        return joined([left, right], path_join, path=True)
    if isinstance(node.op, ast.Mod) and left.texts:
        return percent(left, right)
    if isinstance(node.op, ast.Add) and any(isinstance(o, Row) for o in (left.default, right.default)):
        return rows(left, right)
    if isinstance(node.op, ast.Add) and (left.texts or right.texts):
        return joined([left, right], "".join)
    if isinstance(node.op, ast.BitOr):
        return merged(left, right)
    return arithmetic(node.op, left, right)


def _f_string(evaluator: Evaluator, node: ast.JoinedStr, scope: Scope) -> Value:
    parts = [evaluator.value(part, scope) for part in node.values]
    return joined(parts, "".join) if parts else known("")


def _formatted(evaluator: Evaluator, node: ast.FormattedValue, scope: Scope) -> Value:
    return evaluator.value(node.value, scope)


def _if(evaluator: Evaluator, node: ast.IfExp, scope: Scope) -> Value:
    when = evaluator.when(node.test, scope, holds=True)
    if when.never:
        return evaluator.value(node.orelse, scope)
    body, other = evaluator.value(node.body, scope), evaluator.value(node.orelse, scope)
    test = evaluator.value(node.test, scope)
    if when.always and test.complete and not test.origins and not test.gpu:
        return body
    if when.gpu or when.without_gpu:
        by_default = when.gpu and not when.option
        return union(body, other, gpu=True) if by_default else swapped(body, other, when)
    return union(other, body) if when.option else union(body, other)


def _bool(evaluator: Evaluator, node: ast.BoolOp, scope: Scope) -> Value:
    values = [evaluator.value(part, scope) for part in node.values]
    return all_of(values) if isinstance(node.op, ast.And) else any_of(values)


def _unary(evaluator: Evaluator, node: ast.UnaryOp, scope: Scope) -> Value:
    value = evaluator.value(node.operand, scope)
    if isinstance(node.op, ast.Not):
        outcomes = truths(value)
        return replace(value, options=tuple(not outcome for outcome in outcomes), head=frozenset())
    return mapped(value, operator.neg) if isinstance(node.op, ast.USub) else value


def _compare(evaluator: Evaluator, node: ast.Compare, scope: Scope) -> Value:
    if len(node.ops) != 1:
        return UNKNOWN
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        names = evaluator.value(node.left, scope)
        if names.texts and evaluator.names.dotted(node.comparators[0], scope) == "os.environ":
            value = evaluator.environment(names, known(None))
            return replace(value, options=(isinstance(node.ops[0], ast.NotIn),), head=frozenset())
    left = evaluator.value(node.left, scope)
    right = evaluator.value(node.comparators[0], scope)
    return compared(node.ops[0], left, right)


# --- displays ---


def _dict(evaluator: Evaluator, node: ast.Dict, scope: Scope) -> Value:
    items: dict[Any, Value] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            for option in evaluator.value(value, scope).options:
                items.update(option.items if isinstance(option, Table) else {})
            continue
        name = evaluator.value(key, scope)
        if name.options and isinstance(name.default, (str, int, float, bool)):
            items[name.default] = evaluator.value(value, scope)
    return known(Table(items))


def _list(evaluator: Evaluator, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
    return known(Row(tuple(evaluator.value(item, scope) for item in node.elts[:200])))


def _inner(evaluator: Evaluator, node: ast.Await | ast.NamedExpr | ast.Starred, scope: Scope) -> Value:
    return evaluator.value(node.value, scope)


def _is_path(evaluator: Evaluator, node: ast.BinOp, scope: Scope) -> bool:
    return evaluator.names.dotted(node.left, scope) in _PATHS


EXPRESSIONS: dict[type[ast.AST], Callable[..., Value]] = {
    ast.BinOp: _binary,
    ast.BoolOp: _bool,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.IfExp: _if,
    ast.JoinedStr: _f_string,
    ast.FormattedValue: _formatted,
    ast.Dict: _dict,
    ast.List: _list,
    ast.Tuple: _list,
    ast.Set: _list,
    ast.Await: _inner,
    ast.NamedExpr: _inner,
    ast.Starred: _inner,
}

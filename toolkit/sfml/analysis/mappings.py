"""What configurations made of others come out as: dataclasses as mappings, and mappings merged."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from sfml.analysis.functions import keyword
from sfml.analysis.names import Symbol
from sfml.analysis.tree import Binding, Instance, Kind, Scope
from sfml.analysis.values import UNKNOWN, Table, Value, known

if TYPE_CHECKING:
    from sfml.analysis.evaluate import Evaluator


def merged(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    """OmegaConf.merge(first, second, …): what is known of them, the later before the earlier."""
    found = Table()
    for part in node.args:
        option = evaluator.value(part, scope).default
        found = deep(found, option) if isinstance(option, Table) else found
    return known(found)


def structured(evaluator: Evaluator, node: ast.Call, scope: Scope) -> Value:
    """OmegaConf.structured(Settings): the defaults of a dataclass's fields."""
    cls = _class(evaluator.names.resolve(node.args[0], scope)) if node.args else None
    return known(_fields(evaluator, cls)) if cls is not None else UNKNOWN


def _class(symbol: Symbol) -> Scope | None:
    found = symbol.cls if isinstance(symbol, Instance) else symbol
    return found if isinstance(found, Scope) and found.kind is Kind.CLASS else None


def _fields(evaluator: Evaluator, cls: Scope) -> Table:
    """The defaults of a dataclass's fields; those of a nested one below its name."""
    items: dict[object, Value] = {}
    for name, bindings in cls.names.items():
        nested = _nested(evaluator, bindings[-1])
        default = evaluator.bound(bindings, None, 0)
        items[name] = nested or dataclass_default(evaluator, cls, bindings[-1], default)
    return Table(items)


def _nested(evaluator: Evaluator, binding: Binding) -> Value | None:
    """The fields of the dataclass that a field holds: Inner(), or field(default_factory=Inner)."""
    node = binding.node
    if binding.kind is not Kind.VALUE or not isinstance(node, ast.Call):
        return None
    made = keyword(node, "default_factory") or node.func
    cls = _class(evaluator.names.resolve(made, binding.scope))
    return known(_fields(evaluator, cls)) if cls is not None else None


def deep(first: Table, second: Table) -> Table:
    """Two mappings merged, the second's values before the first's, mappings within them alike."""
    items = dict(first.items)
    for key, value in second.items.items():
        here = items.get(key)
        both = here is not None and isinstance(here.default, Table) and isinstance(value.default, Table)
        items[key] = known(deep(here.default, value.default)) if both and here is not None else value
    return Table(items)


def dataclass_default(evaluator: Evaluator, cls: Scope, binding: Any, value: Value) -> Value:
    """The default of a dataclass field: the value itself, or what ``field(default=…)`` says."""
    node = binding.node
    if not isinstance(node, ast.Call) or evaluator.names.dotted(node.func, cls).rpartition(".")[2] not in {
        "field",
        "Field",
        "ib",
        "attrib",
        "mutable_field",
    }:
        return value
    given = keyword(node, "default", 0)
    if given is not None:
        return evaluator.value(given, cls)
    factory = keyword(node, "default_factory")
    return evaluator.value(factory.body, cls) if isinstance(factory, ast.Lambda) else UNKNOWN

"""Constant propagation: what an expression may be worth, through names, attributes, calls and modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sfml.analysis import calls
from sfml.analysis.arguments import Arguments
from sfml.analysis.conditions import ALWAYS, NEVER, Condition
from sfml.analysis.constants import constant
from sfml.analysis.expressions import EXPRESSIONS
from sfml.analysis.files import Files
from sfml.analysis.functions import argument_of, is_dataclass, keyword, parameter_default, tail
from sfml.analysis.mappings import dataclass_default
from sfml.analysis.names import Names
from sfml.analysis.operations import (
    either,
    lookup,
)
from sfml.analysis.tree import Binding, Branch, Folder, Guard, Instance, Kind, Module, Scope
from sfml.analysis.values import (
    HOLE,
    UNKNOWN,
    Row,
    Table,
    Value,
    known,
    mapped,
    truths,
    union,
)

_GPU_WORDS = re.compile(r"cuda|gpu|device|cpu|fp16|half|\bamp\b|nccl|distributed|ddp", re.IGNORECASE)


class Evaluator:
    """Values and conditions of one program. ``python`` is the runtime's version, (3, 11)."""

    def __init__(self, names: Names, arguments: Arguments, files: Files, *, python: tuple[int, int]) -> None:
        self.names = names
        self.arguments = arguments
        self.files = files
        self.python = python
        self.no_gpu = False  # the script hides every GPU from itself
        self._values: dict[int, Value] = {}
        self._conditions: dict[int, Condition] = {}
        self.made: dict[tuple[int, str], ast.Attribute] = {}  # nodes that stand for getattr(x, "y")
        self._bound: dict[int, Value] = {}
        self._open: set[int] = set()  # bindings that are being evaluated

    def forget(self) -> None:
        """Drop what was remembered: more of the program is known now."""
        self._values.clear()
        self._bound.clear()
        self._conditions.clear()

    def value(self, node: ast.AST | None, scope: Scope) -> Value:
        """What an expression of a scope may be worth."""
        if node is None:
            return UNKNOWN
        if type(node) is ast.Constant:
            return known(node.value)
        key = id(node)  # an expression stands in one scope only
        if key in self._values:
            return self._values[key]
        handler = _HANDLERS.get(type(node))
        if handler is None:
            return UNKNOWN
        return self.names.ask(self._values, key, UNKNOWN, handler, self, node, scope)

    # --- conditions ---

    def condition(self, guard: Guard | None) -> Condition:
        """When the statements behind a guard are reached, within their function."""
        chain: list[Guard] = []
        while guard is not None and id(guard) not in self._conditions:
            chain.append(guard)
            guard = guard.outer
        found = self._conditions[id(guard)] if guard is not None else ALWAYS
        for inner in reversed(chain):  # in a loop: a chain of `elif` is a chain of guards
            self._conditions[id(inner)] = found
            found = self._conditions[id(inner)] = self._branch(inner) | found
        return found

    def _branch(self, guard: Guard) -> Condition:
        if guard.branch is Branch.IF:
            return self.when(guard.node, guard.scope, holds=guard.holds)
        return Condition(tried=True) if guard.branch is Branch.TRY else ALWAYS

    def when(self, test: ast.AST, scope: Scope, *, holds: bool) -> Condition:
        """When a test comes out as ``holds``."""
        value = self.value(test, scope)
        outcomes = truths(value)
        if not outcomes:
            speaks = _is_choice(test) or (not value.origins and bool(_GPU_WORDS.search(_words(test))))
            return Condition(uncertain=True, unknown=speaks or bool(value.origins))
        if value.gpu and len(outcomes) > 1:
            return self._when_gpu(value, by_default=outcomes[0] == holds)
        if outcomes[0] == holds:
            return ALWAYS
        if value.complete and not value.origins and len(outcomes) == 1:
            return NEVER
        return Condition(option=True)

    def _when_gpu(self, value: Value, *, by_default: bool) -> Condition:
        if by_default:
            return Condition(gpu=True)
        return Condition(option=True, gpu=True) if value.origins else Condition(without_gpu=True)

    # --- names ---

    def _name(self, node: ast.Name, scope: Scope) -> Value:
        if node.id == "__name__":
            return known("__main__" if scope.module.is_main else scope.module.dotted)
        if node.id == "__file__":
            return known(scope.module.source.name)
        found = self.names.bindings(node.id, scope)
        if not found:
            return self._foreign(self.names.dotted(node, scope))
        value = self.bound(found, scope, node.lineno)
        setting = self.arguments.setting(node.id, scope.module)
        return union(value, setting) if setting is not None else value

    def bound(self, bindings: list[Binding], scope: Scope | None, line: int) -> Value:
        """What the assignments of one name leave it worth at a line of a scope."""
        before = [b for b in bindings if b.scope is not scope or b.line <= line] or bindings
        current: Value | None = None
        for binding in before:
            when = self.condition(binding.guard)
            if when.never or id(binding) in self._open:  # x = f(x): the x within is the earlier one
                continue
            value = self._binding(binding)
            current = value if current is None else either(current, value, when)
            if when.gpu and current is value:
                current = replace(value, complete=False, gpu=True)
        return current or UNKNOWN

    def _binding(self, binding: Binding) -> Value:
        self._open.add(id(binding))
        try:
            return self.names.ask(self._bound, id(binding), UNKNOWN, self._worth, binding)
        finally:
            self._open.discard(id(binding))

    def _worth(self, binding: Binding) -> Value:
        if binding.kind is Kind.VALUE or binding.kind is Kind.ENTER:
            return self._element(self._node_value(binding), binding.path)
        if binding.kind is Kind.PARAMETER:
            return self._parameter(binding)
        if binding.kind is Kind.ITEM:
            return self._item(binding)
        if binding.kind in {Kind.FROM, Kind.IMPORT}:
            return self._imported(binding)
        return UNKNOWN

    def _node_value(self, binding: Binding) -> Value:
        return self.value(binding.node, binding.scope)

    def _element(self, value: Value, path: tuple[int, ...]) -> Value:
        for position in path:
            value = self.part(value, position)
        return value

    def _item(self, binding: Binding) -> Value:
        rows = self._node_value(binding)
        items = [item for option in rows.options for item in iterated(option)]
        found = UNKNOWN
        for number, item in enumerate(items[:20]):
            found = item if not number else union(found, item)
        return self._element(replace(found, complete=False) if items else UNKNOWN, binding.path)

    def _imported(self, binding: Binding) -> Value:
        module = binding.scope.module
        parent, _, name = binding.target.rpartition(".")
        owner = self.names.imported(parent, module, binding.level) if parent or binding.level else None
        if isinstance(owner, Module):
            return self._member(owner, name)
        symbol = self.names.bound(binding)
        return self._foreign(symbol) if isinstance(symbol, str) else UNKNOWN

    def _member(self, owner: Module, name: str) -> Value:
        found = self.names.bindings(name, owner.scope)
        return self.bound(found, None, 0) if found else UNKNOWN

    def _foreign(self, dotted: str) -> Value:
        declared = self.arguments.attribute(dotted)
        return declared if declared is not None else constant(dotted, self.python)

    # --- parameters ---

    def _parameter(self, binding: Binding) -> Value:
        function = binding.scope
        declared = self.arguments.parameter(function, binding.name)
        if declared is not None:
            return declared
        found: Value | None = None
        left_out = False
        for call in self.names.call_sites(function):
            given = argument_of(function, call.node, binding.name, bound=self.names.is_bound(function, call))
            value = self.value(given, call.scope) if given is not None else self._splatted(call, binding.name)
            left_out = left_out or value is None
            if value is not None:
                found = value if found is None else union(found, value)
        default = self.default(function, binding.name) if left_out or found is None else None
        if found is None:
            return default or UNKNOWN
        return union(found, default) if default is not None else found

    def _splatted(self, call: Any, name: str) -> Value | None:
        for item in call.node.keywords:
            if item.arg is None:
                found = self.part(self.value(item.value, call.scope), name)
                if found is not UNKNOWN:
                    return found
        return None

    def default(self, function: Scope, name: str) -> Value | None:
        """The default of a parameter, None if it has none."""
        node = parameter_default(function.node, name)
        return self.value(node, function.parent or function) if node is not None else None

    # --- attributes and items ---

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        symbol = self.names.resolve(node.value, scope)
        if isinstance(symbol, Module):
            return self._member(symbol, node.attr)
        if isinstance(symbol, (Scope, Instance)):
            return self._field(symbol, node, scope)
        if isinstance(symbol, str):
            found = self._foreign_attribute(symbol, node, scope)
            if found is not None:
                return found
        if isinstance(symbol, Folder):
            return UNKNOWN
        return self._of_value(node, scope)

    def _foreign_attribute(self, symbol: str, node: ast.Attribute, scope: Scope) -> Value | None:
        declared = self.arguments.attribute(f"{symbol}.{node.attr}", scope.module)
        if declared is not None:
            return self._stored(node, declared)
        found = constant(f"{symbol}.{node.attr}", self.python)
        return found if found is not UNKNOWN else None

    def _of_value(self, node: ast.Attribute, scope: Scope) -> Value:
        base = self.value(node.value, scope)
        found = self.part(base, node.attr)
        if found is not UNKNOWN:
            return found
        if node.attr in calls.PATH_PARTS and (base.texts or base.head):
            return mapped(base, calls.PATH_PARTS[node.attr])
        declared = self.arguments.by_name(node, scope)
        return self._stored(node, declared if declared is not None else UNKNOWN)

    def _stored(self, node: ast.Attribute, value: Value) -> Value:
        """The value of ``args.x``, with what the script itself assigns to ``args.x``."""
        stores = [
            store.binding
            for store in self.names.stores.get(node.attr, ())
            if tail(store.base) == tail(node.value) or value is not UNKNOWN
        ]
        for binding in stores:
            when = self.condition(binding.guard)
            if when.never:
                continue
            given = self._element(self._node_value(binding), binding.path)
            value = either(value, given, when) if value is not UNKNOWN else given
        return value

    def _field(self, symbol: Scope | Instance, node: ast.Attribute, scope: Scope) -> Value:
        cls = symbol.cls if isinstance(symbol, Instance) else symbol
        if cls.kind is not Kind.CLASS:
            return UNKNOWN
        declared = self.arguments.field(cls, node.attr)
        if declared is not None:
            return declared
        for ancestor in self.names.ancestors(cls):
            if isinstance(ancestor, str):
                return self._foreign_attribute(f"{ancestor}()", node, scope) or UNKNOWN
            found = [*ancestor.names.get(node.attr, ()), *ancestor.attributes.get(node.attr, ())]
            if found:
                return self._field_value(ancestor, node.attr, found)
        return self._stored(node, UNKNOWN)

    def _field_value(self, cls: Scope, name: str, found: list[Binding]) -> Value:
        value = self.bound(found, None, 0)
        if name in cls.names and is_dataclass(cls):
            value = dataclass_default(self, cls, found[-1], value)
            for call in self.names.made(cls):
                given = keyword(call.node, name)
                if given is not None:
                    value = union(self.value(given, call.scope), value)
        return value

    def part(self, value: Value, key: Any) -> Value:
        """An element of a list, or the item or attribute of a mapping, that a value may be."""
        found: Value | None = None
        for option in value.options:
            item = lookup(option, key)
            if item is not None:
                found = item if found is None else union(found, item)
        if found is None:
            return UNKNOWN
        return replace(found, origins=found.origins | value.origins, head=found.head | value.head)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        dotted = self.names.dotted(node.value, scope)
        if dotted in {"os.environ", "os.environb"}:
            return self.environment(self.value(node.slice, scope), UNKNOWN)
        if dotted == "sys.argv":
            return self.arguments.argv(self.value(node.slice, scope))
        key = self.value(node.slice, scope)
        declared = self.arguments.attribute(f"{dotted}.{key.default}", scope.module) if dotted else None
        if declared is not None:
            return declared
        found = self._assigned_item(node, key, scope)
        return found if found is not None else self.part(self.value(node.value, scope), key.default)

    def _assigned_item(self, node: ast.Subscript, key: Value, scope: Scope) -> Value | None:
        """``config["x"]`` where the script itself says ``config["x"] = …`` under the same name."""
        for store in scope.module.item_stores:
            same = isinstance(store.base, ast.Name) and isinstance(node.value, ast.Name)
            if not same or tail(store.base) != tail(node.value) or store.binding.line >= node.lineno:
                continue
            assert isinstance(store.key, ast.expr)
            if key.options and self.value(store.key, store.binding.scope).default == key.default:
                return self._node_value(store.binding)
        return None

    def environment(self, name: Value, default: Value) -> Value:
        """An environment variable, read with a default."""
        names = name.texts
        for store in self.arguments.program_environment:
            if names and store[0] == names[0]:
                return self.value(store[1], store[2])
        origins = frozenset(f"${text}" for text in names if HOLE not in text)
        options = default.options or ((None,) if default.complete else ())
        return Value(options, complete=False, origins=origins | default.origins, head=origins | default.head)

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        return calls.value_of_call(self, node, scope)


def _is_choice(test: ast.AST) -> bool:
    """Whether a test asks which of several ways was chosen: name == "adam8bit", "bnb" in name."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], (ast.Eq, ast.In)):
        return False
    parts = [test.left, *test.comparators]
    return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)


def iterated(option: Any) -> list[Value]:
    """What a loop over a list, or over the keys of a mapping, goes through."""
    if isinstance(option, Row):
        return list(option.items)
    return [known(key) for key in option.items] if isinstance(option, Table) else []


def _words(test: ast.AST) -> str:
    found = []
    for node in ast.walk(test):
        if isinstance(node, ast.Name):
            found.append(node.id)
        elif isinstance(node, ast.Attribute):
            found.append(node.attr)
    return " ".join(found)


_HANDLERS: dict[type[ast.AST], Callable[..., Value]] = {
    ast.Name: Evaluator._name,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.Call: Evaluator._call,
    **EXPRESSIONS,
}

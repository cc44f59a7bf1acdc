"""The calls that a program makes, with what they call and when: what all rules look at."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sfml.analysis.conditions import Condition
from sfml.analysis.findings import Evidence
from sfml.analysis.functions import keyword, tail
from sfml.analysis.names import Symbol
from sfml.analysis.parsers import is_training_arguments
from sfml.analysis.program import Program
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Call, Instance, Kind, Module, Scope
from sfml.analysis.values import UNKNOWN, Table, Value


class Fact:
    """One call of the program.

    ``symbol`` is what is called; ``dotted`` its name when that is outside the project (for a subclass, the
    name of its base), else ""; ``root`` the library of that; ``tail`` the last part of the name, whatever the
    module itself calls it; ``trains`` whether it makes a trainer's arguments.
    """

    __slots__ = (
        "_condition",
        "_splatted",
        "call",
        "dotted",
        "node",
        "program",
        "root",
        "symbol",
        "tail",
        "trains",
    )

    def __init__(self, program: Program, call: Call) -> None:
        self.program = program
        self.call = call
        self.node = call.node
        self.symbol: Symbol = program.names.resolve(call.node.func, call.scope)
        self.dotted = _outside(program, self.symbol)
        renamed = isinstance(self.symbol, str) and isinstance(call.node.func, ast.Name)
        self.tail = self.dotted.rpartition(".")[2] if renamed else tail(call.node.func)
        self.root = self.dotted.partition(".")[0]
        self.trains = is_training_arguments(self.dotted)
        self._condition: Condition | None = None
        self._splatted: dict[str, Value] | None = None

    @property
    def condition(self) -> Condition:
        """When it is made."""
        if self._condition is None:
            self._condition = self.program.condition(self.call.guard, self.call.scope)
        return self._condition

    @property
    def is_local(self) -> bool:
        """Whether it calls code of the project, whose own lines count."""
        return isinstance(self.symbol, (Scope, Instance))

    def evidence(self, words: str | None = None, *, at: ast.AST | None = None) -> Evidence:
        """Where it stands."""
        return evidence(self.call.scope.module, at or self.node, words)

    def value(self, name: str, position: int | None = None) -> Value:
        """What an argument may be worth, given by keyword, by position, or in a splatted mapping."""
        node = keyword(self.node, name, position)
        if node is not None:
            return self.program.evaluator.value(node, self.call.scope)
        return self.splatted.get(name, UNKNOWN)

    def has(self, name: str, position: int | None = None) -> bool:
        """Whether an argument is given at all."""
        return keyword(self.node, name, position) is not None or name in self.splatted

    def argument(self, name: str, position: int | None = None) -> ast.expr | None:
        """The expression of an argument."""
        return keyword(self.node, name, position)

    @property
    def splatted(self) -> dict[str, Value]:
        """Arguments that come out of ``**mapping``."""
        if self._splatted is None:
            self._splatted = self._from_mappings()
        return self._splatted

    @property
    def names(self) -> Iterator[str]:
        """The names under which arguments are given."""
        for item in self.node.keywords:
            if item.arg is not None:
                yield item.arg
            else:
                yield from self.splatted

    def _from_mappings(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for item in self.node.keywords:
            if item.arg is None:
                for option in self.program.evaluator.value(item.value, self.call.scope).options:
                    if isinstance(option, Table):
                        found.update({str(key): value for key, value in option.items.items()})
        return found

    @property
    def keywords(self) -> dict[str, Value]:
        """All arguments given by name."""
        own = {
            item.arg: self.program.evaluator.value(item.value, self.call.scope)
            for item in self.node.keywords
            if item.arg is not None
        }
        return {**self.splatted, **own}


def _outside(program: Program, symbol: Symbol) -> str:
    if isinstance(symbol, Scope):
        return next((a for a in program.names.ancestors(symbol) if isinstance(a, str)), "")
    return symbol if isinstance(symbol, str) else ""


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Which calls can matter to any rule: most of a program's calls do not, and are not even resolved."""

    tails: frozenset[str]  # what is called, by the last part of its name
    pattern: re.Pattern[str]  # the same, for whole families of names
    roots: frozenset[str]  # libraries all of whose calls count
    keywords: frozenset[str]  # names of arguments
    methods: Mapping[
        str, frozenset[str]
    ]  # of a library's objects, by library: they count where it is imported

    def facts(self, program: Program) -> Iterator[Fact]:
        """The calls of the program that can matter, module by module."""
        roots = {one.root for one in program.foreign}
        tails = self.tails.union(*(self.methods.get(root, ()) for root in roots))
        by_tail: dict[str, bool] = {}  # the same few names come in every module
        for module in program.modules:
            names = self._names(program, module)
            for tail_, calls in module.called.items():
                if tail_ not in by_tail:
                    by_tail[tail_] = tail_ in tails or bool(self.pattern.match(tail_))
                named = by_tail[tail_] or bool(module.stars)
                for call in calls:
                    if named or self._counts(call.node, names):
                        yield Fact(program, call)

    def _names(self, program: Program, module: Module) -> set[str]:
        """The names of a module through which it may call such a library, or its own subclasses of one."""
        found = {name for name, root in module.roots.items() if root in self.roots}
        local = {name for name, root in module.roots.items() if not root or program.project.find(root)}
        return found | local | {scope.name for scope in module.scopes if scope.kind is Kind.CLASS}

    def _counts(self, call: ast.Call, names: set[str]) -> bool:
        inner: ast.AST = call.func
        while not isinstance(inner, ast.Name):
            if isinstance(inner, (ast.Attribute, ast.Subscript)):
                inner = inner.value
            elif isinstance(inner, ast.Call):  # getattr(models, name)(…), Session.builder.appName(…).load(…)
                inner = inner.args[0] if tail(inner.func) == "getattr" and inner.args else inner.func
            else:
                break
        if isinstance(inner, ast.Name) and inner.id in names:
            return True
        return any(item.arg is None or item.arg in self.keywords for item in call.keywords)


def receiver(fact: Fact) -> ast.expr | None:
    """What a method is called on."""
    func = fact.node.func
    return func.value if isinstance(func, ast.Attribute) else None

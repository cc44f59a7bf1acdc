"""The calls that a program makes, with what they call and when: what all rules look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sfml.analysis.conditions import Condition
from sfml.analysis.findings import Evidence
from sfml.analysis.functions import keyword, tail
from sfml.analysis.names import Symbol
from sfml.analysis.program import Program
from sfml.analysis.seen import evidence
from sfml.analysis.tree import Call, Instance, Scope
from sfml.analysis.values import UNKNOWN, Table, Value


@dataclass
class Fact:
    """One call of the program."""

    program: Program
    call: Call

    @property
    def node(self) -> ast.Call:
        """The call itself."""
        return self.call.node

    @cached_property
    def symbol(self) -> Symbol:
        """What is called."""
        return self.program.names.resolve(self.node.func, self.call.scope)

    @cached_property
    def dotted(self) -> str:
        """The name of what is called, of something outside the project; for a subclass, that of its base."""
        found = self.symbol
        if isinstance(found, Scope):
            outside = [a for a in self.program.names.ancestors(found) if isinstance(a, str)]
            return outside[0] if outside else ""
        return found if isinstance(found, str) else ""

    @cached_property
    def tail(self) -> str:
        """The last part of the name that is called, whatever the module itself calls it."""
        if isinstance(self.node.func, ast.Name) and isinstance(self.symbol, str):
            return self.symbol.rpartition(".")[2]
        return tail(self.node.func)

    @cached_property
    def condition(self) -> Condition:
        """When it is made."""
        return self.program.condition(self.call.guard, self.call.scope)

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

    @cached_property
    def splatted(self) -> dict[str, Value]:
        """Arguments that come out of ``**mapping``."""
        found: dict[str, Value] = {}
        for item in self.node.keywords:
            if item.arg is None:
                for option in self.program.evaluator.value(item.value, self.call.scope).options:
                    if isinstance(option, Table):
                        found.update({str(key): value for key, value in option.items.items()})
        return found

    @cached_property
    def keywords(self) -> dict[str, Value]:
        """All arguments given by name."""
        own = {
            item.arg: self.program.evaluator.value(item.value, self.call.scope)
            for item in self.node.keywords
            if item.arg is not None
        }
        return {**self.splatted, **own}


def facts(program: Program) -> Iterator[Fact]:
    """Every call of the program, module by module."""
    for module in program.modules:
        for call in module.calls:
            yield Fact(program, call)


def receiver(fact: Fact) -> ast.expr | None:
    """What a method is called on."""
    func = fact.node.func
    return func.value if isinstance(func, ast.Attribute) else None

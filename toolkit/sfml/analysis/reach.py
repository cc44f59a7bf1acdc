"""When a line of the whole program is reached: its own conditions, and those of the calls that lead to it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from sfml.analysis.conditions import ALWAYS, NEVER, Condition
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.functions import decorator_names, method_class
from sfml.analysis.tree import Call, Guard, Kind, Module, Scope


class Reach:
    """Answers for one program; ``modules`` are all that run."""

    def __init__(self, evaluator: Evaluator, modules: Sequence[Module]) -> None:
        self.evaluator = evaluator
        self.names = evaluator.names
        self.modules = modules
        self.used = frozenset().union(*(module.used for module in modules))
        # A module without a statement that does something is there to be imported: all of it counts.
        self.library = not any(_does_something(module) for module in modules if module.is_main)
        self.handed: dict[str, list[Call]] = {}
        for module in modules:
            for name, calls in module.handed.items():
                self.handed.setdefault(name, []).extend(calls)
        self._alive: dict[int, bool] = {}
        self._reached: dict[int, Condition] = {}

    def condition(self, guard: Guard | None, scope: Scope) -> Condition:
        """When a line is reached: its own conditions, and those of the calls of the function it stands in."""
        own = self.evaluator.condition(guard)
        return own if own.never else own | self.reached(scope)

    def reached(self, scope: Scope) -> Condition:
        """When the body of a function or class is entered."""
        if scope.kind is None:
            return ALWAYS
        return self.names.ask(self._reached, id(scope), ALWAYS, self._entered, scope)

    def _entered(self, scope: Scope) -> Condition:
        outer = self.condition(scope.guard, scope.parent) if scope.parent is not None else ALWAYS
        if outer.never or not self.alive(scope):
            return NEVER
        if scope.kind is Kind.CLASS:
            return outer
        sites = [*self.names.call_sites(scope), *self._handed_on(scope)]
        calls = [call for call in sites if not _within(call.scope, scope)]
        if not calls:
            return outer
        conditions = [self.condition(call.guard, call.scope) for call in calls]
        reachable = [condition for condition in conditions if not condition.never]
        if not reachable:
            return NEVER if method_class(scope) is None else outer
        best = min(reachable, key=_restriction)
        return outer | replace(best, tried=False) if best.always is False else outer

    def _handed_on(self, scope: Scope) -> list[Call]:
        """The calls that are given a function to call."""
        given = self.handed.get(scope.name, ())
        return [call for call in given if scope in self.names.named(scope.name, call.scope)]

    def alive(self, scope: Scope) -> bool:
        """Whether anything in the program mentions a function or class at all."""
        if id(scope) not in self._alive:
            self._alive[id(scope)] = True
            self._alive[id(scope)] = self._mentioned(scope)
        return self._alive[id(scope)]

    def _mentioned(self, scope: Scope) -> bool:
        if self.library or scope.name in self.used or decorator_names(scope):
            return True
        if scope.name == "main" and scope.module.is_main:
            return True  # tf.app.run() finds it by name
        owner = method_class(scope)
        if owner is None or scope.kind is Kind.CLASS:
            return False
        inherits = any(isinstance(ancestor, str) for ancestor in self.names.ancestors(owner))
        return (scope.name.startswith("__") or inherits) and self.alive(owner)


def _within(scope: Scope | None, outer: Scope) -> bool:
    while scope is not None:
        if scope is outer:
            return True
        scope = scope.parent
    return False


def _restriction(condition: Condition) -> int:
    return sum((condition.gpu, condition.without_gpu, condition.option, condition.unknown))


def _does_something(module: Module) -> bool:
    """Whether a module's top level runs more than definitions, imports and constants."""
    quiet = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Import,
        ast.ImportFrom,
        ast.Assign,
        ast.AnnAssign,
    )
    for statement in module.tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if not isinstance(statement, quiet):
            return True
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Assign) and isinstance(value, ast.Call):
            return True
    return False

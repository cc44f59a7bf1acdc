"""Environment variables that a program sets for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from sfml.analysis.evaluate import Evaluator
from sfml.analysis.tree import Call, Guard, Module, Scope

_Setting = tuple[ast.AST | None, ast.AST | None, Scope, Guard | None]


def learn(evaluator: Evaluator, modules: Iterable[Module]) -> None:
    """Tell the evaluator what the program puts into os.environ, unless only under some condition."""
    settings = [setting for module in modules for setting in _settings(evaluator, module)]
    for key, value, scope, guard in settings:
        name = evaluator.value(key, scope).default
        if isinstance(name, str) and isinstance(value, ast.expr) and evaluator.condition(guard).always:
            evaluator.arguments.program_environment.append((name, value, scope))
            if name == "CUDA_VISIBLE_DEVICES" and evaluator.value(value, scope).default in {"", "-1"}:
                evaluator.no_gpu = True


def _settings(evaluator: Evaluator, module: Module) -> Iterator[_Setting]:
    for store in module.item_stores:
        scope = store.binding.scope
        if isinstance(store.key, ast.expr) and evaluator.names.dotted(store.base, scope) == "os.environ":
            yield store.key, store.binding.node, scope, store.binding.guard
    for call in module.calls_of(("setdefault", "update", "putenv")):
        yield from _call(evaluator, call)


def _call(evaluator: Evaluator, call: Call) -> Iterator[_Setting]:
    dotted = evaluator.names.dotted(call.node.func, call.scope)
    arguments = call.node.args
    if dotted in {"os.environ.setdefault", "os.putenv"} and len(arguments) == 2:
        yield arguments[0], arguments[1], call.scope, call.guard
    elif dotted == "os.environ.update":
        for item in call.node.keywords:
            yield ast.Constant(item.arg), item.value, call.scope, call.guard
        for argument in arguments[:1]:
            if isinstance(argument, ast.Dict):
                for key, value in zip(argument.keys, argument.values, strict=True):
                    yield key, value, call.scope, call.guard


def setting(evaluator: Evaluator, name: str) -> str | None:
    """What the program itself sets an environment variable to."""
    for known, node, scope in evaluator.arguments.program_environment:
        if known == name:
            value = evaluator.value(node, scope).default
            return value if isinstance(value, str) else None
    return None

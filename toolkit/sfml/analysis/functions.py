"""Small questions about functions, classes and calls of the tree."""

from __future__ import annotations

import ast
from pathlib import Path

from sfml.analysis.tree import Kind, Module, Scope


def relative_start(module: Module, level: int) -> Path | None:
    """The folder that a relative import starts from; None for an absolute one."""
    if not level:
        return None
    folder = module.path.parent
    for _ in range(level - 1):
        folder = folder.parent
    return folder


def tail(node: ast.AST) -> str:
    """The last part of a name or attribute chain."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def method_class(function: Scope) -> Scope | None:
    """The class that a function is a method of."""
    here: Scope | None = function
    while here is not None and here.kind is Kind.FUNCTION:
        if here.parent is not None and here.parent.kind is Kind.CLASS:
            return here.parent
        here = here.parent
    return None


def first_parameter(function: Scope) -> str:
    """The name of a function's first parameter, '' for a static method or one without any."""
    node = function.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ""
    if function.parent is None or function.parent.kind is not Kind.CLASS:
        return ""
    if "staticmethod" in decorator_names(function):
        return ""
    first = (*node.args.posonlyargs, *node.args.args)[:1]
    return first[0].arg if first else ""


def decorator_names(function: Scope) -> list[str]:
    """The last part of the name of each decorator."""
    found = getattr(function.node, "decorator_list", [])
    return [tail(d.func if isinstance(d, ast.Call) else d) for d in found]


def argument_of(function: Scope, call: ast.Call, name: str, *, bound: bool) -> ast.expr | None:
    """What a call gives a parameter, by keyword or position; None when it leaves it to its default."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    node = function.node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)][1 if bound else 0 :]
    if name not in names:
        return None
    position = names.index(name)
    if any(isinstance(argument, ast.Starred) for argument in call.args[: position + 1]):
        return None
    return call.args[position] if position < len(call.args) else None


def is_dataclass(cls: Scope) -> bool:
    """Whether a class takes its fields as keyword arguments: a dataclass, attrs class or pydantic model."""
    node = cls.node
    if not isinstance(node, ast.ClassDef):
        return False
    decorators = {tail(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list}
    bases = {tail(base) for base in node.bases}
    return bool(decorators & {"dataclass", "define", "frozen", "s", "attrs"}) or bool(
        bases & {"BaseModel", "BaseSettings", "NamedTuple", "Struct", "TypedDict", "Tap", "Serializable"}
    )


def parameter_default(node: ast.AST, name: str) -> ast.expr | None:
    """The default expression of a function's parameter."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    positional = (*node.args.posonlyargs, *node.args.args)
    for arg, default in zip(reversed(positional), reversed(node.args.defaults), strict=False):
        if arg.arg == name:
            return default
    for arg, keyword_default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if arg.arg == name:
            return keyword_default
    return None


def keyword(node: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """An argument of a call by keyword, or else by position."""
    for item in node.keywords:
        if item.arg == name:
            return item.value
    if position is None or position >= len(node.args):
        return None
    for argument in node.args[: position + 1]:
        if type(argument) is ast.Starred:
            return None
    return node.args[position]

"""Syntax and standard modules that the runtime's Python does not have."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator

from sfml.analysis import distributions
from sfml.analysis.findings import Note, Rule
from sfml.analysis.packages import Packages
from sfml.analysis.program import Program
from sfml.analysis.seen import at_line
from sfml.analysis.tree import Branch, Import, Module

# Node types by the Python that first had them (docs.python.org/3/library/ast.html).
_SINCE: dict[str, tuple[tuple[int, int], str]] = {
    "TryStar": ((3, 11), "except*"),
    "TypeAlias": ((3, 12), "the type statement"),
    "TypeVar": ((3, 12), "type parameters"),
    "TypeVarTuple": ((3, 12), "type parameters"),
    "ParamSpec": ((3, 12), "type parameters"),
    "TemplateStr": ((3, 14), "template strings"),
}


def version_notes(program: Program, packages: Packages, python: tuple[int, int]) -> Iterator[Note]:
    """A note for each construct or standard module that the runtime's Python lacks."""
    for module in program.modules:
        yield from _syntax(module, python)
        for one in module.imports:
            note = _standard(module, one, python) if not one.level else None
            if note is not None and _needed(program, packages, one):
                yield note


def _syntax(module: Module, python: tuple[int, int]) -> Iterator[Note]:
    newer = {
        name: found
        for name, found in _SINCE.items()
        if found[0] > python and found[0] <= sys.version_info[:2]
    }
    if not newer or not any(
        words in module.source.text for words in ("except*", "except *", "type ", "[", "t'", 't"')
    ):
        return
    if _parses(module, python):
        return
    for node in ast.walk(module.tree):
        since = newer.get(type(node).__name__)
        if since is not None:
            line = _line(node)
            words = f"{since[1]} needs Python {_shown(since[0])}; the job runs {_shown(python)}"
            where = at_line(
                module.source.name, line, module.lines[line - 1] if line <= len(module.lines) else ""
            )
            yield Note(rule=Rule.PYTHON_VERSION, message=words, evidence=where)
            return


def _parses(module: Module, python: tuple[int, int]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(module.source.text, feature_version=python)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _line(node: ast.AST) -> int:
    # `except*` itself stands on the line of the first handler.
    handlers = getattr(node, "handlers", None)
    line: int = getattr(handlers[0] if handlers else node, "lineno", 1)
    return line


def _standard(module: Module, one: Import, python: tuple[int, int]) -> Note | None:
    top = one.target.partition(".")[0]
    added, removed = distributions.added_in(top), distributions.removed_in(top)
    if added is not None and python < added:
        words = f"{top} is part of Python from {_shown(added)} on; the job runs {_shown(python)}"
    elif removed is not None and python >= removed and distributions.entry_for(top) is None:
        words = f"{top} is no longer part of Python {_shown(python)}"
    else:
        return None
    where = at_line(module.source.name, one.line, f"import {top}")
    return Note(rule=Rule.PYTHON_VERSION, message=words, evidence=where)


def _needed(program: Program, packages: Packages, one: Import) -> bool:
    if program.project.find(one.target.partition(".")[0]) is not None:
        return False
    guard = one.guard
    while guard is not None:
        if guard.branch is not Branch.IF:
            return False
        guard = guard.outer
    return not program.evaluator.condition(one.guard).never and bool(packages)


def _shown(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"

"""Which files run when a module does: its imports, by statement and by call, and scripts that it starts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sfml.analysis.calls import opened_path
from sfml.analysis.commands import Command, commands
from sfml.analysis.conditions import Condition
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.files import Files
from sfml.analysis.functions import relative_start, tail
from sfml.analysis.tree import Call, Import, Kind, Module
from sfml.analysis.values import HOLE

_IMPORTERS = frozenset({"importlib.import_module", "__import__", "runpy.run_module"})
_RUNNERS = frozenset({"exec", "runpy.run_path"})
_DYNAMIC = frozenset(name.rpartition(".")[2] for name in _IMPORTERS | _RUNNERS)
_PATH_CHANGES = frozenset({"append", "insert", "extend", "addsitedir"})
_LAUNCHERS = frozenset({"python", "torchrun", "accelerate", "deepspeed", "run"})
MAIN = "__main__"


@dataclass(frozen=True, slots=True)
class ForeignImport:
    """An import of something outside the project, as dotted names from the general to the particular."""

    dotted: tuple[str, ...]
    found: Import
    condition: Condition

    @property
    def root(self) -> str:
        """The top-level module."""
        return self.dotted[0].partition(".")[0]


class Follower:
    """Finds the next modules of a program; ``foreign`` are the imports that lead outside the project."""

    def __init__(self, evaluator: Evaluator, files: Files) -> None:
        self.evaluator = evaluator
        self.names = evaluator.names
        self.files = files
        self.project = files.project
        self.foreign: list[ForeignImport] = []

    def after(self, module: Module) -> Iterator[Module]:
        """The modules that run because this one does."""
        self._extend_path(module)
        for call in module.calls_of(_DYNAMIC | _aliases(module)):
            yield from self._dynamic(module, call)
        for command in commands(self.evaluator, module):
            yield from self._started(module, command)
        for one in module.imports:
            condition = self.evaluator.condition(one.guard)
            if not condition.never:
                yield from self._imported(module, one, condition)

    def _extend_path(self, module: Module) -> None:
        """sys.path.append(…) with a folder of the project."""
        if not {"path", "site"} & module.used:
            return
        for call in module.calls_of(_PATH_CHANGES):
            dotted = self.names.dotted(call.node.func, call.scope)
            if not dotted.startswith(("sys.path.", "site.")) or not call.node.args:
                continue
            for text in self.evaluator.value(call.node.args[-1], call.scope).texts:
                folder = self.project.place(self.project.root, text)
                if folder is not None and folder.is_dir():
                    self.project.search_also(folder.resolve())

    # --- import statements ---

    def _imported(self, module: Module, one: Import, condition: Condition) -> Iterator[Module]:
        local = {one.target, one.target.partition(".")[0]}
        if one.level == 0 and all(self.project.find(name) is None for name in local):
            dotted = (one.target, *(f"{one.target}.{name}" for name in one.names if name != "*"))
            self.foreign.append(ForeignImport(dotted, one, condition))
            return
        parts = one.target.split(".") if one.target else []
        for length in range(0 if one.level else 1, len(parts) + 1):
            found = self.names.imported(".".join(parts[:length]), module, one.level)
            if isinstance(found, Module):
                yield found
        for name in one.names:
            full = f"{one.target}.{name}" if one.target else name
            path = self.project.find(full, start=relative_start(module, one.level))
            yield from self._at(path, full)

    def _at(self, path: Path | None, dotted: str) -> Iterator[Module]:
        found = self.project.module(path, dotted) if path is not None and path.suffix == ".py" else None
        if found is not None:
            yield found

    # --- calls that import or run ---

    def _dynamic(self, module: Module, call: Call) -> Iterator[Module]:
        dotted = self.names.dotted(call.node.func, call.scope)
        condition = self.evaluator.condition(call.guard)
        first = call.node.args[0] if call.node.args else None
        if first is None or condition.never:
            return
        if dotted in _RUNNERS:
            yield from self._executed(module, call, first)
        elif dotted in _IMPORTERS:
            for text in self.evaluator.value(first, call.scope).texts:
                yield from self._imported_by_call(module, call, text)

    def _imported_by_call(self, module: Module, call: Call, text: str) -> Iterator[Module]:
        if HOLE in text or not text:
            yield from self._candidates(text)
        elif text.startswith("."):
            yield from self._relative(call, text)
        else:
            one = Import(text, (), 0, call.node.lineno, call.scope, call.guard)
            yield from self._imported(module, one, self.evaluator.condition(call.guard))

    def _candidates(self, text: str) -> Iterator[Module]:
        """import_module(f"plugins.{name}"): any module of that package may be meant."""
        prefix = text.split(HOLE)[0].rstrip(".")
        path = self.project.find(prefix) if prefix else None
        if path is None or (path.suffix == ".py" and path.name != "__init__.py"):
            return
        folder = path.parent if path.suffix == ".py" else path
        for name, is_folder in sorted(self.project.listing(folder).items()):
            if name.endswith(".py") and not is_folder:
                yield from self._at(folder / name, f"{prefix}.{name[:-3]}")

    def _relative(self, call: Call, text: str) -> Iterator[Module]:
        """import_module(".layers", package="model")."""
        given = [item.value for item in call.node.keywords if item.arg == "package"] or call.node.args[1:2]
        for node in given:
            for package in self.evaluator.value(node, call.scope).texts:
                dotted = f"{package}{text}"
                yield from self._at(self.project.find(dotted), dotted)

    def _executed(self, module: Module, call: Call, node: ast.expr) -> Iterator[Module]:
        """exec(open("other.py").read()), exec(compile(…)) and runpy.run_path("other.py")."""
        if isinstance(node, ast.Call) and tail(node.func) == "compile" and node.args:
            node = node.args[0]
        is_text = tail(call.node.func) == "exec" and not isinstance(node, (ast.Call, ast.Name))
        value = opened_path(self.evaluator, node, call.scope) if not is_text else None
        for path in self.files.named(value, call.scope) if value is not None else ():
            run = self.project.module(path, module.dotted, is_main=True) if path.suffix == ".py" else None
            if run is None:
                continue
            if {"globals", "argv"} <= run.used:
                self.evaluator.arguments.settable.add(id(module))
            yield run

    def _started(self, module: Module, command: Command) -> Iterator[Module]:
        """`python other.py`, `%run other.ipynb`, torchrun: scripts of the project that the program starts."""
        if command.program.rstrip("0123456789.") not in _LAUNCHERS:
            return
        scripts = [word for word in command.words[1:] if word.endswith((".py", ".ipynb"))]
        for word in scripts[:1]:
            path = self.files.place(word, module.path.parent)
            found = self.project.module(path, MAIN, is_main=True) if path is not None else None
            if found is not None:
                yield found


def _aliases(module: Module) -> set[str]:
    """What a module itself calls the functions that import."""
    return {
        name
        for name, bindings in module.scope.names.items()
        for binding in bindings
        if binding.kind is Kind.FROM and binding.target in _IMPORTERS | _RUNNERS
    }

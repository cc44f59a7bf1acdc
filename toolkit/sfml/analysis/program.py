"""The program that starts at an entry point: its modules, its arguments, and when its lines are reached."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sfml.analysis import environment, omega, parsers
from sfml.analysis.arguments import Arguments
from sfml.analysis.commands import Command, commands
from sfml.analysis.conditions import Condition
from sfml.analysis.evaluate import Evaluator
from sfml.analysis.files import Files
from sfml.analysis.follow import MAIN, Follower, ForeignImport
from sfml.analysis.names import Names
from sfml.analysis.project import Project
from sfml.analysis.reach import Reach
from sfml.analysis.tree import Guard, Module, Scope

_MOST_MODULES = 20_000


class Program:
    """Everything that runs when the entry points do."""

    def __init__(
        self, project: Project, entries: Iterable[Path], *, python: tuple[int, int], arguments: Arguments
    ) -> None:
        self.project = project
        self.names = Names(project)
        self.arguments = arguments
        self.files = Files(project)
        self.evaluator = Evaluator(self.names, arguments, self.files, python=python)
        self._follower = Follower(self.evaluator, self.files)
        self.modules = self._run(entries)
        self._link()
        self.reach = Reach(self.evaluator, self.modules)
        self.commands: list[Command] = [
            c for module in self.modules for c in commands(self.evaluator, module)
        ]

    @property
    def foreign(self) -> list[ForeignImport]:
        """The imports that lead outside the project."""
        return self._follower.foreign

    def _run(self, entries: Iterable[Path]) -> list[Module]:
        """Follow the imports from the entry points."""
        found = (self.project.module(path, MAIN, is_main=True) for path in entries)
        pending = [module for module in found if module is not None]
        modules: dict[int, Module] = {}
        while pending and len(modules) < _MOST_MODULES:
            module = pending.pop(0)
            if id(module) not in modules:
                modules[id(module)] = module
                pending.extend(self._follower.after(module))
                pending.extend(self._configured(module))
        return list(modules.values())

    def _configured(self, module: Module) -> list[Module]:
        """What hydra makes of the objects that a module's configuration describes, as if it were code."""
        if not any(one.target.partition(".")[0] == "hydra" for one in module.imports):
            return []
        from sfml.analysis import hydra

        for call in module.calls_of(("main", "initialize", "compose")):
            hydra.learn(self.evaluator, call)
        return hydra.instantiated(self.evaluator) if {"instantiate", "call"} & module.used else []

    def _link(self) -> None:
        """Learn what the whole program says about itself, now that all of it is known."""
        self.names.link(self.modules)
        self.evaluator.forget()
        environment.learn(self.evaluator, self.modules)
        omega.learn(self.evaluator, self.modules)
        parsers.collect(self.arguments, self.evaluator, self.modules)
        self.evaluator.forget()

    def clear(self) -> None:
        """Let go of the trees at once, which takes a quarter of what the garbage collector would."""
        for module in self.project.modules.values():
            module.clear()

    def environment(self, name: str) -> str | None:
        """What the program itself sets an environment variable to."""
        return environment.setting(self.evaluator, name)

    def condition(self, guard: Guard | None, scope: Scope) -> Condition:
        """When a line is reached."""
        return self.reach.condition(guard, scope)

    def reached(self, scope: Scope) -> Condition:
        """When the body of a function or class is entered."""
        return self.reach.reached(scope)

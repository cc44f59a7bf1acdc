"""Which distributions a program needs, and how the job gets those that its runtime lacks."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sfml.analysis import distributions
from sfml.analysis.commands import pip_install
from sfml.analysis.distributions import declared_for, entry_for, normalized
from sfml.analysis.findings import Dependencies, Evidence, Install, Note, Origin, Package, Rule
from sfml.analysis.follow import ForeignImport
from sfml.analysis.index import refuses
from sfml.analysis.program import Program
from sfml.analysis.requirements import Declared, Statement, parse
from sfml.analysis.tree import Branch, Guard, Import, Module

_IMPORT_ERRORS = frozenset(
    {"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "OSError", "RuntimeError"}
)

# Names that no one would publish: such an import that is not there is a file that the project lacks.
_OWN_NAMES = re.compile(
    r"^(?:utils?|helpers?|config(?:s|uration)?|models?|data|data_?sets?|data_?loaders?|common|core|"
    r"src|lib|libs|"
    r"constants|settings|train(?:er|ing)?|tests?|eval(?:uation)?|losses|loss|networks?|layers?|"
    r"modules?|nets?|"
    r"options?|arguments?|args|metrics?|engine|tools?|scripts?|preprocess(?:ing)?|logger|"
    r"logging_utils|model_utils|"
    r"data_utils|my_\w+|architectures?|backbones?|encoders?|decoders?|agents?|envs?|environments?|"
    r"runner|functions?|"
    r"types_|misc|app|main|solver|pipeline|features?|transforms|augmentations?|visuali[sz]ation|"
    r"params?|hparams|"
    r"train_utils?|dataset_utils?|eval_utils?|nn_utils|utils_\w+)$"
)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What something other than an import asks for."""

    name: str
    evidence: Evidence


class Packages:
    """Decides for one program. ``preinstalled`` maps names to versions, None where the version is unknown.

    ``whole``: the statements are about this program alone, so that all they name is needed.
    """

    def __init__(
        self,
        program: Program,
        statements: Sequence[Statement],
        *,
        python: tuple[int, int],
        preinstalled: Mapping[str, str | None],
        installed: Callable[[], Mapping[str, Sequence[str]]] | None,
        whole: bool,
    ) -> None:
        self.program = program
        self.statements = statements
        self.python = python
        self.preinstalled = preinstalled
        self.installed = installed
        self.whole = whole
        self.declared: dict[str, Declared] = {}
        for statement in statements:
            for one in statement.requirements:
                self.declared.setdefault(one.name, one)
        self.commanded = dict(_commanded(program, python))
        self.notes: list[Note] = []
        self._tries: dict[int, tuple[bool, bool]] = {}
        self._distributions: dict[str, str | None] = {}

    # --- the answer ---

    def dependencies(self, implied: Iterable[Need], *, single_file: bool) -> Dependencies:
        """All packages, and whether requirements.txt is used in place, or pip_requirements, or neither."""
        found = self._imported()
        if not self.whole:
            self.statements = [_only(statement, found) for statement in self.statements]
        for one in self._stated():
            found.setdefault(one.name, self._package(one.name, (), ()))
        for name in self.commanded:
            found.setdefault(name, self._package(name, (), ()))
        for need in implied:
            if need.name not in found and not _brought(need.name, found):
                found[need.name] = self._implied(need)
        self._conflicts()
        packages = tuple(found[name] for name in sorted(found))
        return self._installation(packages, single_file=single_file)

    def _stated(self) -> tuple[Declared, ...]:
        """The source that speaks for the project: script header, else requirements.txt, else pyproject."""
        return self.statements[0].requirements if self.statements else ()

    def _imported(self) -> dict[str, Package]:
        lines: dict[str, list[Evidence]] = {}
        modules: dict[str, list[str]] = {}
        for one in self.program.foreign:
            if not self._is_needed(one):
                continue
            for dotted in self._names(one):
                name = self.distribution(dotted)
                if name is None:
                    self._missing_module(one, dotted)
                    continue
                lines.setdefault(name, []).append(_evidence(one))
                modules.setdefault(name, []).append(dotted)
        return {
            name: self._package(name, tuple(dict.fromkeys(modules[name])), tuple(dict.fromkeys(lines[name])))
            for name in lines
        }

    def _names(self, one: ForeignImport) -> list[str]:
        """The dotted names to look up: with what is imported from a package where that decides."""
        top = one.dotted[0]
        module = top.partition(".")[0]
        if distributions.is_standard(module, self.python) or distributions.is_nowhere(module):
            return []
        if distributions.added_in(module) is not None:
            return []  # a newer Python's: nothing to install, but a note
        longer = [name for name in one.dotted[1:] if name in distributions.table() or _is_pattern(name, top)]
        whole = entry_for(top)
        return longer if longer and (whole is None or len(longer) == len(one.dotted) - 1) else [top, *longer]

    # --- which distribution ---

    def distribution(self, dotted: str) -> str | None:
        """The distribution of an import, in the order of trust; None for what looks like a missing file."""
        if dotted not in self._distributions:
            self._distributions[dotted] = self._distribution(dotted)
        return self._distributions[dotted]

    def _distribution(self, dotted: str) -> str | None:
        stated = declared_for([dotted], {**self.declared, **self.commanded})
        if stated is not None:
            return stated
        entry = entry_for(dotted)
        top = dotted.partition(".")[0]
        if entry is not None and entry.usual in self.preinstalled:
            return entry.usual
        metadata = self.installed() if self.installed is not None else {}
        if len(set(metadata.get(top, ()))) == 1:
            return normalized(metadata[top][0])
        if entry is not None:
            return entry.usual
        if _OWN_NAMES.match(top) and normalized(top) not in self.preinstalled:
            return None
        return normalized(top)

    def _package(self, name: str, modules: tuple[str, ...], lines: tuple[Evidence, ...]) -> Package:
        declared = self.declared.get(name) or self.commanded.get(name)
        if declared is not None:
            return Package(
                name=name,
                requirement=declared.line,
                origin=declared.origin,
                modules=modules,
                evidence=(declared.evidence, *lines),
                preinstalled=self._has(name, declared.specifier, declared.line),
            )
        known = modules and entry_for(modules[0]) is not None
        return Package(
            name=name,
            requirement=name,
            origin=Origin.TABLE if known else Origin.NAME,
            modules=modules,
            evidence=lines,
            preinstalled=name in self.preinstalled,
        )

    def _implied(self, need: Need) -> Package:
        return Package(
            name=need.name,
            requirement=need.name,
            origin=Origin.IMPLIED,
            evidence=(need.evidence,),
            preinstalled=need.name in self.preinstalled,
        )

    def _has(self, name: str, specifier: str, line: str) -> bool:
        """Whether the runtime has what is asked for; an unknown version meets no specifier."""
        if name not in self.preinstalled or "@" in line:
            return False
        version = self.preinstalled[name]
        if not specifier or version is None:
            return not specifier
        from packaging.specifiers import SpecifierSet

        return SpecifierSet(specifier).contains(version, prereleases=True)

    def _missing_module(self, one: ForeignImport, dotted: str) -> None:
        where = _evidence(one)
        message = f"{dotted} is neither in the project nor a package that is known"
        self.notes.append(Note(rule=Rule.MISSING_MODULE, message=message, evidence=where))

    # --- optional imports ---

    def _is_needed(self, one: ForeignImport) -> bool:
        guard = one.found.guard
        while guard is not None:
            if (
                guard.branch is not Branch.IF
                and isinstance(guard.node, ast.Try)
                and _catches_imports(guard.node)
            ):
                body, handlers = self._decision(guard.node, one.found.scope.module)
                if not (body if guard.branch is Branch.TRY else handlers):
                    return False
            guard = guard.outer
        return True

    def _decision(self, node: ast.Try, module: Module) -> tuple[bool, bool]:
        """Whether the imports in a try block are needed, and whether those in its handlers are."""
        if id(node) not in self._tries:
            self._tries[id(node)] = self._decided(node, module)
        return self._tries[id(node)]

    def _decided(self, node: ast.Try, module: Module) -> tuple[bool, bool]:
        body = [one for one in module.imports if _behind(one.guard, node, Branch.TRY)]
        handlers = [one for one in module.imports if _behind(one.guard, node, Branch.EXCEPT)]
        if all(self._is_there(one) for one in body):
            return True, False
        if not handlers:
            return any(refuses(handler.body) for handler in node.handlers), False
        if {one.target for one in handlers} & {one.target for one in body}:
            return True, True
        return (False, True) if all(self._is_there(one) for one in handlers) else (True, False)

    def _is_there(self, one: Import) -> bool:
        top = one.target.partition(".")[0]
        if one.level or distributions.is_standard(top, self.python):
            return True
        if self.program.project.find(one.target) is not None:
            return True
        if distributions.is_nowhere(top):
            return False
        name = self.distribution(one.target)
        return name is not None and (name in self.preinstalled or name in {n.name for n in self._stated()})

    # --- how they get there ---

    def _installation(self, packages: tuple[Package, ...], *, single_file: bool) -> Dependencies:
        absent = [p for p in packages if not p.preinstalled and not self._installs_itself(p)]
        if not absent:
            return Dependencies(packages=packages)
        first = self.statements[0] if self.statements else None
        stated = {one.name for one in first.requirements} if first is not None else set()
        beside = [package for package in absent if package.name not in stated]
        if first is not None and first.file and not beside and (first.has_local or not single_file):
            return Dependencies(
                packages=packages, install=Install.REQUIREMENTS_FILE, requirements_file=first.file
            )
        lines = [*first.options, *(one.line for one in first.requirements)] if first is not None else []
        lines += [package.requirement for package in beside]
        return Dependencies(
            packages=packages,
            install=Install.PIP_REQUIREMENTS,
            pip_requirements=tuple(dict.fromkeys(lines)),
            requirements_file=first.file if first is not None else None,
        )

    def _installs_itself(self, package: Package) -> bool:
        command = self.commanded.get(package.name)
        return command is not None and package.name not in self.declared and command.evidence.seen != _MAGIC

    def _conflicts(self) -> None:
        for number, statement in enumerate(self.statements):
            for one in statement.requirements:
                for other in self.statements[number + 1 :]:
                    self._compare(one, [o for o in other.requirements if o.name == one.name])
            break
        seen: dict[str, Declared] = {}
        for one in self._stated():
            if one.name in seen:
                self._compare(seen[one.name], [one])
            seen.setdefault(one.name, one)

    def _compare(self, one: Declared, others: list[Declared]) -> None:
        for other in others:
            if one.specifier and other.specifier and _clash(one.specifier, other.specifier):
                message = f"{one.line} is used; {other.evidence.file}:{other.evidence.line} says {other.line}"
                self.notes.append(Note(rule=Rule.VERSION_CONFLICT, message=message, evidence=one.evidence))


_MAGIC = "%pip"


def _commanded(program: Program, python: tuple[int, int]) -> Iterator[tuple[str, Declared]]:
    """What `pip install` asks for in the code or in a notebook."""
    for command in program.commands:
        install = pip_install(command)
        if install is None or command.condition.never:
            continue
        for line in install.requirements:
            where = command.evidence
            if command.by_notebook:
                where = Evidence(file=where.file, line=where.line, seen=_MAGIC)
            found = parse(line, Origin.COMMAND, where, python)
            if found is not None and found.name not in {"pip", "setuptools", "wheel"}:
                yield found.name, found


def _only(statement: Statement, names: Collection[str]) -> Statement:
    """A statement about a larger project, as far as it concerns this script."""
    kept = tuple(one for one in statement.requirements if one.name in names)
    return replace(statement, requirements=kept)


def _evidence(one: ForeignImport) -> Evidence:
    found = one.found
    return Evidence(file=found.scope.module.source.name, line=found.line, seen=f"import {one.dotted[0]}")


def _is_pattern(name: str, top: str) -> bool:
    whole, part = entry_for(top), entry_for(name)
    return part is not None and part != whole


def _behind(guard: Guard | None, node: ast.Try, branch: Branch) -> bool:
    while guard is not None:
        if guard.node is node:
            return guard.branch is branch
        guard = guard.outer
    return False


def _catches_imports(node: ast.Try) -> bool:
    for handler in node.handlers:
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for kind in types:
            name = (
                kind.id
                if isinstance(kind, ast.Name)
                else kind.attr
                if isinstance(kind, ast.Attribute)
                else ""
            )
            if kind is None or name in _IMPORT_ERRORS:
                return True
    return False


# What a distribution brings along: asking for it again would only pin what is already there.
_BRINGS = {"accelerate": {"peft", "trl", "unsloth", "axolotl"}, "openpyxl": set(), "wandb": set()}


def _brought(name: str, found: Mapping[str, Package]) -> bool:
    return bool(_BRINGS.get(name, set()) & found.keys())


def _clash(first: str, second: str) -> bool:
    """Whether two specifiers, one of which names a version, exclude each other."""
    from packaging.specifiers import SpecifierSet

    one, other = SpecifierSet(first), SpecifierSet(second)
    versions = [
        s.version.rstrip(".*") for s in (*one, *other) if s.operator in {"==", "===", "~=", ">=", "<="}
    ]
    return not any(
        one.contains(v, prereleases=True) and other.contains(v, prereleases=True) for v in versions
    )

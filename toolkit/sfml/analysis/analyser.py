"""The analysis as a whole: from a path to everything that its script needs."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sfml.analysis import distributions
from sfml.analysis.arguments import Arguments
from sfml.analysis.concern import CONCERN
from sfml.analysis.conditions import ALWAYS
from sfml.analysis.entry import Entry, find_entry
from sfml.analysis.facts import Fact
from sfml.analysis.findings import (
    Analysis,
    Category,
    Dependencies,
    Evidence,
    Install,
    Method,
    Network,
    Note,
    Origin,
    Rule,
)
from sfml.analysis.flows import Use, flows_of
from sfml.analysis.hardware import hardware
from sfml.analysis.implied import implied
from sfml.analysis.network import direct_urls, grouped, network, services
from sfml.analysis.network.urls import category_of, host_of
from sfml.analysis.outputs import outputs
from sfml.analysis.packages import Packages
from sfml.analysis.paths import hard_coded_paths
from sfml.analysis.program import Program
from sfml.analysis.project import Project
from sfml.analysis.requirements import statements
from sfml.analysis.versions import version_notes
from sfml.errors import InputError

_REMOTE = "snowflake.ml.jobs.remote"
_SHORT = re.compile(r"-[A-Za-z]\Z")
_PYTHON = re.compile(r"^(\d+)\.(\d+)(?:\.\d+)?$")


def analyse(
    path: str | Path,
    *,
    python: str = "3.11",
    preinstalled: Mapping[str, str | None] | Collection[str] | None = None,
    entrypoint: str | None = None,
    arguments: Sequence[str] = (),
    installed: Callable[[], Mapping[str, Sequence[str]]] | None = None,
) -> Analysis:
    """Everything that the script at ``path`` (a script, a notebook, or a folder) needs, from its text alone.

    ``python`` is the runtime's version; ``preinstalled`` the distributions that the runtime has (with their
    versions, where known; the offline list if None); ``arguments`` what the script will be given;
    ``installed`` answers which distributions the user's own environment has for each module
    (``importlib.metadata.packages_distributions``). Raises InputError for a path that holds no script;
    whatever else is wrong with the files becomes a note.
    """
    version = _version(python)
    entry = find_entry(Path(path), entrypoint)
    with _paused_collector():
        return _result(entry, version, _runtime(preinstalled), given(arguments), installed)


def given(words: Sequence[str]) -> dict[str, str | bool]:
    """Options of a command line by name: `--lr 0.1`, `--lr=0.1`, `--flag`, `key=value`."""
    found: dict[str, str | bool] = {}
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if equals and (name.startswith("-") or name.replace(".", "").isidentifier()):
            found[name.lstrip("+")] = value
        elif word.startswith("--") or _SHORT.match(word):
            following = words[number + 1] if number + 1 < len(words) else "-"
            found[word] = True if following.startswith("-") else following
    return found


def _version(text: str) -> tuple[int, int]:
    found = _PYTHON.match(text)
    if not found:
        raise InputError(f"{text!r} is not a Python version", hint="write it as 3.11")
    return int(found[1]), int(found[2])


def _runtime(preinstalled: Mapping[str, str | None] | Collection[str] | None) -> Mapping[str, str | None]:
    if preinstalled is None:
        return dict.fromkeys(distributions.runtime_packages())
    if isinstance(preinstalled, Mapping):
        return {distributions.normalized(name): version for name, version in preinstalled.items()}
    return dict.fromkeys(map(distributions.normalized, preinstalled))


@contextmanager
def _paused_collector() -> Iterator[None]:
    """No garbage collection while trees grow: there is nothing to free, and looking costs half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _search(entry: Entry) -> list[Path]:
    """Folders whose modules the scripts can import: their own, the project's, and the project's src."""
    folders = [*(script.parent for script in entry.scripts), entry.root, entry.root / "src"]
    return list(dict.fromkeys(folders))


def _result(*settings: Any) -> Analysis:
    """The analysis, with all that led to it let go."""
    analyser = _Analyser(*settings)
    try:
        return analyser.result()
    finally:
        analyser.program.clear()


class _Analyser:
    def __init__(
        self,
        entry: Entry,
        python: tuple[int, int],
        preinstalled: Mapping[str, str | None],
        given_options: Mapping[str, str | bool],
        installed: Callable[[], Mapping[str, Sequence[str]]] | None,
    ) -> None:
        self.entry = entry
        self.python = python
        script = entry.scripts[0]
        project = Project(entry.root, _search(entry), foreign=distributions.known_modules())
        arguments = Arguments(given=given_options)
        self.program = Program(project, entry.scripts, python=python, arguments=arguments)
        self.facts = list(CONCERN.facts(self.program))
        self.flows = flows_of(self.facts)
        for flow in self.flows:
            if flow.use is Use.READ:
                self.program.files.named(flow.value, flow.scope)
        main = project.modules.get(script)
        text = main.source.text if main is not None else ""
        self.packages = Packages(
            self.program,
            statements(entry.root, text, project.name_of(script), python),
            python=python,
            preinstalled=preinstalled,
            installed=installed,
            whole=entry.whole,
        )

    def result(self) -> Analysis:
        """The analysis."""
        program = self.program
        needs, notes = network(program, self.facts)
        written = outputs(program, self.facts, self.flows)
        method = self._method()
        dependencies = self.packages.dependencies(
            implied(self.facts), single_file=method is not Method.DIRECTORY
        )
        script = self.entry.scripts[0] if self.entry.sure else None
        return Analysis(
            root=self.entry.root.as_posix(),
            entrypoint=program.project.name_of(script) if script is not None else None,
            python=f"{self.python[0]}.{self.python[1]}",
            method=method,
            hardware=hardware(program, self.facts, declared=frozenset(self.packages.declared)),
            dependencies=dependencies,
            network=_with_index(needs, dependencies),
            outputs=written,
            notes=self._notes(notes),
            modules=tuple(module.source.name for module in program.modules),
            data_files=tuple(sorted(program.files.opened)),
        )

    def _method(self) -> Method:
        main = self.program.modules[0] if self.program.modules else None
        if main is not None and main.source.notebook:
            return Method.NOTEBOOK
        if any(map(_is_remote, self.facts)):
            return Method.FUNCTION
        beside = [m for m in self.program.modules if m.path not in self.entry.scripts]
        return Method.DIRECTORY if beside or self.program.files.opened else Method.FILE

    def _notes(self, others: Iterable[Note]) -> tuple[Note, ...]:
        found = [
            *self._unreadable(),
            *others,
            *hard_coded_paths(self.program),
            *version_notes(self.program, self.packages, self.python),
            *self.packages.notes,
        ]
        if not self.entry.sure:
            found.append(self._no_entry_point())
        return tuple(sorted(dict.fromkeys(found), key=lambda note: (note.evidence, note.rule)))

    def _unreadable(self) -> Iterable[Note]:
        for path, (line, reason) in self.program.project.problems.items():
            where = Evidence(file=self.program.project.name_of(path), line=line, seen=reason)
            message = f"{where.file}: {reason}; what it needs is unknown"
            yield Note(rule=Rule.UNREADABLE, message=message, evidence=where)

    def _no_entry_point(self) -> Note:
        names = [self.program.project.name_of(script) for script in self.entry.scripts]
        shown = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        message = f"several scripts could start this project ({shown}): all were analysed; name one"
        return Note(
            rule=Rule.NO_ENTRY_POINT, message=message, evidence=Evidence(file=names[0], line=1, seen="")
        )


def _is_remote(fact: Fact) -> bool:
    """Whether a call is `@remote(…)` over a function."""
    return fact.dotted == _REMOTE and any(
        fact.node in getattr(scope.node, "decorator_list", []) for scope in fact.call.scope.module.scopes
    )


def _with_index(needs: tuple[Network, ...], dependencies: Dependencies) -> tuple[Network, ...]:
    """The network with the index, and whatever other hosts the requirements name."""
    if dependencies.install is Install.NOTHING:
        return needs
    missing = [package for package in dependencies.missing if package.origin is not Origin.COMMAND]
    evidence = tuple(package.evidence[0] for package in missing if package.evidence)
    own = grouped(
        need
        for package in missing
        for need in direct_urls([package.requirement], ALWAYS, package.evidence[0])
    )
    hosts = [*services.PYPI, *_index_hosts(dependencies.pip_requirements)]
    index = Network(category=Category.PYPI, hosts=tuple(sorted(set(hosts))), evidence=evidence)
    return _merged([*needs, index, *own])


def _index_hosts(lines: Iterable[str]) -> list[str]:
    urls = [
        line.split(maxsplit=1)[-1].partition("=")[2] or line.split(maxsplit=1)[-1]
        for line in lines
        if line.startswith("-")
    ]
    hosts = [host_of(url) for url in urls if "://" in url]
    return [host for host in hosts if host and category_of(host) is not Category.GIT]


def _merged(records: Iterable[Network]) -> tuple[Network, ...]:
    found: dict[tuple[Category, bool], Network] = {}
    for record in records:
        key = (record.category, record.optional)
        other = found.get(key)
        if other is not None:
            hosts = tuple(sorted({*other.hosts, *record.hosts}))
            lines = tuple(dict.fromkeys((*other.evidence, *record.evidence)))
            record = replace(record, hosts=hosts, evidence=lines)
        found[key] = record
    sure = {category for category, optional in found if not optional}
    kept = [record for (category, optional), record in found.items() if not optional or category not in sure]
    return tuple(sorted(kept, key=lambda record: (record.optional, record.category)))

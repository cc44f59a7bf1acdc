"""The cases of tests/corpus/scripts and how an analysis is scored against them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sfml.analysis import Analysis, Origin, OutputKind, analyse

CASES = Path(__file__).parents[1] / "corpus" / "scripts"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One folder of the corpus with what is expected of it."""

    folder: Path
    expected: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def entrypoint(self) -> str | None:
        if "entrypoint" in self.expected:
            return self.expected["entrypoint"] or None
        scripts = sorted(path.name for path in self.folder.iterdir() if path.suffix in {".py", ".ipynb"})
        assert len(scripts) == 1, f"{self.name}: expected.toml must name one of {scripts}"
        return scripts[0]

    def analyse(self) -> Analysis:
        python = self.expected.get("python", "3.11")
        return analyse(self.folder, entrypoint=self.entrypoint, python=python)


@dataclass
class Tally:
    """Counts of what was found, missed and made up."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, name: str, found: Iterable[str], expected: Iterable[str]) -> None:
        found, expected = set(found), set(expected)
        self.right += len(found & expected)
        self.wrong += len(found - expected)
        self.missed += len(expected - found)
        if found != expected:
            self.failures.append(
                f"{name}: extra {sorted(found - expected)}, missing {sorted(expected - found)}"
            )

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def cases() -> list[Case]:
    """All cases, by name."""
    return [
        Case(folder=path.parent, expected=tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(CASES.glob("*/expected.toml"))
    ]


def tallies() -> dict[str, Tally]:
    """The score of every aspect over all cases."""
    scores: dict[str, Tally] = {}
    for case in cases():
        for aspect, (found, expected) in aspects(case, case.analyse()).items():
            scores.setdefault(aspect, Tally()).add(case.name, map(str, found), expected)
    return scores


def aspects(case: Case, analysis: Analysis) -> dict[str, tuple[list[str], list[str]]]:
    """What was found and what was expected, by aspect; each a list of words that can be compared."""
    expected, wanted = case.expected, analysis.dependencies
    needed = [record for record in analysis.network if not record.optional]
    literal = [o.name for o in analysis.outputs if o.kind is OutputKind.LITERAL]
    stated = [package.name for package in wanted.packages if package.origin is not Origin.IMPLIED]
    return {
        "hardware": ([analysis.hardware.gpu], [expected["hardware"]]),
        "hardware line": _line(analysis, expected),
        "packages": (stated, expected["packages"]),
        "implied": _implied(wanted.packages, expected),
        "install": ([wanted.install], [expected.get("install", "nothing")]),
        "pip_requirements": (list(wanted.pip_requirements), expected.get("pip", [])),
        "host categories": ([record.category for record in needed], expected.get("hosts", [])),
        "optional hosts": ([r.category for r in analysis.network if r.optional], expected.get("maybe", [])),
        "hosts": _hosts(needed, expected),
        "outputs": ([o.name for o in analysis.outputs if o.name not in literal], expected.get("outputs", [])),
        "writes": (literal, expected["writes"]) if "writes" in expected else ([], []),
        "warnings": (_warnings(analysis), expected.get("warnings", [])),
        "method": ([analysis.method], [expected["method"]]),
    }


def _implied(packages: Iterable[Any], expected: dict[str, Any]) -> tuple[list[str], list[str]]:
    names = expected.get("implied", [])
    return [p.name for p in packages if p.origin is Origin.IMPLIED and p.name in names], names


def _hosts(needed: list[Any], expected: dict[str, Any]) -> tuple[list[str], list[str]]:
    names = expected.get("names", [])
    hosts = {host for record in needed for host in record.hosts}
    return [name for name in names if name in hosts], names


def _warnings(analysis: Analysis) -> list[str]:
    return [f"{note.rule} {note.evidence.file}:{note.evidence.line}" for note in analysis.notes]


def _line(analysis: Analysis, expected: dict[str, Any]) -> tuple[list[str], list[str]]:
    if "at" not in expected:
        return [], []
    lines = [f"{e.file}:{e.line}" for e in analysis.hardware.evidence]
    return [line for line in lines if line == expected["at"]][:1], [expected["at"]]

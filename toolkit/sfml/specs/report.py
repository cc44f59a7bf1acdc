"""Problems as text, as JSON, as GitHub's workflow commands, and as SARIF."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sfml import __version__
from sfml.specs.problems import DOCS, Problem, Severity
from sfml.specs.rules import BY_ID
from sfml.specs.rules.rule import Rule
from sfml.specs.validate import Checked


def as_text(checked: Sequence[Checked]) -> str:
    """One paragraph per problem, and a line that counts them."""
    lines = [line for result in checked for problem in result.problems for line in _paragraph(problem)]
    return "\n".join([*lines, summary(checked)])


def _paragraph(problem: Problem) -> list[str]:
    where = f"{problem.file}:{problem.line}:{problem.column}:"
    path = f"{problem.path}: " if problem.path else ""
    lines = [f"{where} {problem.severity} {problem.rule} {path}{problem.message}"]
    if problem.fix:
        lines.append(f"    fix: {problem.fix}")
    return [*lines, f"    see: {problem.docs}"]


def summary(checked: Sequence[Checked]) -> str:
    """How many files and specs were checked and what was found; unread files are counted apart."""
    problems = [problem for result in checked for problem in result.problems]
    read = [result for result in checked if result.readable]
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    parts = [
        _count(sum(result.specs for result in read), "spec") + f" in {_count(len(read), 'file')} checked",
        _count(errors, "error"),
        _count(len(problems) - errors, "warning"),
    ]
    unread = len(checked) - len(read)
    return ", ".join([*parts, *([f"{_count(unread, 'file')} could not be read"] if unread else [])])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_json(checked: Sequence[Checked]) -> str:
    """One document: each file with its state and its problems."""
    files = [
        {
            "file": result.file,
            "state": _state(result),
            "specs": result.specs,
            "problems": [_plain(problem) for problem in result.problems],
        }
        for result in checked
    ]
    return json.dumps({"files": files}, indent=2, ensure_ascii=False)


def _state(result: Checked) -> str:
    if not result.readable:
        return "unreadable"
    return "invalid" if any(p.severity is Severity.ERROR for p in result.problems) else "valid"


def _plain(problem: Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "rule": problem.rule,
        "severity": str(problem.severity),
        "message": problem.message,
        "fix": problem.fix,
        "docs": problem.docs,
    }


def as_github(checked: Sequence[Checked]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request.

    docs.github.com, "Workflow commands for GitHub Actions": %, CR and LF are escaped; in properties : and ,
    are, too.
    """
    lines = [_command(problem) for result in checked for problem in result.problems]
    return "\n".join([*lines, summary(checked)])


def _command(problem: Problem) -> str:
    file = _escaped(problem.file).replace(":", "%3A").replace(",", "%2C")
    at = f"file={file},line={problem.line},col={problem.column},title={problem.rule}"
    message = " ".join(part for part in (f"{problem.message}.", problem.fix, problem.docs) if part)
    return f"::{problem.severity} {at}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def as_sarif(checked: Sequence[Checked]) -> str:
    """SARIF 2.1.0, for code scanning."""
    problems = [problem for result in checked for problem in result.problems]
    broken = sorted({problem.rule for problem in problems})
    driver = {
        "name": "sfml spec validate",
        "version": __version__,
        "informationUri": DOCS,
        "rules": [_sarif_rule(BY_ID[rule]) for rule in broken],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem, broken.index(problem.rule)) for problem in problems],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "helpUri": f"{DOCS}#{rule.id.lower()}",
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _sarif_result(problem: Problem, index: int) -> dict[str, Any]:
    text = f"{problem.message}. {problem.fix}" if problem.fix else problem.message
    region = {"startLine": problem.line, "startColumn": problem.column}
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(problem.file)}, "region": region}
    place: dict[str, Any] = {"physicalLocation": location}
    if problem.path:
        place["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    return {
        "ruleId": problem.rule,
        "ruleIndex": index,
        "level": str(problem.severity),
        "message": {"text": text},
        "locations": [place],
    }


def _uri(file: str) -> str:
    """The file as a relative reference: RFC 3986 leaves these characters as they are."""
    from urllib.parse import quote

    return quote(file.replace("\\", "/"), safe="/-_.~")


FORMATS: Mapping[str, Callable[[Sequence[Checked]], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}

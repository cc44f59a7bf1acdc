"""YAML's own complaints, said so that the author of a spec knows what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A syntax error: its rule, its position from 1, what is wrong, what to do."""

    rule: str
    line: int
    column: int
    message: str
    fix: str


def explain(error: yaml.YAMLError, text: str) -> Explained:
    """The error in words; ``text`` is what the parser read."""
    marks = ("problem_mark", "context_mark")
    if re.search("end of stream|expected ','", str(getattr(error, "problem", ""))):
        marks = ("context_mark", "problem_mark")  # where what was never closed begins
    mark = next((found for name in marks if (found := getattr(error, name, None))), None)
    if mark is None:
        return _unreadable(error, text)
    line, column = mark.line, mark.column
    rule, message, fix = _words(error, _line(text, line), column)
    return Explained(rule=rule, line=line + 1, column=column + 1, message=message, fix=fix)


def _unreadable(error: yaml.YAMLError, text: str) -> Explained:
    found = _CONTROL.search(text)
    at = found.start() if found else 0
    line = text.count("\n", 0, at)
    column = at - (text.rfind("\n", 0, at) + 1)
    what = f"the character U+{ord(found[0]):04X} cannot stand in YAML" if found else str(error)
    return Explained(
        rule="SPCS002", line=line + 1, column=column + 1, message=what, fix="is this a text file?"
    )


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number + 1)
    return lines[number] if number < len(lines) else ""


def _words(error: yaml.YAMLError, line: str, column: int) -> tuple[str, str, str]:
    problem = str(getattr(error, "problem", "") or "")
    context = str(getattr(error, "context", "") or "")
    at = line[column : column + 1]
    if at == "@" and "cannot start any token" in problem:
        value = re.split(r"\s", line[column:], maxsplit=1)[0]
        return "SPCS004", "a value cannot begin with @ unless it is in quotes", f'write "{value}"'
    if "\t" in line[: column + 1] and not line[: column + 1].strip():
        return "SPCS005", "a tab indents this line; YAML allows spaces only", "indent with spaces"
    if "block end" in problem and re.search(r":\s+[\[{]", line[:column]):
        return (
            "SPCS003",
            "a value that begins with [ or { is a list or a map",
            "put the whole value in quotes",
        )
    for pattern, message, fix in _KNOWN:
        if re.search(pattern, f"{context}; {problem}; {at}"):
            return "SPCS003", message, fix
    return "SPCS003", f"not YAML: {'; '.join(part for part in (context, problem) if part)}", ""


_ALIGN = "align the key with its neighbours; below `- name:` the other keys stand under `name`"
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"; %$",
        "a value cannot begin with % unless it is in quotes",
        "if this is a template, render it first: sfml spec render",
    ),
    (r"; `$", "a value cannot begin with ` unless it is in quotes", "put the value in quotes"),
    (r"; \t$", "a tab stands where YAML allows spaces only", "replace the tab by spaces"),
    (
        r"mapping values are not allowed",
        "a key stands where no key can, or a text with a colon has no quotes",
        _ALIGN,
    ),
    (
        r"expected <block end>|did not find expected key|parsing a block",
        "this line, or its indentation, does not fit what stands above it",
        _ALIGN,
    ),
    (
        r"could not find expected ':'",
        "a key without a colon, or text at the wrong indentation",
        "`key: value`",
    ),
    (r"quoted scalar.*end of stream", "the quote that opens here is never closed", "close the quote"),
    (
        r"undefined alias",
        "the alias names an anchor that does not exist",
        "define it above with &name, or quote a text that begins with *",
    ),
    (
        r"scanning an? (anchor|alias)",
        "& and * begin an anchor and an alias in YAML",
        "put the value in quotes",
    ),
    (
        r"flow (sequence|mapping|node)",
        "a list in [ ] or a map in { } is broken here",
        "close the bracket, or quote a text that begins with [ or {",
    ),
    (r"duplicate anchor", "the same anchor is defined twice", "name the anchors differently"),
)

"""Comments to the checker: what a spec is to run on, and which rules not to report where.

``# sfml: family=GPU_NV_S kind=job`` and ``# sfml: ignore[SPCS042, SPCS051]``, the latter for its own line, or
for the next line of the spec if it stands alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_COMMENT = r"(?:^|(?<=[ \t]))#[ \t]*sfml:[ \t]*([^\n#]*)"
_IGNORE = r"ignore\[([^\]]*)\]"
_SETTING = r"(\w+)=(\S*)"
_SETTINGS = {"family": None, "kind": ("service", "job"), "cloud": ("aws", "azure", "gcp")}


@dataclass(kw_only=True)
class Ignore:
    """One suppression: where it stands, for which line it holds, the rules, and those that it has "
    "suppressed."""

    line: int
    column: int
    holds_for: int
    rules: frozenset[str]
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Comments:
    """What a text's comments say; ``odd`` are lines, columns and words of what is not understood."""

    settings: dict[str, str]
    ignores: list[Ignore]
    odd: list[tuple[int, int, str]]


NO_COMMENTS = Comments(settings={}, ignores=[], odd=[])


def read_comments(text: str) -> Comments:
    """The comments to the checker in a text."""
    if "sfml:" not in text:
        return NO_COMMENTS
    comments = Comments(settings={}, ignores=[], odd=[])
    for found in re.finditer(_COMMENT, text, re.MULTILINE):
        line = text.count("\n", 0, found.start()) + 1
        begin = text.rfind("\n", 0, found.start()) + 1
        column = found.start() - begin + 1
        alone = not text[begin : found.start()].strip()
        _read(
            comments, found[1].strip(), line, column, _next_line(text, found.end(), line) if alone else line
        )
    return comments


def _next_line(text: str, end: int, line: int) -> int:
    """The number of the first line behind a comment that is neither empty nor a comment."""
    for number, content in enumerate(text[end:].split("\n")[1:], line + 1):
        if content.strip() and not content.lstrip().startswith("#"):
            return number
    return line


def _read(comments: Comments, words: str, line: int, column: int, holds_for: int) -> None:
    ignore = re.fullmatch(_IGNORE, words)
    if ignore:
        rules = frozenset(rule.strip() for rule in ignore[1].split(",") if rule.strip())
        comments.ignores.append(Ignore(line=line, column=column, holds_for=holds_for, rules=rules))
        return
    for word in words.split() or [""]:
        setting = re.fullmatch(_SETTING, word)
        name, value = (setting[1], setting[2]) if setting else ("", "")
        allowed = _SETTINGS.get(name, ())
        if allowed is None or value in allowed:
            comments.settings[name] = value
        else:
            comments.odd.append((line, column, word))

"""Specs inside SQL: what stands between FROM SPECIFICATION $$ and $$, and what the statement says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What a scanner of Snowflake's SQL steps over, and the words and $$ texts that it keeps.
_TOKEN = re.compile(
    r"(?P<comment>--[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<dollar>\$\$(?P<text>.*?)(?:\$\$|\Z))"
    r"|(?P<string>'(?:[^'\\]|''|\\.)*(?:'|\Z))"
    r'|(?P<word>"(?:[^"]|"")*"|[A-Za-z_][\w$.]*)'
    r"|(?P<end>;)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A spec in a statement: its text, where it begins (from 0), and what the statement says."""

    text: str
    line: int
    column: int
    kind: str
    template: bool
    family: str


def embedded(sql: str) -> list[Embedded]:
    """Every spec of a SQL text, in order."""
    statements = list(_statements(sql))
    families = dict(found for words, _ in statements if (found := _pool_family(words)))
    return [spec for words, texts in statements for spec in _specs(sql, words, texts, families)]


def _statements(sql: str) -> Iterator[tuple[list[str], list[re.Match[str]]]]:
    """The words of each statement in capitals, and its $$ texts; a text is the word ``$$`` too."""
    words: list[str] = []
    texts: list[re.Match[str]] = []
    for token in _TOKEN.finditer(sql):
        if token["end"]:
            yield words, texts
            words, texts = [], []
        elif token["dollar"]:
            words.append("$$")
            texts.append(token)
        elif token["word"]:
            words.append(token["word"].upper().strip('"'))
        elif token["string"]:
            words.append(token["string"].strip("'").upper())
    yield words, texts


def _after(words: list[str], *phrase: str) -> str:
    """The word behind a phrase; empty if the phrase is not there."""
    size = len(phrase)
    for start in range(len(words) - size):
        if tuple(words[start : start + size]) == phrase:
            return words[start + size]
    return ""


def _pool_family(words: list[str]) -> tuple[str, str] | None:
    name = _after(words, "COMPUTE", "POOL", "IF", "NOT", "EXISTS") or _after(words, "COMPUTE", "POOL")
    family = _after(words, "INSTANCE_FAMILY")
    return (name, family) if words[:1] == ["CREATE"] and name and family else None


def _specs(
    sql: str, words: list[str], texts: list[re.Match[str]], families: dict[str, str]
) -> Iterator[Embedded]:
    is_job = words[:3] == ["EXECUTE", "JOB", "SERVICE"]
    kind = "job" if is_job else "service" if "SERVICE" in words[:6] else ""
    pool = _after(words, "COMPUTE", "POOL")
    places = [index for index, word in enumerate(words) if word == "$$"]
    for place, found in zip(places, texts, strict=True):
        introduced = words[place - 1] if place else ""
        if introduced not in ("SPECIFICATION", "SPECIFICATION_TEMPLATE"):
            continue
        start = found.start("text")
        yield Embedded(
            text=found["text"],
            line=sql.count("\n", 0, start),
            column=start - (sql.rfind("\n", 0, start) + 1),
            kind=kind,
            template=introduced == "SPECIFICATION_TEMPLATE",
            family=families.get(pool, ""),
        )

"""Evidence: a node of the tree as a line of a file and the words that stand there."""

from __future__ import annotations

import ast

from sfml.analysis.findings import Evidence
from sfml.analysis.tree import Module

_LONGEST = 72


def evidence(module: Module, node: ast.AST, words: str | None = None) -> Evidence:
    """Where a node stands; ``words`` replace its own text."""
    line: int = getattr(node, "lineno", 1)
    return Evidence(file=module.source.name, line=line, seen=_short(words or _text(module, node)))


def at_line(file: str, line: int, words: str) -> Evidence:
    """Evidence for a line that is not a node."""
    return Evidence(file=file, line=line, seen=_short(words))


def _text(module: Module, node: ast.AST) -> str:
    line, end = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    lines = module.lines
    if not line or line > len(lines):
        return ""
    # Columns count bytes of UTF-8.
    text = lines[line - 1].encode()
    start = getattr(node, "col_offset", 0)
    stop = getattr(node, "end_col_offset", len(text)) if end == line else len(text)
    return text[start:stop].decode(errors="replace")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"

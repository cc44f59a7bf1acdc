"""Bounds on what a document may grow to: parsers recurse, and aliases multiply."""

from __future__ import annotations

from typing import Any

import yaml

TOO_DEEP = "this is nested too deep to be a spec"
CYCLE = "an alias stands inside the value that it repeats"
# libyaml's composer recurses in C without a limit of its own; a stack of 8 MB holds some 50,000 levels.
_MAX_DEPTH = 1000
# With fewer brackets than this, and in a text too short for as many lines each indented one further, a
# document stays below _MAX_DEPTH; only "- - -" and "? ? ?" put several levels on one line.
_HALF = _MAX_DEPTH // 2


def is_too_deep(text: str) -> bool:
    """Whether the text nests deeper than a composer may recurse; does not recurse itself."""
    brackets = text.count("[") + text.count("{")
    if brackets < _HALF and len(text) < _HALF * _HALF // 2 and "- -" not in text and "? " not in text:
        return False
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    depth = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                return True
    except yaml.YAMLError:
        return False  # the composer meets the same error at the same depth
    return False


def size_problem(node: Any, *, limit: int) -> str:
    """What is wrong with the size of a document that has aliases, in words; empty if nothing is."""
    size = _size(node, {})
    if size == float("inf"):
        return CYCLE
    return f"anchors and aliases make this {size:,.0f} values" if size > limit else ""


def _size(node: Any, known: dict[int, float]) -> float:
    """How many values the node holds once aliases are expanded; infinite where it holds itself."""
    if id(node) not in known:
        known[id(node)] = float("inf")  # met again while it is being measured: a cycle
        children = node.value if node.__class__ is not yaml.ScalarNode else ()
        pairs = (child if isinstance(child, tuple) else (child,) for child in children)
        known[id(node)] = 1 + sum(_size(child, known) for pair in pairs for child in pair)
    return known[id(node)]

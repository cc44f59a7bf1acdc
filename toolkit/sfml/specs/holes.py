"""Template expressions in a spec: each becomes a run of private-use characters that YAML can be read around.

A run is as long as the expression, so positions stay what they are. ``{{ v | default(8080) }}`` stands for
its default, ``{{secret.name.secret_string}}`` for itself (the server replaces it in the container),
everything else for a value that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sfml.specs.scope import HOLE

# Compiled by `re` when the first template is met.
# Server-side templates and Jinja {{ }}; the Snowflake CLI's <% %> and &{ }.
_EXPRESSION = r"\{\{+(?P<inner>[^{}\n]*)\}\}+|<%[^%\n]*%>|&\{[^{}\n]*\}"
_DEFAULT = r"""\|\s*default\(\s*(?:'([^']*)'|"([^"]*)"|([\w.+-]+))\s*[,)]"""
_IN_CONTAINER = r"\s*secret\."
_RUN = "([\ue000-\uf8ff])\\1*"
# The private-use area behind HOLE itself: how many different values one text can have.
_FIRST, _LAST = ord(HOLE) + 1, 0xF8FF


@dataclass(frozen=True, kw_only=True)
class Holes:
    """A text with its expressions taken out, and what the ones with a known value stand for."""

    text: str
    values: Mapping[str, str]
    expressions: int = 0

    def first(self) -> tuple[int, int]:
        """Line and column, from 1, of the first expression that somebody is to fill in."""
        runs = re.finditer(_RUN, self.text)
        at = next((run.start() for run in runs if not self.values.get(run[1], "").startswith("{{")), 0)
        return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

    def fill(self, value: str) -> str:
        """The scalar with every known value in its place; unknown ones are one HOLE each."""
        return re.sub(_RUN, lambda run: self.values.get(run[0][0], HOLE), value)


def cut(text: str) -> Holes:
    """Take the template expressions out of a text."""
    values: dict[str, str] = {}
    marks: dict[str, str] = {}
    count = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal count
        inner = found["inner"] or ""
        secret = re.match(_IN_CONTAINER, inner)
        count += not secret
        value = found[0] if secret else _default(inner)
        if value is None or _FIRST + len(marks) > _LAST:
            return HOLE * len(found[0])
        mark = marks.setdefault(value, chr(_FIRST + len(marks)))
        values[mark] = value
        return mark * len(found[0])

    return Holes(text=re.sub(_EXPRESSION, replace, text), values=values, expressions=count)


def _default(inner: str) -> str | None:
    found = re.search(_DEFAULT, inner)
    return None if found is None else next(group for group in found.groups() if group is not None)

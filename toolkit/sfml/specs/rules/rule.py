"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sfml.specs.problems import Finding, Severity
from sfml.specs.scope import Knowledge, Scope

Check = Callable[[Any, Scope], Iterator[Finding]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule with an id that is never given to another.

    ``check`` gets each value at one of ``on``: a map of the model (key "") or what one of its keys holds.
    A rule without a check is reported by the loader or by the walk through the grammar. ``wrong`` is a file
    that breaks the rule and no other, ``right`` is a near one that breaks none. The check of a whole map runs
    only where it has the key ``given``, and only where ``needs`` is known.
    """

    id: str
    title: str
    severity: Severity
    why: str
    wrong: str
    right: str
    on: tuple[tuple[type, str], ...] = ()
    check: Check | None = None
    given: str = ""
    needs: Knowledge = Knowledge.NOTHING

"""A change to an account as a visible list of steps: look, tell, do, and take back.

A step knows the statement that looks, what its rows mean, the SQL that brings it about and the SQL that
undoes it. :func:`survey` only looks; :func:`carry_out` does what is missing, and where a privilege is missing
says what an administrator has to run. What runs SQL is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from sfml.errors import NotFoundError, PrivilegeError, RefusedError

Rows = Sequence[Mapping[str, Any]]
Query = Callable[[str], Rows]
"""Runs one statement; raises NotFoundError or RefusedError where Snowflake says so."""


class State(Enum):
    """What a look found; the value is the sign that a plan shows."""

    PRESENT = "="
    ABSENT = "+"
    DIFFERS = "~"  # there, but not as asked for; left as it is unless the user wants it amended
    NOTE = "!"  # nothing to do here, but the user should know


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rows of a look mean, with words for the user where the state alone does not say it."""

    state: State
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that should be so.

    ``amend`` makes it so where it differs and can be altered in place. ``by_administrator`` is what somebody
    else has to run where our role may not, ``effect`` unless given.
    """

    title: str
    detail: str = ""
    look: str
    judge: Callable[[Rows], Verdict]
    effect: tuple[str, ...] = ()
    amend: tuple[str, ...] = ()
    by_administrator: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A step, and whether it is so."""

    step: Step
    verdict: Verdict

    @property
    def text(self) -> str:
        """The step's line in a plan."""
        words = [f"{self.verdict.state.value} {self.step.title}", self.step.detail, self.verdict.note]
        return "   ".join(word for word in words if word)


def survey(steps: Iterable[Step], query: Query) -> tuple[Finding, ...]:
    """Look at every step; each distinct statement is sent once, and what does not exist has no rows."""
    seen: dict[str, Rows] = {}
    found = []
    for step in steps:
        if step.look not in seen:
            seen[step.look] = _look(step.look, query)
        found.append(Finding(step=step, verdict=step.judge(seen[step.look])))
    return tuple(found)


def _look(statement: str, query: Query) -> Rows:
    try:
        return query(statement)
    except (NotFoundError, RefusedError):
        # Not there, or not to be seen by this role. Effects may be repeated, so trying is harmless.
        return ()


def lines(findings: Sequence[Finding]) -> tuple[str, ...]:
    """A plan for the user, a line for each finding; what is there and needs no word is one line together."""
    quiet = [one for one in findings if one.verdict.state is State.PRESENT and not one.verdict.note]
    grants = [one for one in quiet if any(text.startswith("GRANT ") for text in one.step.effect)]
    there = [one.step.title for one in quiet if one not in grants]
    if grants:
        there.append(f"{len(grants)} grant{'s' if len(grants) > 1 else ''}")
    together = [f"{State.PRESENT.value} {', '.join(there)}   (there)"] if there else []
    return (*together, *(one.text for one in findings if one not in quiet))


def missing(findings: Iterable[Finding]) -> tuple[Step, ...]:
    """The steps that are still to be done."""
    return tuple(f.step for f in findings if f.verdict.state is State.ABSENT and f.step.effect)


def differing(findings: Iterable[Finding]) -> tuple[Step, ...]:
    """The steps whose subject is there, and can be altered to what was asked for."""
    return tuple(f.step for f in findings if f.verdict.state is State.DIFFERS and f.step.amend)


def carry_out(
    findings: Sequence[Finding],
    query: Query,
    *,
    amend: bool = False,
    report: Callable[[Step], None] = lambda _: None,
) -> tuple[Step, ...]:
    """Do what is missing, in order, and with ``amend`` alter what differs; the steps that were done.

    Raises :class:`RefusedError` at the first privilege that is missing: its hint is the SQL for an
    administrator, after which a second run goes on from there.
    """
    changed = differing(findings) if amend else ()
    todo = (*missing(findings), *(replace(step, effect=step.amend) for step in changed))
    for done, step in enumerate(todo):
        report(step)
        try:
            for statement in step.effect:
                query(statement)
        except (PrivilegeError, NotFoundError) as error:
            # What a role may not see does not exist for it.
            raise RefusedError(
                f"{step.title}: {error}",
                hint=f"{_LEFT}\n{_for_administrator(todo[done:])}",
            ) from error
        except RefusedError as error:
            raise RefusedError(f"{step.title}: {error}", hint=error.hint) from error
    return todo


_LEFT = "a privilege is missing: an administrator can run this; then run it again, and it goes on from there"


def _for_administrator(steps: Iterable[Step]) -> str:
    return script(replace(step, effect=step.by_administrator or step.effect) for step in steps)


def script(steps: Iterable[Step]) -> str:
    """The SQL of the steps, with a comment above each."""
    return "\n".join(_section(step.title, step.effect) for step in steps if step.effect)


def undo_script(steps: Sequence[Step]) -> str:
    """The SQL that takes the steps back, the last one first."""
    return "\n".join(_section(step.title, step.undo) for step in reversed(steps) if step.undo)


def _section(title: str, statements: Iterable[str]) -> str:
    # A quoted name may hold a line break, which would end the comment.
    return "\n".join([f"-- {' '.join(title.split())}", *(f"{statement};" for statement in statements)])


def named(name: str, column: str = "name") -> Callable[[Rows], Verdict]:
    """A judge: is there a row whose ``column`` is exactly ``name``?"""

    def judge(rows: Rows) -> Verdict:
        there = any(row.get(column) == name for row in rows)
        return Verdict(state=State.PRESENT if there else State.ABSENT)

    return judge

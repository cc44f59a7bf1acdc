"""How a job ended, or a service began: its state, and where that is not good the error that explains it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfml.errors import CancelledError, JobFailedError, NotFoundError, SfmlError
from sfml.services import observe
from sfml.services.evidence import Evidence, Subject
from sfml.services.explain import Diagnosis, diagnose
from sfml.services.follow import Ended
from sfml.services.run import repository_images
from sfml.services.signs import Cause
from sfml.session.rows import over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_SHOWN_LINES = 15
# The state that is asked for: SHOW SERVICES has both under one column.
_GOOD = {"job": "DONE", "service": "RUNNING"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended: ``error`` explains everything but DONE."""

    name: str
    status: str
    diagnosis: Diagnosis | None = None
    error: SfmlError | None = None


def finish(
    connection: SnowflakeConnection, ended: Ended, subject: Subject, *, logs_command: str, shown: bool
) -> Outcome:
    """The outcome of a job that is over, or of a service that is to be ready.

    ``shown``: its lines are on the screen already.
    """
    status = ended.status
    if status.status == _GOOD[subject.kind]:
        return Outcome(name=status.job_id, status=status.status)
    query = over(connection)
    evidence = observe.gather(query, status, subject, lines=ended.lines)
    found = ended.stuck or diagnose(evidence)
    if found is not None and found.cause is Cause.IMAGE_MISSING:
        evidence = replace(evidence, images=repository_images(query, found, evidence))
        found = diagnose(evidence) or found
    error = explain(evidence, found, logs_command=logs_command, shown=shown)
    return Outcome(name=status.job_id, status=status.status, diagnosis=found, error=error)


def explain(evidence: Evidence, found: Diagnosis | None, *, logs_command: str, shown: bool) -> SfmlError:
    """The error to end with, by the state: cancelled, deleted, or failed and why."""
    what = f"the {evidence.kind} {evidence.name}"
    if evidence.status == "CANCELLED":
        return CancelledError(f"{what} was cancelled")
    if evidence.status == "DELETED":
        return NotFoundError(f"{what} was deleted meanwhile")
    why = found.what if found else f"it is {evidence.status}"
    lines = [] if shown or found is None else _tail(evidence, found.container)
    steps = (found.steps if found else ()) or (logs_command,)
    hint = "\n".join([*lines, *(f"try: {step}" for step in steps)])
    return JobFailedError(f"{what} failed: {why}", hint=hint, script_code=found.exit_code if found else None)


def _tail(evidence: Evidence, container: str | None) -> list[str]:
    lines = list(evidence.lines.get(container or "", ()))[-_SHOWN_LINES:]
    return ["the last lines of its log:", *(f"  {line}" for line in lines)] if lines else []

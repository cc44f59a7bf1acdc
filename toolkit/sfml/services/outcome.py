"""How a job ended: its state, and where that is not DONE the error that explains it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sfml.errors import CancelledError, JobFailedError, NotFoundError, SfmlError
from sfml.services import observe
from sfml.services.evidence import Evidence
from sfml.services.explain import Diagnosis, diagnose
from sfml.services.follow import Ended
from sfml.services.plan import Wish
from sfml.services.run import repository_images
from sfml.services.signs import Cause
from sfml.session.rows import over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_SHOWN_LINES = 15


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended: ``error`` explains everything but DONE."""

    name: str
    status: str
    diagnosis: Diagnosis | None = None
    error: SfmlError | None = None


def finish(
    connection: SnowflakeConnection, ended: Ended, *, wish: Wish | None, logs_command: str, shown: bool
) -> Outcome:
    """The outcome of a job that is over; ``shown``: its lines are on the screen already."""
    status = ended.status
    if status.status == "DONE":
        return Outcome(name=status.job_id, status=status.status)
    evidence = observe.gather(
        over(connection),
        status,
        lines=ended.lines,
        spec=wish.ready.spec if wish else None,
        integrations=wish.integrations if wish else (),
    )
    found = ended.stuck or diagnose(evidence)
    if found is not None and found.cause is Cause.IMAGE_MISSING:
        evidence = replace(evidence, images=repository_images(over(connection), found, evidence))
        found = diagnose(evidence) or found
    error = explain(status.status, evidence, found, logs_command=logs_command, shown=shown)
    return Outcome(name=status.job_id, status=status.status, diagnosis=found, error=error)


def explain(
    status: str, evidence: Evidence, found: Diagnosis | None, *, logs_command: str, shown: bool
) -> SfmlError:
    """The error to end with, by the state: cancelled, deleted, or failed and why."""
    name = evidence.name
    if status == "CANCELLED":
        return CancelledError(f"the job {name} was cancelled")
    if status == "DELETED":
        return NotFoundError(f"the job {name} was deleted while it ran")
    what = found.what if found else f"it is {status}"
    code = found.exit_code if found else None
    lines = [] if shown or found is None else _tail(evidence, found.container)
    steps = (found.steps if found else ()) or (logs_command,)
    hint = "\n".join([*lines, *(f"try: {step}" for step in steps)])
    return JobFailedError(f"the job {name} failed: {what}", hint=hint, script_code=code)


def _tail(evidence: Evidence, container: str | None) -> list[str]:
    lines = list(evidence.lines.get(container or "", ()))[-_SHOWN_LINES:]
    return ["the last lines of its log:", *(f"  {line}" for line in lines)] if lines else []

"""From a job that has ended to its outcome: the value it returned, or the error that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfml.errors import SfmlError
from sfml.jobs import results
from sfml.jobs.failure import Failure, explain
from sfml.jobs.follow import Followed
from sfml.services.status import JobStatus, exit_code

if TYPE_CHECKING:
    from snowflake.snowpark import Session


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a job ended: ``error`` explains everything but DONE; ``found`` says whether it left a result."""

    status: JobStatus
    found: bool
    value: Any = None
    error: SfmlError | None = None


def finish(
    session: Session, followed: Followed, *, shown: bool, local: bool, logs_command: str | None = None
) -> Outcome:
    """The outcome of a job that is over. Its state decides: a result file alone makes no success.

    ``shown``: the job's lines are on the screen already; ``logs_command`` prints them all.
    """
    status = followed.status
    done = status.status == "DONE"
    result = results.Result(found=False)
    if status.status in ("DONE", "FAILED"):
        result = results.read(session, status.job_id, patient=done and not local)
    if done and result.error is None:
        return Outcome(status=status, found=result.found, value=result.value)
    failure = Failure(
        job_id=status.job_id,
        status="FAILED" if done else status.status,
        logs_command=logs_command or f"sfml jobs logs --verbose {status.job_id}",
        exit_code=exit_code(session.connection, status.job_id),
        error=result.error,
        last_lines=followed.last_lines,
        crash=followed.crash,
        shown=shown,
        started=followed.started,
    )
    return Outcome(status=status, found=result.found, error=explain(failure))

"""Several jobs of one payload, seen through together: one request tells the state of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sfml.errors import JobFailedError, NotFinishedError, ResultError
from sfml.jobs import keeping, kept, places
from sfml.jobs.finish import Outcome
from sfml.jobs.request import Request
from sfml.jobs.submit import submit_all
from sfml.jobs.sweep import Point, backoff, shown
from sfml.services.logs import delays
from sfml.services.status import TERMINAL, JobStatus, job_status
from sfml.session import Opening

Notice = Callable[[str], None]


@dataclass(kw_only=True)
class Run:
    """One combination of a sweep on its way: its newest job, and what came of it."""

    point: Point
    request: Request
    job_id: str = ""
    status: str = "PENDING"
    attempts: int = 0
    outcome: Outcome | None = None
    problem: str | None = None
    due: float = 0.0
    pauses: Iterator[float] = field(default_factory=backoff)

    @property
    def is_over(self) -> bool:
        return self.outcome is not None or self.problem is not None

    def row(self) -> dict[str, Any]:
        """The run as a row of the result table."""
        value = self.outcome.value if self.outcome is not None else None
        error = self.outcome.error if self.outcome is not None else self.problem
        return {
            **self.point,
            "job_id": self.job_id,
            "status": self.status,
            "attempts": self.attempts,
            "result": value,
            "error": None if error is None else str(error),
        }


@dataclass(kw_only=True)
class Sweep:
    """All runs of a sweep; a run that fails is tried again up to ``retries`` times, later each time."""

    opening: Opening
    runs: Sequence[Run]
    retries: int
    state: Path
    local: bool
    notice: Notice

    def submit(self, runs: Sequence[Run]) -> None:
        """Submit a job for each of these runs; they share one payload."""
        if not runs:
            return
        requests = [replace(run.request, key=_key(run)) for run in runs]
        for run, job in zip(runs, submit_all(self.opening, requests), strict=True):
            run.job_id, run.status = job.id, "PENDING"
            run.attempts += 1
            self.notice(f"job {run.job_id} {shown(run.point)}".rstrip())

    def run(self, *, timeout: float | None) -> None:
        """See all runs to their end; NotFinishedError when the time is over before."""
        began, pause = time.monotonic(), delays(shortest=0.5, longest=10)
        while not all(run.is_over for run in self.runs):
            if self._look():
                pause = delays(shortest=0.5, longest=10)
            due = [run for run in self.runs if run.due and run.due <= time.monotonic()]
            for run in due:
                run.due = 0.0
            self.submit(due)
            if timeout is not None and time.monotonic() - began >= timeout:
                left = sum(not run.is_over for run in self.runs)
                raise NotFinishedError(f"{left} of {len(self.runs)} jobs have not ended within {timeout:g} s")
            if not all(run.is_over for run in self.runs):
                time.sleep(next(pause))

    def _look(self) -> bool:
        """Take note of the jobs that have ended; whether there are any."""
        states = {str(job.name): job.status for job in places.our_jobs(self.opening.connection())}
        waiting = [run for run in self.runs if not run.is_over and not run.due]
        for run in waiting:
            run.status = states.get(run.job_id, "DELETED")
        over = [run for run in waiting if run.status in TERMINAL]
        for run in over:
            self._end(run)
        return bool(over)

    def _end(self, run: Run) -> None:
        status = job_status(self.opening.connection(), run.job_id)
        run.status = status.status
        outcome = self._outcome(run, status)
        failed = outcome is not None and isinstance(outcome.error, JobFailedError)
        if failed and run.attempts <= self.retries:
            pause = next(run.pauses)
            self.notice(f"job {run.job_id} failed; attempt {run.attempts + 1} follows in {pause:g} s")
            run.due = time.monotonic() + pause
            return
        run.outcome = outcome
        self.notice(f"job {run.job_id} {run.status} {shown(run.point)}".rstrip())

    def _outcome(self, run: Run, status: JobStatus) -> Outcome | None:
        if status.status == "DELETED":
            run.problem = "the job was deleted while it ran"
            return None
        store = kept.of(self.state, run.job_id)
        try:
            keeping.keep(self.opening, status, store, local=self.local)
        except ResultError as error:
            run.problem = str(error)
            return None
        return store.outcome()


def _key(run: Run) -> str | None:
    """The idempotency key of a run's next attempt: the given one, told apart by combination and attempt."""
    if run.request.key is None:
        return None
    return f"{run.request.key}\0{shown(run.point)}\0{run.attempts}"

"""Keep here what a job leaves behind, once it is over."""

from __future__ import annotations

from sfml.jobs import kept
from sfml.jobs.finish import Outcome, finish
from sfml.jobs.follow import look_back, read_once
from sfml.services.status import JobStatus
from sfml.session import Opening


def keep(opening: Opening, status: JobStatus, store: kept.Kept, *, local: bool) -> None:
    """Make sure that log and outcome of a job that is over are kept; ResultError for an unreadable result."""
    if store.exists and store.log() is not None:
        return
    session = opening.session()
    lines = store.log() or read_once(session.connection, status.job_id)
    outcome = finish(session, look_back(session.connection, status), shown=False, local=local)
    store.keep(outcome, lines)


def keep_followed(store: kept.Kept, outcome: Outcome, recorded: kept.Recorder) -> None:
    """Keep a job that was followed to its end, unless that was done before."""
    if outcome.status.status == "DELETED":
        return
    has_log = store.log() is not None
    if not (store.exists and has_log):
        store.keep(outcome, None if has_log else recorded.lines())

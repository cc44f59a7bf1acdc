"""Delete a job and what is its own: its service and its results, not what other jobs of its payload need.

``snowflake.ml.jobs.delete_job`` removes the job's whole stage path, the payload and the results of every job
of one definition, and then nobody can read the logs. Here the log and the result are kept first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError, NotFoundError, ResultError
from sfml.jobs import depot, keeping, kept, places
from sfml.jobs.places import Places
from sfml.services.status import JobStatus, full_id, job_spec, job_status
from sfml.session import Opening
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What deleting a job comes to. ``remove`` are stage folders; ``needed_by`` are the jobs that use its
    payload too, which stays for their sake."""

    status: JobStatus
    places: Places
    remove: tuple[str, ...]
    needed_by: tuple[str, ...]


def plan(connection: SnowflakeConnection, job_id: str, *, force: bool) -> Deletion:
    """What is to be removed with a job; InputError for a job that has not ended, unless ``force``."""
    status = job_status(connection, full_id(connection, job_id))
    if status.status == "DELETED":
        raise NotFoundError(f"the job {status.job_id} has been deleted already")
    if not status.is_over and not force:
        raise InputError(
            f"the job {status.job_id} is {status.status}",
            hint="`sfml jobs cancel` ends it; --force deletes it as it is",
        )
    found = places.places(job_spec(connection, status.job_id), status.job_id)
    return decide(status, found, _others(connection, found, status.job_id))


def decide(status: JobStatus, found: Places, users: tuple[str, ...]) -> Deletion:
    """The folders to remove: the job's results, and its payload where it is ours and no other job uses it."""
    alone = found.shared is not None and not users
    folders = (found.shared,) if alone else (found.result,)
    return Deletion(
        status=status,
        places=found,
        remove=tuple(folder for folder in folders if folder is not None),
        needed_by=users,
    )


def carry_out(
    opening: Opening, deletion: Deletion, *, state: Path, local: bool, force: bool = False
) -> kept.Kept:
    """Keep what the job has to say, then delete it; what was kept of it.

    ResultError where its result cannot be read here, and so not be kept, unless ``force``.
    """
    store = kept.of(state, deletion.status.job_id)
    if deletion.status.is_over and not force:
        _keep(opening, deletion.status, store, local=local)
    connection = opening.connection()
    with translated():
        connection.cursor().execute(sql.drop(sql.Kind.SERVICE, deletion.status.job_id))
        if deletion.remove:
            _remove(connection, deletion, state)
    return store


def _remove(connection: SnowflakeConnection, deletion: Deletion, state: Path) -> None:
    """Remove the results; the payload too, if it is still true that nobody else uses it."""
    found = deletion.places
    if found.shared is None or deletion.needed_by:
        connection.cursor().execute(sql.remove_files(deletion.remove[0]))
        return
    with depot.alone(state, found.shared):
        used = _others(connection, found, deletion.status.job_id)
        folder = found.result if used else found.shared
        if folder is not None:
            connection.cursor().execute(sql.remove_files(folder))


def _others(connection: SnowflakeConnection, found: Places, job_id: str) -> tuple[str, ...]:
    if found.shared is None or found.payload is None:
        return ()
    return places.users(connection, found.shared, found.payload.rpartition("/")[2], besides=job_id)


def described(deletion: Deletion, store: kept.Kept) -> dict[str, Any]:
    """What was deleted, as a dict."""
    return {
        "job_id": deletion.status.job_id,
        "removed": list(deletion.remove),
        "kept": str(store.folder) if store.exists else None,
        "needed_by": list(deletion.needed_by),
    }


def _keep(opening: Opening, status: JobStatus, store: kept.Kept, *, local: bool) -> None:
    try:
        keeping.keep(opening, status, store, local=local)
    except ResultError as error:
        hint = f"{error.hint or ''}\n`sfml jobs fetch {status.job_id}` brings its files as they are"
        raise ResultError(
            f"{error}; it would be lost, so the job was not deleted", hint=hint.strip()
        ) from error

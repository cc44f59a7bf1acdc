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
from sfml.jobs import keeping, kept, places
from sfml.jobs.places import Places
from sfml.services.status import JobStatus, full_id, job_spec, job_status
from sfml.session import Opening
from sfml.session.faults import translated
from sfml.session.rows import rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What deleting a job comes to. ``remove`` are stage folders; ``needed_by`` are the jobs that use its
    payload too, which stays for their sake."""

    status: JobStatus
    remove: tuple[str, ...]
    payload: str | None
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
    users = () if found.shared is None else _users(connection, found, besides=status.job_id)
    return decide(status, found, users)


def decide(status: JobStatus, found: Places, users: tuple[str, ...]) -> Deletion:
    """The folders to remove: the job's results, and its payload where it is ours and no other job uses it."""
    alone = found.shared is not None and not users
    folders = (found.shared,) if alone else (found.result,)
    return Deletion(
        status=status,
        remove=tuple(folder for folder in folders if folder is not None),
        payload=found.payload,
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
        for folder in deletion.remove:
            connection.cursor().execute(sql.remove_files(folder))
    return store


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


def _users(connection: SnowflakeConnection, found: Places, *, besides: str) -> tuple[str, ...]:
    """The other jobs of a payload: those that are there, and those that left results in its folder."""
    assert found.shared is not None
    assert found.payload is not None
    own = sql.name(besides)
    with translated():
        rows = rows_of(connection, sql.show_jobs())
    alive = {
        sql.Name((row["database_name"], row["schema_name"], row["name"]))
        for row in rows
        if found.shared.rpartition("/")[2] in str(row.get("comment") or "").split()
    }
    listed = places.files(connection, found.shared)
    left = places.jobs_in(listed, found.payload.rpartition("/")[2])
    names = {str(job) for job in alive if job != own} | (left - {job.last for job in alive} - {own.last})
    return tuple(sorted(names))

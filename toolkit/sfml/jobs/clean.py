"""Remove what nobody needs any more: jobs that ended long ago, payloads that no job uses. Nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sfml import sql
from sfml.errors import NotFoundError
from sfml.jobs import delete, depot, places
from sfml.jobs.guards import readable
from sfml.jobs.places import OurJob, StageFile
from sfml.services.status import TERMINAL
from sfml.session import Opening
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# A payload without a job may be one whose submit is under way, on whatever machine.
_UNUSED_FOR = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Unused:
    """A payload's folder on the stage that no job uses; ``why`` says what is known of it."""

    folder: str
    files: int
    size: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """What is to go: jobs by their full names, and folders of a stage."""

    jobs: tuple[OurJob, ...]
    folders: tuple[Unused, ...]


def plan(
    connection: SnowflakeConnection,
    *,
    stage: str,
    user: str,
    older_than: timedelta,
) -> Cleaning:
    """What of this user is to go from a stage, and which of his jobs."""
    root = stage.removeprefix("@").rstrip("/")
    try:
        listed = places.files(connection, root)
    except NotFoundError:  # no stage yet
        listed = []
    jobs = places.our_jobs(connection)
    return decide(listed, jobs, owner=places.owner(user), older_than=older_than, now=datetime.now(UTC))


def decide(
    listed: Sequence[StageFile], jobs: Sequence[OurJob], *, owner: str, older_than: timedelta, now: datetime
) -> Cleaning:
    """Jobs that ended before ``older_than``; folders of this owner that no job uses and nothing is new in."""
    mine = [job for job in jobs if job.folder.startswith(f"{owner}-")]
    expired = tuple(job for job in mine if job.status in TERMINAL and now - job.changed > older_than)
    used = {job.folder for job in jobs}
    folders: dict[str, list[StageFile]] = {}
    for file in listed:
        folders.setdefault(file.name.partition("/")[0], []).append(file)
    unused = [
        found
        for folder, files in sorted(folders.items())
        if folder not in used and places.is_payload_of(folder, owner)
        if (found := _unused(folder, files, older_than=older_than, now=now)) is not None
    ]
    return Cleaning(jobs=expired, folders=tuple(unused))


def described(cleaning: Cleaning) -> list[dict[str, str]]:
    """The parts of a cleaning as rows: what, name, why."""
    rows = [
        {"what": "job", "name": str(job.name), "why": f"{job.status} {job.changed:%F}"}
        for job in cleaning.jobs
    ]
    for part in cleaning.folders:
        why = f"{part.why} ({part.files} files, {readable(part.size)})"
        rows.append({"what": "payload", "name": part.folder, "why": why})
    return rows


def carry_out(opening: Opening, cleaning: Cleaning, *, stage: str, state: Path, local: bool) -> Cleaning:
    """Do it, each part only if it is still true; what went."""
    connection = opening.connection()
    gone = []
    for job in cleaning.jobs:
        found = delete.plan(connection, str(job.name), force=False)
        delete.carry_out(opening, found, state=state, local=local)
        gone.append(job)
    removed = [
        unused
        for unused in cleaning.folders
        if _remove(connection, f"{stage.removeprefix('@').rstrip('/')}/{unused.folder}", state)
    ]
    return Cleaning(jobs=tuple(gone), folders=tuple(removed))


def _remove(connection: SnowflakeConnection, folder: str, state: Path) -> bool:
    with depot.alone(state, folder):
        if any(job.folder == folder.rpartition("/")[2] for job in places.our_jobs(connection)):
            return False
        with translated():
            connection.cursor().execute(sql.remove_files(folder))
        return True


def _unused(
    folder: str, files: Sequence[StageFile], *, older_than: timedelta, now: datetime
) -> Unused | None:
    names = {file.name.split("/")[1] for file in files}
    left = {job for name in names for job in places.jobs_in(_inside(files), name)}
    whole = any(file.name.rpartition("/")[2] == depot.MARKER for file in files)
    newest = max((file.modified for file in files if file.modified is not None), default=now)
    if now - newest <= (older_than if left else _UNUSED_FOR):
        return None
    why = "no job uses it" if whole else "an upload that broke off"
    if left:
        why = f"results of {len(left)} jobs that are gone"
    return Unused(folder=folder, files=len(files), size=sum(file.size for file in files), why=why)


def _inside(files: Sequence[StageFile]) -> list[StageFile]:
    return [StageFile(name=file.name.partition("/")[2], size=file.size, md5=None) for file in files]

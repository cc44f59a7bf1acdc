"""Where the files of jobs are on a stage: a payload's folder, and in it one folder of results for each job.

A payload that sfml put there stands at ``STAGE/OWNER-DIGEST/NAME``, and a job of it writes its results to
``STAGE/OWNER-DIGEST/NAME/JOB`` (the service's own choice, read from the job's specification).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError
from sfml.jobs.request import check_stage
from sfml.session.faults import translated
from sfml.session.rows import rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# The names of volumes and of the container in a job (snowflake.ml.jobs, constants.py).
_STAGE_VOLUME, _RESULT_VOLUME = "stage-volume", "result-volume"
_OURS = re.compile(r"[a-z0-9_]+-[0-9a-f]{24}\Z")
_COMMENT = re.compile(r"sfml ([a-z0-9_]+-[0-9a-f]{24})")


@dataclass(frozen=True, kw_only=True)
class Places:
    """Stage paths of one job, without the ``@``; ``result`` is None where it has no folder of its own."""

    payload: str | None
    result: str | None

    @property
    def shared(self) -> str | None:
        """The folder that sfml made for the payload and that other jobs may use too; None: not ours."""
        if self.payload is None:
            return None
        folder = self.payload.rpartition("/")[0]
        return folder if _OURS.match(folder.rpartition("/")[2]) else None


@dataclass(frozen=True, kw_only=True)
class StageFile:
    """A file below a stage path: ``name`` is relative to it."""

    name: str
    size: int
    md5: str | None
    modified: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OurJob:
    """A job that sfml submitted: ``folder`` is the name of its payload's folder (``OWNER-DIGEST``)."""

    name: sql.Name
    folder: str
    status: str
    changed: datetime


def owner(user: str) -> str:
    """A user's name as it stands in the folders of his payloads."""
    return re.sub(r"[^a-z0-9]+", "_", user.lower()).strip("_") or "user"


def is_payload_of(folder: str, owner: str) -> bool:
    """Whether a folder's name is that of a payload of this owner."""
    return folder.startswith(f"{owner}-") and _OURS.match(folder) is not None


def payload_folder(stage: str, user: str, digest: str) -> str:
    """The folder of a payload with this digest (24 hexadecimal digits)."""
    return f"{stage.removeprefix('@').rstrip('/')}/{owner(user)}-{digest}"


def places(spec: str, job_id: str) -> Places:
    """Where the job of this specification (YAML, as DESCRIBE SERVICE shows it) has its files.

    Whoever submitted a job could choose what stands in its specification, and these paths end up in REMOVE:
    what is no plain stage path, or no folder named like the job below its payload, is not taken.
    """
    import yaml

    volumes = (yaml.safe_load(spec) or {}).get("spec", {}).get("volumes") or []
    sources = {volume.get("name"): _source(volume) for volume in volumes}
    payload, result = sources.get(_STAGE_VOLUME), sources.get(_RESULT_VOLUME)
    own = payload is not None and result == f"{payload}/{sql.name(job_id).last}"
    return Places(payload=payload, result=result if own else None)


def files(connection: SnowflakeConnection, path: str) -> list[StageFile]:
    """The files below a stage path, by name; none where there is no such stage either."""
    with translated():
        rows = rows_of(connection, sql.list_files(path))
    # LIST gives "stage/path", the stage without its database and schema.
    prefix = f"{path.partition('/')[2]}/".lstrip("/")
    found = [_file(row, prefix) for row in rows]
    return sorted((file for file in found if file is not None), key=lambda file: file.name)


def jobs_in(found: Sequence[StageFile], name: str) -> set[str]:
    """The jobs that have results in a payload's folder, beside its own files in ``name``/app and …/system."""
    parts = [file.name.split("/") for file in found]
    folders = {part[1] for part in parts if len(part) > 2 and part[0] == name}
    return folders - {"app", "system"}


def comment(folder: str) -> str:
    """What a job of the payload in this folder has as its comment, which SHOW prints."""
    return f"sfml {folder.rpartition('/')[2]}"


def our_jobs(connection: SnowflakeConnection) -> list[OurJob]:
    """The jobs that sfml submitted and that the role may see, by their comments."""
    with translated():
        rows = rows_of(connection, sql.show_jobs())
    return [
        OurJob(
            name=sql.Name((row["database_name"], row["schema_name"], row["name"])),
            folder=found[1],
            status=row["status"],
            changed=row["updated_on"],
        )
        for row in rows
        if (found := _COMMENT.fullmatch(str(row.get("comment") or ""))) is not None
    ]


def users(
    connection: SnowflakeConnection, folder: str, name: str, *, besides: str | None = None
) -> tuple[str, ...]:
    """The jobs of the payload at ``FOLDER/NAME``: those that are there, and those that left results in it."""
    own = None if besides is None else sql.name(besides)
    alive = {job.name for job in our_jobs(connection) if job.folder == folder.rpartition("/")[2]}
    left = jobs_in(files(connection, folder), name) - {job.last for job in alive}
    return tuple(sorted({str(job) for job in alive - {own}} | (left - {own.last if own else None})))


def _file(row: dict[str, Any], prefix: str) -> StageFile | None:
    inner = str(row["name"]).partition("/")[2]
    if not inner.startswith(prefix):
        return None
    modified = parsedate_to_datetime(str(row["last_modified"]))
    return StageFile(name=inner[len(prefix) :], size=int(row["size"]), md5=row["md5"], modified=modified)


def _source(volume: dict[str, Any]) -> str | None:
    """A volume's stage path, where it is a plain one."""
    source = volume.get("source")
    if source == "stage":
        source = (volume.get("stageConfig") or {}).get("name")
    text = str(source)
    if not text.startswith("@"):
        return None
    try:
        check_stage(text)
    except InputError:
        return None
    return text.removeprefix("@").rstrip("/")

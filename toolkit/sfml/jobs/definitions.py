"""Definitions of jobs by content, kept on this machine: what was submitted before needs one statement.

Snowflake's client makes the statement that starts a job: it asks for the runtime's image first, and to import
it takes longer than to submit a job. The statement depends on the job's files and settings alone, but for its
arguments; so it is kept under a digest of them, and used again until a runtime may have become newer.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.jobs.payload import Payload, StagedPayload
from sfml.jobs.private import written_whole
from sfml.jobs.request import Request
from sfml.jobs.upload import files

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# What stands for the script's arguments when the client is asked for the statement.
MARK = "sfml arguments"
# What goes into a digest: another way to make statements is another definition.
_LAYOUT = "sfml definition 1"
_DIGITS = 24
# In seconds. A selector such as "2.10" may lead to a newer image by then.
LIFE = 60 * 60


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A statement that starts a job, in two parts: the script's arguments go between them."""

    before: str
    after: str

    def statement(self, arguments: Sequence[str]) -> str:
        """The statement that starts a job with these arguments."""
        listed = "".join(f", {json.dumps(argument)}" for argument in arguments)
        return f"{self.before}{sql.literal(listed)[1:-1]}{self.after}"


def parted(statement: str) -> Definition:
    """The client's statement for a job whose only argument is MARK."""
    before, found, after = statement.partition(f", {json.dumps(MARK)}")
    if not found:
        raise AssertionError("the client's statement does not hold the job's arguments as a JSON list")
    return Definition(before=before, after=after)


class Definitions:
    """Those of one project, in its state folder; for the owner's eyes only."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "definitions"

    def know(self, payload: Payload | StagedPayload) -> bool:
        """Whether this script was submitted lately, with files that look as they do now.

        A hint, before anything is read: whether it is worth while to wait for ``find``.
        """
        entries = self.folder.glob(f"{_source(payload)}-*.json")
        kept = (_read(entry) for entry in entries if _is_fresh(entry))
        return any(found["stamps"] == _stamps(found["stamps"]) for found in kept if found is not None)

    def find(self, request: Request, digest: str | None) -> Definition | None:
        """The definition under a digest; None where there is none, or none that may still be used."""
        path = self._path(request, digest)
        if path is None or not _is_fresh(path):
            return None
        found = _read(path)
        return Definition(before=found["before"], after=found["after"]) if found is not None else None

    def keep(self, request: Request, digest: str | None, definition: Definition) -> None:
        """Keep a definition, and let go of those that are too old."""
        path = self._path(request, digest)
        if path is None:
            return
        for old in self.folder.glob("*.json"):
            if not _is_fresh(old):
                old.unlink(missing_ok=True)
        with written_whole(path) as file:
            stamps = _stamps(str(here) for here, _ in files(request.payload))
            file.write(json.dumps({**asdict(definition), "stamps": stamps}).encode())

    def drop(self, request: Request, digest: str | None) -> None:
        """Forget a definition that the server did not take."""
        path = self._path(request, digest)
        if path is not None:
            path.unlink(missing_ok=True)

    def _path(self, request: Request, digest: str | None) -> Path | None:
        return None if digest is None else self.folder / f"{_source(request.payload)}-{digest}.json"


def digest(
    connection: SnowflakeConnection, request: Request, folder: str, variables: Mapping[str, str]
) -> str | None:
    """The digest of all that decides a job's statement but its arguments.

    None where it is not to be kept: the user's own variables may be secrets, a key gives the job a name of
    its own, and files that the service copies have a place of their own each time.
    """
    if request.env or request.key is not None or isinstance(request.payload, StagedPayload):
        return None
    where = (connection.account, connection.user, connection.role, connection.database, connection.schema)
    wanted = (
        folder,
        request.name,
        str(request.payload.entrypoint),
        request.compute_pool,
        request.nodes,
        request.eai,
        request.artifact_repositories,
        request.runtime,
        (request.database, request.schema, request.warehouse or connection.warehouse),
        dict(variables),
    )
    client = (version("snowflake-ml-python"), sys.version_info[:2])
    text = json.dumps([_LAYOUT, client, where, wanted], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _source(payload: Payload | StagedPayload) -> str:
    return hashlib.sha256(str(payload.script).encode()).hexdigest()[:12]


def _read(path: Path) -> dict[str, Any] | None:
    """What was kept; None where the file is gone, or was written by something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.keys() >= {"before", "after", "stamps"} else None


def _stamps(paths: Iterable[str]) -> dict[str, list[int]]:
    """Of each file that is there, its size and when it was changed."""
    found = {}
    for path in paths:
        with suppress(OSError):
            status = Path(path).stat()
            found[path] = [status.st_size, status.st_mtime_ns]
    return found


def _is_fresh(path: Path) -> bool:
    try:
        return 0 <= time.time() - path.stat().st_mtime < LIFE
    except OSError:
        return False

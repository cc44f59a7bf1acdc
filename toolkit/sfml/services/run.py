"""Run a spec as a job: put its files and start it; a refusal is explained."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sfml import sql
from sfml.errors import InputError, NotFoundError, RefusedError, SfmlError
from sfml.pools import Pool
from sfml.services import observe
from sfml.services.evidence import Event, Evidence
from sfml.services.explain import Diagnosis, diagnose
from sfml.services.plan import Wish
from sfml.services.signs import Cause
from sfml.services.stage import Folders, check_folder, files_below, send
from sfml.session.faults import translated
from sfml.session.rows import Query, over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# Snowflake's error number for a name that is taken.
_EXISTS = 2002


@dataclass(frozen=True, kw_only=True)
class Put:
    """A local file or folder, and the folder of a stage that it goes to."""

    source: Path
    target: str

    @property
    def folders(self) -> Folders:
        """What travels: a file under its name, a folder's files at their places in it."""
        if self.source.is_file():
            return {PurePosixPath(): {self.source.name: self.source}}
        found: dict[PurePosixPath, dict[str, Path | str]] = {}
        for file, remote in files_below(self.source):
            found.setdefault(remote.parent, {})[remote.name] = file
        return found

    def __str__(self) -> str:
        return f"{self.source} -> @{self.target}"


def put(text: str, *, stage: str) -> Put:
    """``local:remote`` as typed; a remote path without ``@`` is a folder of ``stage``."""
    local, colon, remote = text.rpartition(":")
    if not colon or not local:
        raise InputError(f"--put {text}: write LOCAL:REMOTE", hint="such as --put scripts:@my_stage/scripts")
    source = Path(local)
    if not source.exists():
        raise InputError(f"--put {text}: there is no file or folder {local}")
    target = remote if remote.startswith("@") else f"{stage.rstrip('/')}/{remote.strip('/')}"
    found = Put(source=source, target=check_folder(target))
    if not found.folders:
        raise InputError(f"--put {text}: the folder {local} holds no files")
    return found


def job_name(stem: str) -> str:
    """A name that no other job has: the spec's, and some digits."""
    word = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in stem).strip("_")
    start = word if word[:1].isalpha() else f"JOB_{word}".rstrip("_")
    return f"{start[:200]}_{uuid.uuid4().hex[:8]}".upper()


def upload(connection: SnowflakeConnection, puts: Sequence[Put]) -> None:
    """Put the files; NotFoundError where there is no such stage."""
    for wanted in puts:
        with translated():
            send(connection, wanted.folders, wanted.target)


def start(connection: SnowflakeConnection, wish: Wish, pool: Pool) -> str:
    """Start the job and leave it running; its full name. A refusal is explained."""
    statement = sql.execute_job_service(
        pool=sql.Name((pool.name,)),
        source=sql.specification(wish.ready.data),
        job=wish.name,
        replicas=wish.instances[1] if wish.instances[1] > 1 else None,
        integrations=wish.integrations,
        warehouse=wish.warehouse,
        comment=wish.comment,
    )
    send_spec(connection, statement, wish, pool)
    return str(wish.name)


def send_spec(connection: SnowflakeConnection, statement: str, wish: Wish, pool: Pool) -> str:
    """Send a statement that carries a spec; what the server says. A refusal is explained."""
    query = over(connection)
    try:
        rows = query(statement)
    except SfmlError as error:
        raise explained(error, query, wish, pool, role=connection.role) from error
    return str(next(iter(rows[0].values()))) if rows else ""


def explained(
    error: SfmlError, query: Query, wish: Wish, pool: Pool, *, role: str | None = None
) -> SfmlError:
    """A refusal with what helps against it, where that is known."""
    if getattr(error.__cause__, "errno", None) == _EXISTS:
        return InputError(
            f"there is a job or service {wish.name} already",
            hint=f"choose another --name, or drop it: sfml service drop {wish.name}",
        )
    evidence = Evidence(
        name=str(wish.name),
        status="REFUSED",
        events=[Event(message=str(error))],
        spec=wish.ready.spec,
        pool=pool,
        integrations=wish.integrations,
        role=role or "<your role>",
    )
    found = diagnose(evidence)
    if found is not None and found.cause is Cause.IMAGE_MISSING:
        found = diagnose(replace(evidence, images=repository_images(query, found, evidence)))
    if found is None:
        return error
    hint = "\n".join([*found.steps, *([error.hint] if error.hint and error.hint.startswith("error") else [])])
    return (NotFoundError if isinstance(error, NotFoundError) else RefusedError)(str(error), hint=hint)


def repository_images(query: Query, found: Diagnosis, evidence: Evidence) -> list[str] | None:
    """What the repository of the missing image has."""
    words = f"{found.what} {' '.join(text for _, text in evidence.messages)}".split()
    path = next((word.strip("'\".,") for word in words if word.count("/") >= 4), None)
    if path is None and evidence.spec and len(evidence.spec.spec.containers) == 1:
        path = evidence.spec.spec.containers[0].image
    return None if path is None else observe.images(query, path)

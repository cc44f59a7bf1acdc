"""What a job returned, or what its script raised."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError, ResultError
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

# A stage shows a new file a moment after a job wrote it; the client waits up to 30 s for one.
_VISIBLE_WITHIN = 10.0
_LOOK_EVERY = 1.0


@dataclass(frozen=True, kw_only=True)
class RemoteError:
    """An exception that ended the script: its class, message and traceback as the job wrote them down."""

    type: str
    message: str
    traceback: str

    def __str__(self) -> str:
        name = self.type.removeprefix("builtins.")
        return f"{name}: {self.message}" if self.message else name


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result file of a job. ``found``: whether there is one; it has an ``error`` or a ``value``."""

    found: bool
    value: Any = None
    error: RemoteError | None = None


def read(session: Session, job_id: str, *, patient: bool) -> Result:
    """The job's result; ``patient`` waits a little for the file to appear."""
    from snowflake.ml.jobs import MLJob

    class EndedJob(MLJob):  # type: ignore[misc]
        """The client's job, told that it has ended: reading its result asks for nothing again."""

        def wait(self, timeout: float = -1) -> Any:  # noqa: ARG002 - the client's signature
            return "DONE"

    job = EndedJob(job_id, session=session)
    with translated():
        document = _document(session.connection, job._result_path, patient=patient)
        if document is None:
            return Result(found=False)
        if not document.get("success"):
            return Result(found=True, error=_error(document))
        if document.get("protocol") is None:
            return Result(found=True, value=_plain_value(document))
        return Result(found=True, value=_value(job))


def save(value: Any, path: Path) -> None:
    """Write a result to a file: JSON, or a pickle where the name ends in .pkl."""
    new = path.with_name(f".{path.name}.new")
    if path.suffix == ".pkl":
        import cloudpickle

        new.write_bytes(cloudpickle.dumps(value))
    else:
        try:
            text = json.dumps(value, indent=2, ensure_ascii=False)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"the result is a {type(value).__name__}, which JSON cannot hold: {error}",
                hint=f"write it as a pickle: --result {path.with_suffix('.pkl')}",
            ) from error
        new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(path)


def require_writable(path: Path) -> None:
    """InputError, before a job runs for it, where a result could not be written to this file."""
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise InputError(f"the result cannot be written to {path}: there is no such folder, or it is one")


def as_json(value: Any) -> Any:
    """The value where JSON can hold it, else a text that stands for it."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return repr(value)
    return value


def _document(connection: SnowflakeConnection, stage_path: str, *, patient: bool) -> dict[str, Any] | None:
    deadline = time.monotonic() + (_VISIBLE_WITHIN if patient else 0)
    while True:
        text = _download(connection, stage_path)
        if text is not None:
            found = json.loads(text)
            return found if isinstance(found, dict) else None
        if time.monotonic() >= deadline:
            return None
        time.sleep(_LOOK_EVERY)


def _download(connection: SnowflakeConnection, stage_path: str) -> bytes | None:
    """A small file on a stage, None where it is not there (yet, or with nothing in it yet)."""
    from snowflake.connector.errorcode import ER_FILE_NOT_EXISTS
    from snowflake.connector.errors import Error

    with tempfile.TemporaryDirectory(prefix="sfml-") as folder:
        try:
            connection.cursor().execute(sql.get_file(stage_path.removeprefix("@"), folder))
        except Error as error:
            if error.errno == ER_FILE_NOT_EXISTS:
                return None
            raise
        path = Path(folder, PurePosixPath(stage_path).name)
        return path.read_bytes() or None if path.exists() else None


def _plain_value(document: dict[str, Any]) -> Any:
    if document.get("serialize_error"):
        raise ResultError(
            f"the job ended well, but its result could not be saved: {document['serialize_error']}",
            hint="return something that can be pickled",
        )
    return document.get("value")


def _value(job: Any) -> Any:
    try:
        return job.result(timeout=0)
    except (RuntimeError, ValueError) as error:
        reason = error.__cause__ or error
        raise ResultError(
            f"the job ended well, but its result cannot be read here: {reason}",
            hint="the packages that it is made of must be installed here too, in versions that fit",
        ) from error


def _error(document: dict[str, Any]) -> RemoteError:
    about = document.get("metadata") or {}
    return RemoteError(
        type=about.get("type", "Exception"),
        message=about.get("message", ""),
        traceback=about.get("traceback", ""),
    )

"""Submit a job once, however often it is asked for: its key decides its name, and a name is there once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from sfml import sql
from sfml.errors import InputError, SfmlError
from sfml.services.status import job_status
from sfml.session.faults import translated
from sfml.session.rows import rows_of

# docs.snowflake.com: 002002, "Object already exists".
_ALREADY_EXISTS = 2002
_DIGITS = 16


def suffix(key: str) -> str:
    """What stands in a job's name for a key, where the service would have put a random suffix."""
    return hashlib.sha256(key.encode()).hexdigest()[:_DIGITS].upper()


def submit(definition: Any, key: str, arguments: tuple[str, ...]) -> Any:
    """The job of this key: a new one, or the one that there is; InputError where that has other files."""
    from snowflake.ml.jobs import MLJob

    with translated():
        definition._ensure_registered()
    job_id = f"{definition.job_definition_id}_{suffix(key)}"
    definition.job_definition_id = job_id
    definition.job_options = replace(definition.job_options, generate_suffix=False)
    try:
        with translated():
            return definition(*arguments)
    except SfmlError as error:
        if _number(error.__cause__) != _ALREADY_EXISTS:
            raise
    _require_same(definition, key, job_id)
    status = job_status(definition.session.connection, str(sql.name(job_id)))
    return MLJob(status.job_id, session=definition.session)


def _require_same(definition: Any, key: str, job_id: str) -> None:
    with translated():
        (row,) = rows_of(definition.session.connection, sql.describe_service(job_id))
    if row["comment"] != definition.job_options.comment:
        raise InputError(
            f"the idempotency key {key!r} belongs to the job {job_id}, which has other files",
            hint="take another key for another job",
        )


def _number(error: BaseException | None) -> int | None:
    return getattr(error, "sql_error_code", None) or getattr(error, "errno", None)

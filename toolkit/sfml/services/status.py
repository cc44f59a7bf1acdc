"""What Snowflake knows of a job: its state, its exit code, and the list of all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError, NotFoundError
from sfml.session.faults import DOES_NOT_EXIST, translate, translated
from sfml.session.rows import rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# snowflake.ml.jobs, job.py: TERMINAL_JOB_STATUSES.
TERMINAL = frozenset({"DONE", "FAILED", "CANCELLED", "INTERNAL_ERROR", "DELETED"})


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """A job as DESCRIBE SERVICE, or after its end the history, tells of it."""

    job_id: str
    status: str
    compute_pool: str
    nodes: int
    owner: str
    created: str | None
    ended: str | None
    message: str | None

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL


def full_id(connection: SnowflakeConnection, job_id: str) -> str:
    """The id with its database and schema, completed from the session."""
    found = sql.service_name(job_id)
    outer = [part for part in (connection.database, connection.schema) if part]
    missing = 3 - len(found.parts)
    return str(sql.Name((*outer[:missing], *found.parts))) if missing <= len(outer) else str(found)


def placed(connection: SnowflakeConnection, name: str) -> sql.Name:
    """The full name of a job or service to be; InputError where nothing says in which schema it is to be."""
    found = sql.service_name(full_id(connection, name))
    missing = ("a database and a schema", "a schema")[len(found.parts) - 1 : 2]
    if missing:
        raise InputError(
            f"{found} needs {missing[0]} to be in",
            hint="name them: --database and --schema, in sfml.yaml, or in the connection",
        )
    return found


def job_status(connection: SnowflakeConnection, job_id: str) -> JobStatus:
    """The job's state now; NotFoundError where there is no such job."""
    from snowflake.connector.errors import ProgrammingError

    try:
        (row,) = rows_of(connection, sql.describe_service(job_id))
    except ProgrammingError as error:
        if error.errno not in DOES_NOT_EXIST:
            raise translate(error.errno, str(error.msg)) from error
        return _from_history(connection, job_id)
    return JobStatus(
        job_id=job_id,
        status=row["status"],
        compute_pool=row["compute_pool"],
        nodes=int(row["target_instances"] or 1),
        owner=row["owner"],
        created=_text(row["created_on"]),
        ended=_text(row["updated_on"]) if row["status"] in TERMINAL else None,
        message=None,
    )


def job_spec(connection: SnowflakeConnection, job_id: str) -> str:
    """The job's specification, as YAML."""
    with translated():
        (row,) = rows_of(connection, sql.describe_service(job_id))
    return str(row["spec"])


def list_jobs(connection: SnowflakeConnection, *, schema: str | None, limit: int) -> list[JobStatus]:
    """The newest jobs of a schema (``database.schema``), or of all that the role may see."""
    with translated():
        rows = rows_of(connection, sql.job_history(schema=schema, limit=limit))
    return [_historic(row) for row in rows]


def cancel_job(connection: SnowflakeConnection, job_id: str) -> None:
    """Ask the service to end a job."""
    with translated():
        connection.cursor().execute(sql.cancel_job(job_id))


def cancel_unless_over(connection: SnowflakeConnection, job_id: str) -> JobStatus:
    """The job's state once it was asked to end; one that is over stays as it is."""
    found = job_status(connection, job_id)
    if found.is_over:
        return found
    cancel_job(connection, found.job_id)
    return replace(found, status="CANCELLING")


def exit_code(connection: SnowflakeConnection, job_id: str) -> int | None:
    """The code that the job's script ended with: of the first node that has one but 0; None: not known."""
    from snowflake.connector.errors import ProgrammingError

    try:
        rows = rows_of(connection, sql.show_containers(job_id))
    except ProgrammingError:
        return None
    codes = [int(row["last_exit_code"]) for row in rows if row["last_exit_code"] not in (None, "")]
    return next((code for code in codes if code), codes[0] if codes else None)


def _from_history(connection: SnowflakeConnection, job_id: str) -> JobStatus:
    with translated():
        rows = rows_of(connection, sql.job_history(job=job_id, limit=1))
    if not rows:
        raise NotFoundError(
            f"there is no job {job_id}, or your role may not see it", hint="`sfml jobs list` shows the newest"
        )
    return _historic(rows[0])


def _historic(row: dict[str, Any]) -> JobStatus:
    name = sql.Name((row["DATABASE_NAME"], row["SCHEMA_NAME"], row["NAME"]))
    return JobStatus(
        job_id=str(name),
        status="DELETED" if row.get("DELETED_TIME") else row["STATUS"],
        compute_pool=row["COMPUTE_POOL_NAME"],
        nodes=_replicas(row.get("PARAMETERS")),
        owner=row["OWNER"],
        created=_text(row["CREATED_TIME"]),
        ended=_text(row["COMPLETED_TIME"]),
        message=row["MESSAGE"],
    )


def _replicas(parameters: object) -> int:
    """How many nodes the job was to have (GET_JOB_HISTORY, PARAMETERS: ``{"REPLICAS": 2}``)."""
    import json

    found = json.loads(parameters) if isinstance(parameters, str) and parameters else {}
    return int(found.get("REPLICAS", 1)) if isinstance(found, dict) else 1


def _text(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")

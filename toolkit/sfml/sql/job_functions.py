"""Statements about one job: wait for it, read its log, look at its containers, cancel it (pure)."""

from __future__ import annotations

from sfml.sql.text import Name, literal, name, service_name

# More lines than the 100 KB of SYSTEM$GET_SERVICE_LOGS can hold, so that its size alone is the limit.
_ALL_LINES = 200_000
# docs.snowflake.com, GET_JOB_HISTORY: RESULT_LIMIT is 1 to 10000, 100 by default, and applies before WHERE.
_MOST_JOBS = 10_000


def wait_for(job: str | Name, *, seconds: int, state: str = "DONE") -> str:
    """Answers in that state, or after so many seconds; an error when it cannot be reached any more."""
    return f"CALL {service_name(job)}!SPCS_WAIT_FOR({literal(state)}, {seconds})"


def cancel_job(job: str | Name) -> str:
    return f"CALL {service_name(job)}!SPCS_CANCEL_JOB()"


def describe_service(job: str | Name) -> str:
    return f"DESCRIBE SERVICE {service_name(job)}"


def service_logs(job: str | Name, *, instance: int = 0, container: str = "main", timestamps: bool) -> str:
    """The last 100 KB of a container's log; with timestamps, in the form that Snowflake CLI sends."""
    target = f"{literal(str(service_name(job)))}, {literal(str(instance))}, {literal(container)}"
    more = f", {_ALL_LINES}, FALSE, '', TRUE" if timestamps else ""
    return f"CALL SYSTEM$GET_SERVICE_LOGS({target}{more})"


def kept_logs(job: str | Name, *, instance: int = 0, container: str = "main") -> str:
    """Every line of a container's log of the last day, as far as the account keeps them."""
    source = f"TABLE({service_name(job)}!SPCS_GET_LOGS())"
    condition = f"INSTANCE_ID = {instance} AND CONTAINER_NAME = {literal(container)}"
    return f"SELECT LOG FROM {source} WHERE {condition} ORDER BY TIMESTAMP"  # noqa: S608 - quoted above


def show_containers(job: str | Name) -> str:
    return f"SHOW SERVICE CONTAINERS IN SERVICE {service_name(job)}"


def job_history(*, job: str | Name | None = None, schema: str | Name | None = None, limit: int) -> str:
    """Jobs of the last 30 days, newest first: the one named, or those of a schema."""
    conditions = ["DELETED_TIME IS NULL"] if job is None else []
    container = name(job).parent if job is not None else schema
    if container is not None:
        parts = name(container, parts=2).parts
        columns = ("DATABASE_NAME", "SCHEMA_NAME") if len(parts) == 2 else ("DATABASE_NAME",)
        conditions += [f"{column} = {literal(part)}" for column, part in zip(columns, parts, strict=True)]
    if job is not None:
        conditions.append(f"NAME = {literal(name(job).last)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    source = f"TABLE(SNOWFLAKE.SPCS.GET_JOB_HISTORY(RESULT_LIMIT => {_MOST_JOBS}))"
    return f"SELECT * FROM {source}{where} ORDER BY CREATED_TIME DESC LIMIT {limit}"  # noqa: S608 - quoted above


def put_folder(folder: str, stage_path: str, *, pattern: str = "*") -> str:
    """Upload the files of a local folder (``pattern``: those) to a checked stage path, as they are."""
    source, target = literal(f"file://{folder}/{pattern}"), literal(f"@{stage_path}")
    return f"PUT {source} {target} PARALLEL = 8 AUTO_COMPRESS = FALSE OVERWRITE = TRUE"


def remove_files(stage_path: str) -> str:
    """Delete what lies below a checked stage path."""
    return f"REMOVE {literal(f'@{stage_path}/')}"


def list_files(stage_path: str) -> str:
    """The files below a checked stage path: name (with the stage's), size, md5, last_modified."""
    return f"LIST {literal(f'@{stage_path}/')}"


def list_file(stage_path: str) -> str:
    """One file at a checked stage path, and those whose names begin like it."""
    return f"LIST {literal(f'@{stage_path}')}"


def show_jobs() -> str:
    """Every job that the role may see, with its comment."""
    return "SHOW JOB SERVICES IN ACCOUNT"


def get_file(stage_path: str, folder: str) -> str:
    """Download one file of a stage into a local folder."""
    return f"GET {literal(f'@{stage_path}')} {literal(f'file://{folder}')}"

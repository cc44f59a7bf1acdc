"""The functions of ``sfml.jobs``: jobs from Python, each answer a plain dict."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import config, project
from sfml.config import SYSTEM_GPU_POOL, Config
from sfml.errors import InputError
from sfml.jobs import payload, request
from sfml.jobs.request import Request
from sfml.services.status import JobStatus
from sfml.session import Opening, begin, opened

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session


def submit_file(
    file_path: str | os.PathLike[str],
    compute_pool: str | None = None,
    connection_name: str | None = None,
    pip_requirements: Sequence[str] | None = None,
    args: Sequence[str] | None = None,
    gpu: bool = False,
    wait: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Submit one Python file as an ML Job; ``{"job_id", "status", "compute_pool"}``.

    With ``wait`` the answer comes when the job has ended, and has ``result``: what the script assigned to
    ``__return__``; a job that failed raises JobFailedError. Without a pool or a connection, the configured
    ones are taken; ``gpu`` asks for a pool with GPUs. ``options``: as for ``submit_directory``.
    """
    options.update(pip=pip_requirements, args=args, gpu=gpu, wait=wait)
    return _submit(Path(file_path), None, compute_pool, connection_name, **options)


def submit_directory(
    dir_path: str | os.PathLike[str],
    entrypoint: str,
    compute_pool: str | None = None,
    stage_name: str | None = None,
    connection_name: str | None = None,
    pip_requirements: Sequence[str] | None = None,
    args: Sequence[str] | None = None,
    target_instances: int = 1,
    external_access_integrations: Sequence[str] | None = None,
    wait: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Submit a folder as an ML Job that runs ``entrypoint``, a script in it; the answer is submit_file's.

    ``options``: ``name``, ``env_vars``, ``runtime_environment``, ``database``, ``schema``, ``max_runtime``
    (seconds, then the job is cancelled), ``timeout`` (seconds to wait), ``session`` (an open one),
    ``include`` (files to send whatever speaks against it), ``tracked`` (only what git tracks),
    ``max_payload`` (bytes), and the parameters of the other function.
    """
    options.update(
        stage_name=stage_name,
        pip=pip_requirements,
        args=args,
        target_instances=target_instances,
        external_access_integrations=external_access_integrations,
        wait=wait,
    )
    return _submit(Path(dir_path), entrypoint, compute_pool, connection_name, **options)


def submit_from_stage(
    source: str,
    entrypoint: str,
    compute_pool: str | None = None,
    stage_name: str | None = None,
    connection_name: str | None = None,
    pip_requirements: Sequence[str] | None = None,
    args: Sequence[str] | None = None,
    wait: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Submit a folder that is on a stage already (``@stage/path``); the answer is submit_file's.

    ``entrypoint`` is a script in that folder, relative to it or as a whole stage path. ``options``: as for
    ``submit_directory``.
    """
    if not source.startswith("@"):
        raise InputError(f"{source!r} is not on a stage", hint="a stage path begins with @: @MY_STAGE/path")
    options.update(stage_name=stage_name, pip=pip_requirements, args=args, wait=wait)
    return _submit(Path(source), entrypoint, compute_pool, connection_name, **options)


def get_job_status(
    job_id: str, connection_name: str | None = None, *, session: Session | None = None
) -> dict[str, Any]:
    """``{"job_id", "status", …}`` of a job: PENDING, RUNNING, DONE, FAILED, CANCELLED, …"""
    return get_job(job_id, connection_name, session=session)


def get_job(
    job_id: str, connection_name: str | None = None, *, session: Session | None = None
) -> dict[str, Any]:
    """What is known of a job, with its pool, nodes, owner and times; NotFoundError where there is none."""
    from sfml.services.status import full_id, job_status

    with _opening(_configured(connection_name), session) as opening:
        connection = opening.connection()
        return described(job_status(connection, full_id(connection, job_id)))


def cancel_job(
    job_id: str, connection_name: str | None = None, *, session: Session | None = None
) -> dict[str, Any]:
    """Ask for the end of a job; its state, ``CANCELLING`` or the one that it ended with before."""
    from sfml.services import status

    with _opening(_configured(connection_name), session) as opening:
        connection = opening.connection()
        return described(status.cancel_unless_over(connection, status.full_id(connection, job_id)))


def delete_job(
    job_id: str, connection_name: str | None = None, *, force: bool = False, session: Session | None = None
) -> dict[str, Any]:
    """Delete a job that has ended, and its results; ``{"job_id", "removed", "kept", "needed_by"}``.

    Its log and its result stay in the folder ``kept``. Its payload goes with it unless other jobs use it
    (``needed_by``). ``force`` deletes a job that still runs, or whose result cannot be kept.
    """
    from sfml.jobs import delete

    chosen = _configured(connection_name)
    with _opening(chosen, session) as opening:
        found = delete.plan(opening.connection(), job_id, force=force)
        store = delete.carry_out(opening, found, state=chosen.state, local=chosen.is_local, force=force)
    return delete.described(found, store)


def list_jobs(
    connection_name: str | None = None,
    limit: int = 10,
    *,
    database: str | None = None,
    schema: str | None = None,
    session: Session | None = None,
) -> list[dict[str, Any]]:
    """The newest jobs of the schema that the connection works in, each as ``get_job`` tells of it."""
    from sfml.services import status

    chosen = _configured(connection_name, database=database, schema=schema)
    with _opening(chosen, session) as opening:
        connection = opening.connection()
        found = status.list_jobs(connection, schema=schema_of(connection), limit=limit)
    return [described(job) for job in found]


def schema_of(connection: SnowflakeConnection) -> str | None:
    """``database.schema`` that a connection works in, as far as it does."""
    from sfml import sql

    parts = tuple(part for part in (connection.database, connection.schema) if part)
    return str(sql.Name(parts)) if parts else None


def described(status: JobStatus) -> dict[str, Any]:
    """A job's state as a dict."""
    return {
        "job_id": status.job_id,
        "status": status.status,
        "compute_pool": status.compute_pool,
        "nodes": status.nodes,
        "owner": status.owner,
        "created": status.created,
        "ended": status.ended,
        "message": status.message,
    }


def _submit(
    path: Path,
    entrypoint: str | None,
    compute_pool: str | None,
    connection_name: str | None,
    *,
    pip: Sequence[str] | None = None,
    args: Sequence[str] | None = None,
    gpu: bool = False,
    wait: bool = False,
    timeout: float | None = None,
    session: Session | None = None,
    **options: Any,
) -> dict[str, Any]:
    from sfml.jobs.submit import submit

    chosen = _configured(
        connection_name,
        compute_pool=compute_pool,
        stage=options.pop("stage_name", None),
        database=options.pop("database", None),
        schema=options.pop("schema", None),
        eai=tuple(options.pop("external_access_integrations", None) or ()),
        runtime=options.pop("runtime_environment", None),
    )
    if gpu and chosen.origins["compute_pool"] == "default":
        chosen = replace(chosen, compute_pool=SYSTEM_GPU_POOL)
    found = payload.chosen(
        payload.locate(path, entrypoint),
        include=tuple(options.pop("include", None) or ()),
        tracked=bool(options.pop("tracked", False)),
        max_bytes=options.pop("max_payload", None),
    )
    wanted = _request(chosen, found, pip or (), args or (), **options)
    with _opening(chosen, session) as opening:
        job = submit(opening, wanted, gpu=gpu)
        answer = {"job_id": job.id, "status": job.status, "compute_pool": wanted.compute_pool}
        return _waited(opening.session(), answer, timeout, chosen) if wait else answer


def _request(
    chosen: Config,
    found: payload.Payload | payload.StagedPayload,
    pip: Sequence[str],
    args: Sequence[str],
    *,
    name: str | None = None,
    env_vars: Mapping[str, str] | None = None,
    target_instances: int = 1,
    max_runtime: int | None = None,
    idempotency_key: str | None = None,
) -> Request:
    payload.check_script(found, chosen.runtime)
    return request.checked(
        Request(
            payload=found,
            compute_pool=chosen.compute_pool,
            stage=chosen.stage,
            name=request.job_name(name, found),
            user=chosen.user,
            state=chosen.state,
            key=idempotency_key,
            args=tuple(str(argument) for argument in args),
            requirements=request.requirements(pip, (), found),
            eai=chosen.eai,
            env=dict(env_vars or {}),
            runtime=chosen.runtime,
            nodes=target_instances,
            max_runtime=max_runtime,
            database=chosen.database,
            schema=chosen.schema,
            warehouse=chosen.warehouse,
        )
    )


def _waited(
    session: Session, answer: dict[str, Any], timeout: float | None, chosen: Config
) -> dict[str, Any]:
    from sfml.jobs import keeping, kept
    from sfml.jobs.finish import finish
    from sfml.jobs.follow import Follower

    with kept.recorder() as recorder:
        quiet = Follower(
            connection=session.connection,
            job_id=answer["job_id"],
            show=lambda _: None,
            notice=lambda _: None,
            record=recorder.line,
        )
        ended = quiet.run(timeout=timeout)
        outcome = finish(session, ended, shown=False, local=chosen.is_local)
        with suppress(OSError):  # a job's outcome does not depend on whether it can be kept here
            keeping.keep_followed(kept.of(chosen.state, ended.status.job_id), outcome, recorder)
    if outcome.error is not None:
        raise outcome.error
    return {**answer, "status": ended.status.status, "result": outcome.value}


def _configured(connection_name: str | None, **flags: object) -> Config:
    return config.resolve({"connection": connection_name, **flags}, os.environ, project.root(Path.cwd()))


def _opening(chosen: Config, given: Session | None) -> Opening:
    """The given session, or one of our own that is closed at the end."""
    return begin(chosen) if given is None else opened(given)

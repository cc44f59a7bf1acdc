"""The functions of ``sfml.services``: specs as jobs and services from Python, each answer a plain dict."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import config, project
from sfml.account import refuse_system_pool
from sfml.config import Config
from sfml.services import manage, source
from sfml.services import run as jobs
from sfml.services.follow import Follower
from sfml.services.outcome import finish
from sfml.services.plan import Plan
from sfml.services.prepare import checked, prepare
from sfml.services.source import Source
from sfml.services.status import cancel_job, full_id
from sfml.session import begin
from sfml.session.rows import over
from sfml.specs.families import FAMILIES

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

Spec = str | os.PathLike[str] | Mapping[str, Any]
Show = Callable[[str], None]


def run_job(
    spec: Spec,
    *,
    compute_pool: str | None = None,
    connection_name: str | None = None,
    name: str | None = None,
    replicas: int = 1,
    put: Sequence[str] = (),
    wait: bool = True,
    timeout: float | None = None,
    show: Show | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run a spec as a job; ``{"name", "status", "exit_code"}``, the last one with ``wait``.

    ``spec`` is a file, a template (``values`` fill it in), or the spec itself as a mapping. ``put``: files to
    put on a stage first, each ``LOCAL:@STAGE/FOLDER``. ``show`` gets each line of the log. A job that failed
    raises JobFailedError, which explains it. Further options: ``values``, ``env`` (set in each container),
    ``external_access_integrations``, ``stage``.
    """
    chosen, given, env = _asked(spec, compute_pool, connection_name, **options)
    checked(given, "job", families=FAMILIES, family=None, env=env)
    uploads = [jobs.put(text, stage=chosen.stage) for text in put]
    with begin(chosen) as opening:
        connection = opening.connection()
        plan = prepare(
            connection, chosen, given, "job", name or jobs.job_name(given.stem), families=FAMILIES, env=env,
            instances=(replicas, replicas),
        )  # fmt: skip
        jobs.upload(connection, uploads)
        jobs.start(connection, plan.wish, plan.pool)
        return _answer(connection, plan, show, wait=wait, timeout=timeout)


def create_service(
    name: str,
    spec: Spec,
    *,
    compute_pool: str | None = None,
    connection_name: str | None = None,
    min_instances: int = 1,
    max_instances: int | None = None,
    wait: bool = True,
    timeout: float | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Create a service; ``{"name", "status"}``, with ``wait`` when it is RUNNING.

    One that cannot become ready raises JobFailedError, which explains it, and is left as it is. Further
    options: ``comment``, ``auto_suspend_secs``, ``auto_resume``, and those of ``run_job``.
    """
    properties = {key: options.pop(key, None) for key in ("comment", "auto_suspend_secs", "auto_resume")}
    chosen, given, env = _asked(spec, compute_pool, connection_name, **options)
    checked(given, "service", families=FAMILIES, family=None, env=env)
    with begin(chosen) as opening:
        connection = opening.connection()
        plan = prepare(
            connection, chosen, given, "service", name, families=FAMILIES, env=env,
            instances=(min_instances, max_instances or min_instances), **properties,
        )  # fmt: skip
        manage.create(connection, plan.wish, plan.pool)
        answer = _answer(connection, plan, None, wait=wait, timeout=timeout)
    return {key: answer[key] for key in ("name", "status")}


def get_service(name: str, *, connection_name: str | None = None) -> dict[str, Any]:
    """What there is to know of a service or job; NotFoundError."""
    with begin(_configured(connection_name)) as opening:
        connection = opening.connection()
        return manage.describe(over(connection), full_id(connection, name)).described


def drop_service(name: str, *, connection_name: str | None = None, force: bool = False) -> dict[str, Any]:
    """Drop a service or job; ``force`` where it has block volumes; NotFoundError."""
    with begin(_configured(connection_name)) as opening:
        connection = opening.connection()
        full = full_id(connection, name)
        manage.drop(over(connection), full, force=force)
        return {"name": full, "status": "DELETED"}


def _asked(
    spec: Spec,
    compute_pool: str | None,
    connection_name: str | None,
    *,
    values: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    external_access_integrations: Sequence[str] | None = None,
    stage: str | None = None,
) -> tuple[Config, Source, Mapping[str, str]]:
    """The configuration, the spec's text and the environment."""
    eai = None if external_access_integrations is None else tuple(external_access_integrations)
    chosen = _configured(connection_name, compute_pool=compute_pool, eai=eai, stage=stage)
    refuse_system_pool(chosen.compute_pool)
    return chosen, _source(spec, values or {}, chosen), env or {}


def _source(spec: Spec, values: Mapping[str, Any], chosen: Config) -> Source:
    if isinstance(spec, Mapping):
        return Source(name="spec", text=json.dumps(spec))
    from sfml.images.pushed import resolver
    from sfml.specs.render import Sources

    return source.read(
        os.fspath(spec),
        values,
        library=project.specs(None, project.root(Path.cwd())),
        sources=Sources(image=resolver(chosen.state), families=FAMILIES),
    )


def _answer(
    connection: SnowflakeConnection, plan: Plan, show: Show | None, *, wait: bool, timeout: float | None
) -> dict[str, Any]:
    """How it ended, or that it has begun; raises what explains any end but a good one."""
    subject = plan.subject
    if not wait:
        return {"name": subject.name, "status": "PENDING"}
    ended = Follower(
        connection=connection,
        subject=subject,
        show=show or _nowhere,
        notice=_nowhere,
        ready=subject.kind == "service",
    ).run(timeout=timeout)
    if ended.stuck is not None and subject.kind == "job":
        cancel_job(connection, ended.status.job_id)  # it can never start
    logs = f"sfml service logs {subject.name}"
    outcome = finish(connection, ended, subject, logs_command=logs, shown=show is not None)
    if outcome.error is not None:
        raise outcome.error
    return {"name": outcome.name, "status": outcome.status, "exit_code": 0}


def _nowhere(_: str) -> None:
    pass


def _configured(connection_name: str | None, **flags: object) -> Config:
    return config.resolve({"connection": connection_name, **flags}, os.environ, project.root(Path.cwd()))

"""``sfml service``: services and jobs of specs: look at them, follow them, wait for them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from sfml.cli import attached, service_change
from sfml.cli.job_view import JobView, staying
from sfml.cli.options import CONNECTION_KEYS, config_options, exit_code_option, timeout_option
from sfml.cli.output import Output, output_option
from sfml.config import Config
from sfml.errors import UsageError

if TYPE_CHECKING:
    from sfml.services.evidence import Subject
    from sfml.services.manage import Service


@click.group()
def service() -> None:
    """Services and jobs of container specs: create, look at, follow, change, drop."""


for _command in service_change.COMMANDS:
    service.add_command(_command)


@service.command("list")
@click.option("--all", "everywhere", is_flag=True, help="Of every schema, not only the connection's.")
@click.option("--jobs", "with_jobs", is_flag=True, help="Job services, too.")
@click.option("--compute-pool", metavar="NAME", help="Only those on this pool, of every schema.")
@config_options(*CONNECTION_KEYS)
@output_option
def list_(
    config: Config, *, everywhere: bool, with_jobs: bool, compute_pool: str | None, out: Output
) -> None:
    """List services."""
    from sfml import sql
    from sfml.jobs.api import schema_of
    from sfml.services import manage
    from sfml.session.rows import over

    jobs = sql.Jobs.TOO if with_jobs else sql.Jobs.NOT
    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        inside = None if everywhere or compute_pool else schema_of(connection)
        found = manage.services(over(connection), jobs=jobs, inside=inside, pool=compute_pool)
    columns = ["name", *(["kind"] if with_jobs else []), "status", "instances", "compute_pool", "created"]
    out.table([one.described for one in found], columns)


@service.command()
@click.argument("name")
@config_options(*CONNECTION_KEYS)
@output_option
def describe(config: Config, *, name: str, out: Output) -> None:
    """Show a service: its state, containers and endpoints, its spec, and what is wrong with it."""
    from sfml.services import manage, observe
    from sfml.services.explain import diagnose
    from sfml.services.status import full_id, job_status
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        query, full = over(connection), full_id(connection, name)
        found, subject = manage.describe(query, full), manage.subject(query, full)
        evidence = observe.gather(query, job_status(connection, full), subject, lines={})
        endpoints = manage.endpoints(query, full)
    wrong = None if found.status in ("RUNNING", "DONE", "SUSPENDED") else diagnose(evidence)
    document = {
        **found.described,
        "containers": [asdict(container) for container in evidence.containers],
        "endpoints": [endpoint.described for endpoint in endpoints],
        "problem": None if wrong is None else {"what": wrong.what, "steps": wrong.steps},
        "spec": found.spec,
    }
    out.value(document, text="\n".join(_described(found, document)))


def _described(found: Service, document: dict[str, Any]) -> list[str]:
    """A service for a reader: its facts, then its containers and endpoints, then its spec."""
    shown = {key: value for key, value in found.described.items() if value not in (None, "", [], ())}
    facts = {key: ", ".join(value) if isinstance(value, list) else value for key, value in shown.items()}
    problem = document["problem"] or {"what": None, "steps": ()}
    return [
        *(f"{key:18}{value}" for key, value in facts.items()),
        *map(_container_line, document["containers"]),
        *map(_endpoint_line, document["endpoints"]),
        *([f"problem: {problem['what']}"] if problem["what"] else []),
        *(f"  try: {step}" for step in problem["steps"]),
        *found.spec.splitlines(),
    ]


def _container_line(one: dict[str, Any]) -> str:
    code = "" if one["exit_code"] is None else f", exit code {one['exit_code']}"
    return f"container {one['name']}/{one['instance']}: {one['status']} {one['message']}{code}"


def _endpoint_line(one: dict[str, Any]) -> str:
    return f"endpoint {one['name']}: {one['protocol']} {one['port']} {one['url'] or ''}".rstrip()


@service.command()
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on until it ends; Ctrl-C leaves it alone.")
@click.option("--container", metavar="NAME", help="Only this container.")
@click.option("--instance", type=click.IntRange(min=0), help="Only this instance.")
@config_options(*CONNECTION_KEYS)
@output_option
def logs(
    config: Config, *, name: str, follow: bool, container: str | None, instance: int | None, out: Output
) -> None:
    """Print what the containers have written, each line once."""
    from dataclasses import replace

    from sfml.services import manage
    from sfml.services.follow import Follower, read_once
    from sfml.services.status import full_id
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = manage.subject(over(connection), full_id(connection, name))
        subject = replace(found, containers=_chosen(found, container))
        if follow and instance is not None:
            raise UsageError("--follow shows every instance; leave out --instance")
        if follow:
            with staying(subject.name, config):
                ended = Follower(
                    connection=connection, subject=subject, show=out.line, notice=out.progress
                ).run()
            out.progress(f"{subject.name} {ended.status.status}")
            return
        instances = range(subject.instances) if instance is None else [instance]
        lines = {
            (one, at): read_once(connection, subject.name, container=one, instance=at)
            for at in instances
            for one in subject.containers
        }
    rows = [{"container": one, "instance": at, "lines": text} for (one, at), text in lines.items()]
    out.value(rows, text="\n".join(_labelled(lines)))


def _chosen(subject: Subject, container: str | None) -> tuple[str, ...]:
    if container is None:
        return subject.containers
    if container not in subject.containers:
        raise UsageError(f"{subject.name} has no container {container}: {', '.join(subject.containers)}")
    return (container,)


def _labelled(lines: dict[tuple[str, int], list[str]]) -> list[str]:
    """Plain lines of one log; of several each line with the container and instance that wrote it."""
    if len(lines) == 1:
        return next(iter(lines.values()))
    return [f"[{one} {at}] {line}" for (one, at), text in lines.items() for line in text]


@service.command()
@click.argument("name")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most."
)
@config_options(*CONNECTION_KEYS)
@output_option
def events(config: Config, *, name: str, limit: int, out: Output) -> None:
    """List what the platform did with a service within the last day, newest first."""
    from sfml.services import observe
    from sfml.services.status import full_id
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = observe.events(over(connection), full_id(connection, name), limit=limit)
    out.table(
        [asdict(event) for event in found],
        ["time", "severity", "name", "status", "container", "instance", "message"],
    )


@service.command()
@click.argument("name")
@config_options(*CONNECTION_KEYS)
@output_option
def endpoints(config: Config, *, name: str, out: Output) -> None:
    """List what a service is reached at."""
    from sfml.services import manage
    from sfml.services.status import full_id
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = manage.endpoints(over(connection), full_id(connection, name))
    out.table([endpoint.described for endpoint in found], ["name", "port", "protocol", "public", "url"])


@service.command()
@click.argument("name")
@timeout_option
@exit_code_option
@config_options(*CONNECTION_KEYS)
@output_option
def wait(config: Config, *, name: str, timeout: float | None, propagate_exit_code: bool, out: Output) -> None:
    """Come back to a job and end as `sfml run` would have; or wait until a service is ready."""
    from sfml.services import manage
    from sfml.services.status import full_id
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        subject = manage.subject(over(connection), full_id(connection, name))
        view = JobView(config=config, out=out, connection=connection, families={})
        view.report(view.see_through(subject, timeout=timeout), script_code=propagate_exit_code)

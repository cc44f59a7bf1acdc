"""``sfml jobs``: look at jobs, follow them, have their results, end them."""

from __future__ import annotations

from pathlib import Path

import click

from sfml.cli import attached
from sfml.cli.options import (
    CONNECTION_KEYS,
    config_options,
    exit_code_option,
    timeout_option,
    verbose_option,
)
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.config import Config
from sfml.errors import NotFinishedError, UsageError


@click.group()
def jobs() -> None:
    """ML Jobs: list, look at, follow, wait for, cancel."""


@jobs.command("list")
@click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=10, show_default=True, help="How many at most."
)
@click.option("--all", "everywhere", is_flag=True, help="Of every schema, not only the connection's.")
@config_options(*CONNECTION_KEYS)
@output_option
def list_(config: Config, *, limit: int, everywhere: bool, out: Output) -> None:
    """List the newest jobs."""
    from sfml.jobs import api
    from sfml.services import status

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        schema = None if everywhere else api.schema_of(connection)
        found = status.list_jobs(connection, schema=schema, limit=limit)
    out.table(
        [api.described(job) for job in found],
        ["job_id", "status", "compute_pool", "created", "ended", "message"],
    )


@jobs.command()
@click.argument("job_id")
@config_options(*CONNECTION_KEYS)
@output_option
def status(config: Config, *, job_id: str, out: Output) -> None:
    """Say what state a job is in."""
    from sfml.jobs import api
    from sfml.services.status import full_id, job_status

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = job_status(connection, full_id(connection, job_id))
    out.value(api.described(found), text=found.status)


@jobs.command()
@click.argument("job_id")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job ends.")
@click.option(
    "--node", type=click.IntRange(min=0), default=0, help="Of this node, where the job has several."
)
@verbose_option
@config_options(*CONNECTION_KEYS)
@output_option
def logs(config: Config, *, job_id: str, follow: bool, node: int, verbose: bool, out: Output) -> None:
    """Print a job's log; with --follow until the job ends, whatever its end."""
    if follow and node:
        raise UsageError("--follow shows the first node, which runs the script; leave out --node")
    from sfml.jobs.follow import Follower, read_once, script_lines
    from sfml.services.status import full_id, job_status

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = job_status(connection, full_id(connection, job_id)).job_id
        if not follow:
            lines = read_once(connection, found, instance=node)
            # Only the first node runs the launcher, and the script in it.
            lines = lines if verbose or node else script_lines(lines)
            out.value(lines, text="\n".join(lines))
            return
        with attached.detaching(found, config):
            follower = Follower(
                connection=connection, job_id=found, show=out.line, notice=out.progress, verbose=verbose
            )
            ended = follower.run()
            for line in ended.crash:
                out.line(line)
    out.progress(f"job {found} {ended.status.status}")
    if out.as_json:
        out.value({"job_id": found, "status": ended.status.status})


@jobs.command()
@click.argument("job_id")
@timeout_option
@click.option(
    "--result", "result_file", type=click.Path(path_type=Path), metavar="FILE", help="Write it to FILE."
)
@exit_code_option
@verbose_option
@config_options(*CONNECTION_KEYS)
@output_option
def wait(
    config: Config,
    *,
    job_id: str,
    timeout: float | None,
    result_file: Path | None,
    propagate_exit_code: bool,
    verbose: bool,
    out: Output,
) -> None:
    """Come back to a job: show its log and its result, and end as `sfml submit` would have."""
    from sfml.jobs import results
    from sfml.services.status import full_id, job_status

    if result_file is not None:
        results.require_writable(result_file)
    with attached.begin(config) as opening:
        session = opening.session()
        found = job_status(session.connection, full_id(session.connection, job_id)).job_id
        view = attached.View(config=config, out=out, verbose=verbose, script_code=propagate_exit_code)
        view.see_through(session, found, timeout=timeout, result_file=result_file)


@jobs.command()
@click.argument("job_id")
@click.option(
    "--result", "result_file", type=click.Path(path_type=Path), metavar="FILE", help="Write it to FILE."
)
@config_options(*CONNECTION_KEYS)
@output_option
def result(config: Config, *, job_id: str, result_file: Path | None, out: Output) -> None:
    """Print what a job returned; exits 101 while it runs."""
    from sfml.jobs import results
    from sfml.jobs.follow import look_back
    from sfml.services.status import full_id, job_status

    if result_file is not None:
        results.require_writable(result_file)
    view = attached.View(config=config, out=out, verbose=False, script_code=False)
    with attached.begin(config) as opening:
        session = opening.session()
        found = job_status(session.connection, full_id(session.connection, job_id))
        if not found.is_over:
            raise NotFinishedError(
                f"the job {found.job_id} is {found.status}",
                hint=f"see it through: {attached.command('wait', found.job_id, config)}",
            )
        outcome = view.finish(session, look_back(session.connection, found), shown=False)
    view.report(outcome, result_file)


@jobs.command()
@click.argument("job_id")
@config_options(*CONNECTION_KEYS)
@dry_run_option
@output_option
def cancel(config: Config, *, job_id: str, dry_run: bool, out: Output) -> None:
    """End a job; one that has ended already stays as it is."""
    from sfml.services.status import cancel_job, full_id, job_status

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found = job_status(connection, full_id(connection, job_id))
        if found.is_over:
            out.value(
                {"job_id": found.job_id, "status": found.status}, text=f"{found.job_id} was {found.status}"
            )
            return
        if not dry_run:
            cancel_job(connection, found.job_id)
    verb = "would cancel" if dry_run else "cancelled"
    after = found.status if dry_run else "CANCELLING"
    out.value({"job_id": found.job_id, "status": after}, text=f"{verb} {found.job_id}")

"""``sfml jobs``: look at jobs, follow them, have their results, end and delete them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sfml.cli import attached
from sfml.cli.options import (
    CONNECTION_KEYS,
    config_options,
    duration,
    exit_code_option,
    timeout_option,
    verbose_option,
)
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.config import Config
from sfml.errors import NotFinishedError, UsageError

if TYPE_CHECKING:
    from sfml.jobs.delete import Deletion


@click.group()
def jobs() -> None:
    """ML Jobs: list, look at, follow, wait for, fetch, cancel, delete."""


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
    from sfml.jobs import kept
    from sfml.jobs.follow import Follower, read_once, script_lines

    with attached.begin(config, light=True) as opening:
        connection = opening.connection()
        found, store = attached.find(connection, job_id, config)
        if found.status == "DELETED" or not follow:
            lines = (
                store.log()
                if found.status == "DELETED"
                else read_once(connection, found.job_id, instance=node)
            )
            # Only the first node runs the launcher, and the script in it.
            lines = lines or []
            lines = lines if verbose or node else script_lines(lines)
            out.value(lines, text="\n".join(lines))
            return
        with attached.detaching(found.job_id, config), kept.recorder() as recorder:
            follower = Follower(
                connection=connection,
                job_id=found.job_id,
                show=out.line,
                notice=out.progress,
                verbose=verbose,
                record=recorder.line,
            )
            ended = follower.run()
            for line in ended.crash:
                out.line(line)
            attached.keep_log(store, recorder, out)
    out.progress(f"job {found.job_id} {ended.status.status}")
    if out.as_json:
        out.value({"job_id": found.job_id, "status": ended.status.status})


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
    from sfml.jobs.submit import load_client
    from sfml.services.status import full_id, job_status
    from sfml.session import in_background

    if result_file is not None:
        results.require_writable(result_file)
    with attached.begin(config) as opening:
        in_background(load_client)  # it reads the result, once the job has ended
        connection = opening.connection()
        found = job_status(connection, full_id(connection, job_id)).job_id
        view = attached.View(config=config, out=out, verbose=verbose, script_code=propagate_exit_code)
        view.see_through(opening, found, timeout=timeout, result_file=result_file)


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

    if result_file is not None:
        results.require_writable(result_file)
    view = attached.View(config=config, out=out, verbose=False, script_code=False)
    with attached.begin(config) as opening:
        found, store = attached.find(opening.connection(), job_id, config)
        if not found.is_over:
            raise NotFinishedError(
                f"the job {found.job_id} is {found.status}",
                hint=f"see it through: {attached.command('wait', found.job_id, config)}",
            )
        if found.status == "DELETED":
            outcome = store.outcome()
        else:
            session = opening.session()
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


@jobs.command()
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB_ID...")
@click.option("--force", is_flag=True, help="Also where it still runs, or its result cannot be kept.")
@config_options(*CONNECTION_KEYS)
@dry_run_option
@output_option
def delete(config: Config, *, job_ids: tuple[str, ...], force: bool, dry_run: bool, out: Output) -> None:
    """Delete jobs that have ended, and their results; other jobs of the same files keep theirs.

    Log and result are kept here first: `sfml jobs logs` and `sfml jobs result` go on to show them.
    """
    from sfml.jobs import delete as deleting
    from sfml.jobs import kept

    done = []
    with attached.begin(config) as opening:
        for job_id in job_ids:
            found = deleting.plan(opening.connection(), job_id, force=force)
            store = kept.of(config.state, found.status.job_id)
            if not dry_run:
                deleting.carry_out(opening, found, state=config.state, local=config.is_local, force=force)
            done.append(deleting.described(found, store))
            out.progress(_deleted(found, "would delete" if dry_run else "deleted"))
    if out.as_json:
        out.value(done)


@jobs.command()
@click.argument("job_id")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True, help="Replace files that are there and differ.")
@config_options(*CONNECTION_KEYS)
@output_option
def fetch(config: Config, *, job_id: str, folder: Path | None, force: bool, out: Output) -> None:
    """Bring all that a job left into DIR [default: the job's name]: result, log, files of its result stage.

    What is there already is not fetched again, so an interrupted fetch goes on where it was.
    """
    from sfml.jobs import fetch as fetching
    from sfml.services.status import job_spec

    with attached.begin(config) as opening:
        connection = opening.connection()
        found, store = attached.find(connection, job_id, config)
        if not found.is_over:
            raise NotFinishedError(
                f"the job {found.job_id} is {found.status}", hint="fetch it when it has ended"
            )
        unreadable = attached.keep(opening, found, store, config)
        spec = None if found.status == "DELETED" else job_spec(connection, found.job_id)
        remote, files = fetching.result_files(connection, spec, found.job_id)
        target = folder or Path(found.job_id.rpartition(".")[2].strip('"'))
        wanted = fetching.wanted(target, store, remote, files)
        fetched = fetching.fetch(connection, target, wanted, force=force, progress=out.progress)
    out.value(
        {
            "job_id": found.job_id,
            "folder": str(target),
            "written": fetched.written,
            "unchanged": fetched.unchanged,
        },
        text=f"{len(fetched.written)} files fetched into {target}, {len(fetched.unchanged)} were there",
    )
    if unreadable is not None:
        raise unreadable


@jobs.command()
@click.option(
    "--older-than",
    metavar="TIME",
    default="14d",
    show_default=True,
    callback=duration,
    help="Jobs that ended before, and results of jobs that are gone.",
)
@click.option("--apply", is_flag=True, help="Do it. Without, the plan is shown and nothing changes.")
@config_options(*CONNECTION_KEYS, "stage", "user")
@output_option
def clean(config: Config, *, older_than: float, apply: bool, out: Output) -> None:
    """Remove your jobs that ended long ago, and payloads of yours that no job uses; shows the plan first.

    Logs and results of the jobs are kept here, as `sfml jobs delete` does.
    """
    from sfml.jobs import clean as cleaning
    from sfml.jobs.request import check_stage

    check_stage(config.stage)
    with attached.begin(config) as opening:
        found = cleaning.plan(
            opening.connection(),
            stage=config.stage,
            user=config.user,
            older_than=timedelta(seconds=older_than),
        )
        if apply:
            found = cleaning.carry_out(
                opening, found, stage=config.stage, state=config.state, local=config.is_local
            )
    rows = cleaning.described(found)
    out.table(rows, ["what", "name", "why"])
    if not rows:
        out.progress("there is nothing to remove")
    else:
        out.progress("removed" if apply else "nothing has been changed; --apply removes these")


def _deleted(found: Deletion, verb: str) -> str:
    if found.needed_by:
        others = f"{len(found.needed_by)} other job{'s' if len(found.needed_by) > 1 else ''}"
        return f"{verb} {found.status.job_id}; {others} use its payload, which stays"
    return f"{verb} {found.status.job_id}"

"""``sfml run``: run a spec, or an image, as a job: its logs, and its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from sfml.cli import attached
from sfml.cli.job_view import JobView, agree, command, show_plan
from sfml.cli.options import CONNECTION_KEYS, config_options, exit_code_option, timeout_option
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.cli.spec_source import known_families, ready_for, source_of, spec_options
from sfml.config import Config
from sfml.errors import UsageError

yes_option = click.option("-y", "--yes", is_flag=True, help="Ask nothing.")


@click.command()
@click.argument("spec", required=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@spec_options
@click.option("--name", help="The job's name. [default: the spec's, and some digits]")
@click.option(
    "--replicas", type=click.IntRange(min=1), default=1, show_default=True, help="How many instances."
)
@click.option(
    "--put",
    "puts",
    multiple=True,
    metavar="LOCAL:@STAGE/FOLDER",
    help="Put a file, or a folder's files, on a stage first. Repeatable.",
)
@click.option("--wait/--detach", default=True, help="See the job through (default), or leave it alone.")
@click.option("--async", "wait", flag_value=False, help="The same as --detach.")
@timeout_option
@exit_code_option
@config_options(*CONNECTION_KEYS, "compute_pool", "stage", "eai")
@dry_run_option
@yes_option
@output_option
def run(
    config: Config,
    *,
    spec: str | None,
    args: tuple[str, ...],
    given: Mapping[str, Any],
    puts: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    out: Output,
    name: str | None,
    replicas: int,
    **following: Any,
) -> None:
    """Run SPEC, a file or a template, as a job: its output as it comes, and its exit code.

    The spec is checked before anything is sent, and the plan is shown: image, pool, price, when it ends. With
    --image there is no SPEC, and what follows -- is the command.
    """
    if not following["wait"] and following["timeout"] is not None:
        raise UsageError("--timeout needs --wait; with --detach nobody is there for it")
    from sfml.account import refuse_system_pool
    from sfml.services.run import put

    families = known_families(config)
    source = source_of(spec, args, given, config, families)
    ready_for(source, given, "job", families, None)
    uploads = [put(text, stage=config.stage) for text in puts]
    refuse_system_pool(config.compute_pool)
    with attached.begin(config, light=True) as opening:
        view = JobView(config=config, out=out, connection=opening.connection(), families=families)
        plan = view.plan(source, given, name=name, replicas=replicas, uploads=uploads)
        show_plan(plan, out)
        if dry_run:
            out.value(plan.described, text="")
            return
        agree(plan, out, yes=yes)
        view.start(plan, uploads)
        _stay(view, plan, **following)


def _stay(view: JobView, plan: Any, *, wait: bool, timeout: float | None, propagate_exit_code: bool) -> None:
    name = str(plan.wish.name)
    if wait:
        view.report(view.see_through(plan.subject, timeout=timeout), script_code=propagate_exit_code)
        return
    view.out.value({"name": name, "status": "PENDING"}, text=name)
    view.out.progress(f"see it through: {command('wait', name, view.config)}")

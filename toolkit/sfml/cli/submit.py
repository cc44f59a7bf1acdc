"""``sfml submit``: run a script or a folder as an ML Job, show its output, have its result."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sfml.cli import attached, planned
from sfml.cli.options import (
    CONNECTION_KEYS,
    config_options,
    duration,
    exit_code_option,
    result_option,
    size,
    timeout_option,
    verbose_option,
)
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.cli.planned import Asking, plan_options
from sfml.cli.repeating import Repeating, sweep_options
from sfml.config import Config
from sfml.errors import UsageError
from sfml.jobs import payload, request, results
from sfml.jobs.request import Request

# What a spec's file, or a template of one, ends in (services/source.py); scripts are .py.
_SPEC_SUFFIXES = (".yaml", ".yml", ".json", ".j2")
JOB_KEYS = ("compute_pool", "stage", "runtime", "eai", "hardware", "method", "artifact_repository")


class SubmitCommand(click.Command):
    """Hands specs and images on to ``sfml run``, and knows the mistake that everybody makes once."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        from sfml.cli.run_spec import run

        if names_spec(args, [*self.params, *run.params]):
            return run.make_context(info_name, args, parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            after = "Options of the script go after --, as in: sfml submit train.py -- --epochs 3"
            raise click.UsageError(f"{error.format_message()} {after}", ctx) from error


def names_spec(args: Sequence[str], params: Sequence[click.Parameter]) -> bool:
    """Whether these arguments are for a spec (``job.yaml``) or an image, and not for a script."""
    own = list(itertools.takewhile(lambda argument: argument != "--", args))
    if any(argument == "--image" or argument.startswith("--image=") for argument in own):
        return True
    valued = {
        flag
        for param in params
        if isinstance(param, click.Option) and not param.is_flag
        for flag in param.opts
    }
    positional = [
        argument
        for before, argument in zip(["", *own], own, strict=False)
        if not argument.startswith("-") and before not in valued
    ]
    return bool(positional) and Path(positional[0]).suffix in _SPEC_SUFFIXES


@click.command(cls=SubmitCommand)
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--entrypoint", metavar="FILE", help="The script to run, where PATH is a folder.")
@click.option("--name", metavar="NAME", help="The job's name before its suffix. [default: the script's]")
@click.option("--pip", multiple=True, metavar="REQUIREMENT", help="Install this in the job. Repeatable.")
@click.option(
    "--requirements",
    "requirement_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Install what this requirements.txt lists in the job. Repeatable.",
)
@click.option(
    "--env",
    "variables",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Set in the job; NAME alone: as here. Repeatable.",
)
@click.option(
    "--include",
    "included",
    multiple=True,
    metavar="NAME",
    help="Send this file or folder whatever ignores it, or takes it for a secret. Repeatable.",
)
@click.option("--tracked", is_flag=True, help="Send only what git tracks.")
@click.option("--max-payload", metavar="SIZE", callback=size, help="Send at most so much. [default: 500MB]")
@click.option("--nodes", type=click.IntRange(min=1), default=1, show_default=True, help="How many nodes.")
@click.option("--wait/--detach", default=True, help="See the job through (default), or leave it alone.")
@timeout_option
@click.option(
    "--max-runtime",
    metavar="TIME",
    callback=duration,
    help="Cancel the job when its script has run for so long, also when nobody is attached any more.",
)
@sweep_options
@result_option
@exit_code_option
@verbose_option
@config_options(*CONNECTION_KEYS, *JOB_KEYS)
@plan_options
@dry_run_option
@output_option
def submit(
    config: Config,
    *,
    asking: Asking,
    repeating: Repeating,
    path: Path,
    args: tuple[str, ...],
    entrypoint: str | None,
    name: str | None,
    pip: tuple[str, ...],
    requirement_files: tuple[Path, ...],
    variables: tuple[str, ...],
    included: tuple[str, ...],
    tracked: bool,
    max_payload: int | None,
    nodes: int,
    max_runtime: float | None,
    result_file: Path | None,
    dry_run: bool,
    out: Output,
    **following: Any,
) -> None:
    """Run PATH, a Python file, a folder, or a folder on a stage (@STAGE/PATH), as an ML Job.

    A container spec (.yaml), or --image: as `sfml run`.

    What follows -- goes to the script. Its output is shown as it comes, and at the end the value that it
    assigned to __return__. Ctrl-C leaves the job alone and says how to come back to it.
    """
    if not following["wait"] and (following["timeout"] is not None or result_file is not None):
        raise UsageError("--timeout and --result need --wait; with --detach nobody is there for them")
    repeating.check(wait=following["wait"], result_file=result_file)
    found = payload.chosen(
        payload.locate(path, entrypoint), include=included, tracked=tracked, max_bytes=max_payload
    )
    payload.check_script(found, config.runtime)
    wanted = request.checked(
        Request(
            payload=found,
            compute_pool=config.compute_pool,
            stage=config.stage,
            name=request.job_name(name, found),
            user=config.user,
            state=config.state,
            key=repeating.key,
            args=args,
            requirements=request.requirements(pip, requirement_files, found),
            eai=config.eai,
            env=request.environment(variables, os.environ),
            runtime=config.runtime,
            nodes=nodes,
            max_runtime=None if max_runtime is None else math.ceil(max_runtime),
            database=config.database,
            schema=config.schema,
            warehouse=config.warehouse,
        )
    )
    if result_file is not None:
        results.require_writable(result_file)
    if dry_run:
        planned.dry_run(config, wanted, asking, out)
        return
    _run(config, wanted, asking, repeating, result_file, out, **following)


def _run(
    config: Config,
    wanted: Request,
    asking: Asking,
    repeating: Repeating,
    result_file: Path | None,
    out: Output,
    *,
    wait: bool,
    timeout: float | None,
    propagate_exit_code: bool,
    verbose: bool,
) -> None:
    from sfml.jobs.definitions import Definitions
    from sfml.jobs.submit import load_client
    from sfml.jobs.submit import submit as submit_job
    from sfml.session import in_background

    known = Definitions(config.state).know(wanted.payload)
    with attached.begin(config, light=known and not wait) as opening:
        with attached.submitting():
            if not known:
                in_background(load_client)  # it takes longer than the plan
            wanted = planned.planned(config, wanted, asking, opening, out)
        if repeating.points:
            repeating.sweep(config, wanted, opening, out, wait=wait, timeout=timeout)
            return
        with attached.submitting():
            job = submit_job(opening, wanted)
        if not wait:
            out.value({"job_id": job.id, "status": job.status}, text=job.id)
            out.progress(f"see it through: {attached.command('wait', job.id, config)}")
            return
        out.progress(f"job {job.id} on {wanted.compute_pool}")
        in_background(load_client)  # it reads the result, once the job has ended
        view = attached.View(config=config, out=out, verbose=verbose, script_code=propagate_exit_code)
        attempts = repeating.attempts(opening, wanted, job.id, out)
        view.see_through_attempts(opening, attempts, timeout=timeout, result_file=result_file)

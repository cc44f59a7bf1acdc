"""``sfml runtime``: what the container runtime of a job really holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import click

from sfml.cli import attached
from sfml.cli.options import CONNECTION_KEYS, config_options, timeout_option
from sfml.cli.output import Output, output_option
from sfml.config import Config
from sfml.errors import InputError
from sfml.jobs import request
from sfml.jobs.payload import Payload
from sfml.jobs.request import Request


@click.group()
def runtime() -> None:
    """Measure what a job's container runtime holds."""


@runtime.command()
@timeout_option
@config_options(*CONNECTION_KEYS, "compute_pool", "stage", "runtime")
@output_option
def probe(config: Config, *, timeout: float | None, out: Output) -> None:
    """Run one tiny job that lists its packages, and keep the list for the plans of `sfml submit`.

    The list is kept for the image that a job on this pool gets; probe again for another runtime or a pool of
    other hardware.
    """
    from sfml.jobs.finish import finish
    from sfml.jobs.follow import Follower
    from sfml.jobs.plan import runtimes
    from sfml.jobs.submit import submit
    from sfml.session.rows import over

    if config.is_local:
        raise InputError(
            "the local backend has no runtime image: its jobs find this machine's environment",
            hint="name a connection of an account: --connection NAME",
        )
    with attached.begin(config) as opening:
        image = runtimes.image(over(opening.connection()), config.compute_pool, config.runtime)
        job = submit(opening, _probe(config))
        out.progress(f"job {job.id} on {config.compute_pool}, in {image}")
        with attached.detaching(job.id, config):
            follower = Follower(
                connection=opening.connection(), job_id=job.id, show=lambda _: None, notice=out.progress
            )
            outcome = finish(opening.session(), follower.run(timeout=timeout), shown=False, local=False)
    if outcome.error is not None:
        raise outcome.error
    path = runtimes.keep(config, image, outcome.value, today=datetime.now(UTC).date())
    known = {"image": image, "file": str(path), **outcome.value}
    out.value(known, text=f"{image}: {len(outcome.value['packages'])} packages, kept in {path}")


def _probe(config: Config) -> Request:
    from sfml.jobs.plan import probe as script

    path = Path(str(script.__file__))
    found = Payload(source=path, entrypoint=PurePosixPath(path.name))
    return request.checked(
        Request(
            payload=found,
            compute_pool=config.compute_pool,
            stage=config.stage,
            name="sfml_probe",
            user=config.user,
            runtime=config.runtime,
            database=config.database,
            schema=config.schema,
            warehouse=config.warehouse,
        )
    )

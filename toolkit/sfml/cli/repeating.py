"""``sfml submit`` more than once: sweeps, retries, and keys that make two submits one job."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sfml.cli.output import Output
from sfml.config import Config
from sfml.errors import InterruptedByUserError, JobFailedError, UsageError
from sfml.jobs.request import Request
from sfml.jobs.sweep import Point, arguments, backoff, points

if TYPE_CHECKING:
    from sfml.jobs.many import Run
    from sfml.session import Opening

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Repeating:
    """How often a job is to be run, and to be tried; no points: no sweep."""

    points: tuple[Point, ...] = ()
    retries: int = 0
    key: str | None = None

    def check(self, *, wait: bool, result_file: Path | None) -> None:
        """UsageError for flags that do not go together."""
        if self.retries and not wait:
            raise UsageError("--retries needs --wait; with --detach nobody is there to try again")
        if self.points and result_file is not None:
            raise UsageError(
                "--result takes one job's result; a sweep prints a table (-o json has all of it)"
            )

    def attempts(self, opening: Opening, request: Request, job_id: str, out: Output) -> Iterator[str]:
        """The job's id, and after each wait the id of the next attempt, as many as there may be."""
        from sfml.jobs.submit import submit

        yield job_id
        for attempt, pause in zip(range(self.retries), backoff(), strict=False):
            out.progress(f"attempt {attempt + 2} of {self.retries + 1} follows in {pause:g} s")
            time.sleep(pause)
            key = None if request.key is None else f"{request.key}\0{attempt + 1}"
            job = submit(opening, replace(request, key=key))
            out.progress(f"job {job.id} on {request.compute_pool}")
            yield job.id

    def sweep(
        self,
        config: Config,
        request: Request,
        opening: Opening,
        out: Output,
        *,
        wait: bool,
        timeout: float | None,
    ) -> None:
        """Run all points as jobs, and print what came of each; JobFailedError where one failed."""
        from sfml.jobs.many import Run, Sweep

        runs = [
            Run(point=point, request=replace(request, args=(*request.args, *arguments(point))))
            for point in self.points
        ]
        sweep = Sweep(
            opening=opening,
            runs=runs,
            retries=self.retries,
            state=config.state,
            local=config.is_local,
            notice=out.progress,
        )
        try:
            sweep.submit(runs)
            if wait:
                sweep.run(timeout=timeout)
        except KeyboardInterrupt:
            message = f"left the {sum(bool(run.job_id) for run in runs)} jobs of the sweep; they go on"
            raise InterruptedByUserError(message, hint="`sfml jobs list` shows them") from None
        finally:
            _show(runs, self.points[0], out, wait=wait)
        _require_success(runs)


def sweep_options(command: Decorated) -> Decorated:
    """Give a command the flags about repeating; it receives them as ``repeating``."""

    @functools.wraps(command)
    def collected(**values: Any) -> Any:
        sweeps, retries, key = (values.pop(name) for name in ("sweeps", "retries", "key"))
        found = tuple(points(sweeps)) if sweeps else ()
        return command(repeating=Repeating(points=found, retries=retries, key=key), **values)

    decorated: Any = collected
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


_OPTIONS = (
    click.option(
        "--sweep",
        "sweeps",
        multiple=True,
        metavar="NAME=V1,V2",
        help="Run a job for each value, as --NAME VALUE to the script; all combinations. Repeatable.",
    ),
    click.option(
        "--retries",
        type=click.IntRange(min=0, max=20),
        default=0,
        metavar="N",
        help="Submit a job that failed again, up to N times, waiting longer each time.",
    ),
    click.option(
        "--idempotency-key",
        "key",
        metavar="KEY",
        help="Submits with one key are one job: the second finds the first.",
    ),
)


def _show(runs: list[Run], first: Point, out: Output, *, wait: bool) -> None:
    rows = [run.row() for run in runs if run.job_id]
    columns = [*first, "job_id", "status", *(["attempts", "result"] if wait else [])]
    out.table(rows, columns)


def _require_success(runs: list[Run]) -> None:
    failed = [
        run for run in runs if run.problem or (run.outcome is not None and run.outcome.error is not None)
    ]
    if failed:
        first = failed[0].row()["error"]
        raise JobFailedError(
            f"{len(failed)} of {len(runs)} jobs did not end well; the first: {first}",
            hint=f"sfml jobs logs {failed[0].job_id}",
        )

"""A job of a spec that a command starts and stays with: its plan, its lines, its end, and Ctrl-C."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from sfml import sql
from sfml.cli.attached import ScriptFailedError
from sfml.cli.output import Output
from sfml.cli.spec_source import variables_of
from sfml.config import Config
from sfml.errors import InterruptedByUserError, JobFailedError, NoConnectionError, NotFinishedError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from sfml.services.evidence import Subject
    from sfml.services.follow import Ended
    from sfml.services.outcome import Outcome
    from sfml.services.plan import Plan
    from sfml.services.run import Put
    from sfml.services.source import Source
    from sfml.specs.families import Family

Given = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobView:
    """Where a job of a spec is started and shown."""

    config: Config
    out: Output
    connection: SnowflakeConnection
    families: Mapping[str, Family]

    def plan(
        self, source: Source, given: Given, *, name: str | None, replicas: int, uploads: Sequence[Put]
    ) -> Plan:
        """What would run, after a look at the pool."""
        from dataclasses import replace

        from sfml.services.prepare import prepare
        from sfml.services.run import job_name

        found = prepare(
            self.connection, self.config, source, "job", name or job_name(source.stem),
            families=self.families, env=variables_of(given), instances=(replicas, replicas),
        )  # fmt: skip
        return replace(found, uploads=tuple(map(str, uploads)))

    def start(self, plan: Plan, uploads: Sequence[Put]) -> None:
        """Put the files, then start the job."""
        from sfml.services import run

        try:
            run.upload(self.connection, uploads)
            run.start(self.connection, plan.wish, plan.pool)
        except KeyboardInterrupt:
            raise InterruptedByUserError(
                "interrupted while the job was being submitted",
                hint=f"whether it came into being: {command('describe', str(plan.wish.name), self.config)}",
            ) from None
        self.out.progress(f"job {plan.wish.name} on {plan.pool.name}")

    def see_through(self, subject: Subject, *, timeout: float | None) -> Outcome:
        """Show a job to its end, or a service until it is ready, and find out how that came about."""
        from sfml.services.follow import Follower
        from sfml.services.outcome import finish

        with staying(subject.name, self.config):
            ended = Follower(
                connection=self.connection,
                subject=subject,
                show=self.out.line,
                notice=self.out.progress,
                ready=subject.kind == "service",
            ).run(timeout=timeout)
            if subject.kind == "job":
                self._cancel_stuck(ended)
            logs = command("logs", subject.name, self.config)
            return finish(self.connection, ended, subject, logs_command=logs, shown=True)

    def _cancel_stuck(self, ended: Ended) -> None:
        """A job that can never start is not left on its node."""
        from sfml.services.status import cancel_job

        if ended.stuck is not None:
            cancel_job(self.connection, ended.status.job_id)
            self.out.progress(f"job {ended.status.job_id} cannot start and was cancelled")

    def report(self, outcome: Outcome, *, script_code: bool) -> None:
        """Print how it ended; raises the error that explains any end but a good one."""
        answer: dict[str, Any] = {"name": outcome.name, "status": outcome.status}
        error = outcome.error
        if error is None:
            self.out.value({**answer, "exit_code": 0 if outcome.status == "DONE" else None}, text="")
            self.out.progress(f"{outcome.name} {outcome.status}")
            return
        code = getattr(error, "script_code", None)
        if self.out.as_json:
            cause = outcome.diagnosis.cause if outcome.diagnosis else None
            self.out.value({**answer, "exit_code": code, "cause": cause, "error": str(error)})
        if script_code and isinstance(error, JobFailedError) and code:
            raise ScriptFailedError(str(error), hint=error.hint, script_code=code)
        raise error


def show_plan(plan: Plan, out: Output) -> None:
    """The plan and what to be careful about, on stderr."""
    for line in [*plan.wish.ready.warnings, *plan.lines, *(f"note: {text}" for text in plan.cautions)]:
        out.progress(line)


def agree(plan: Plan, out: Output, *, yes: bool) -> None:
    """Ask before something questionable is sent, where somebody is there to answer; click.Abort for no."""
    if yes or not (plan.cautions or plan.wish.ready.warnings):
        return
    if sys.stdin.isatty() and out.stderr.isatty():
        click.confirm("go ahead?", default=True, abort=True, err=True)


@contextmanager
def staying(name: str, config: Config) -> Iterator[None]:
    """Whatever ends the attachment but not the job, Ctrl-C above all, says how to come back."""
    hint = f"come back to it: {command('wait', name, config)}\nend it: {command('drop', name, config)}"
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedByUserError(f"left {name}; it goes on", hint=hint) from None
    except (NotFinishedError, NoConnectionError) as error:
        raise type(error)(str(error), hint=hint) from error


def command(verb: str, name: str | sql.Name, config: Config) -> str:
    """The command line for a service or job, with the connection where that was given by a flag."""
    chosen = config.origins.get("connection") == "--connection"
    connection = ["--connection", str(config.connection)] if chosen else []
    return shlex.join(["sfml", "service", verb, *connection, str(name)])

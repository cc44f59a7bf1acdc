"""A job that a command stays with: its lines, its result, Ctrl-C, and the command that comes back to it."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfml import session as sessions
from sfml.cli.output import Output
from sfml.config import Config, connections
from sfml.errors import (
    InterruptedByUserError,
    JobFailedError,
    NoConnectionError,
    NotFinishedError,
    NotFoundError,
    ResultError,
)
from sfml.session import Opening
from sfml.session.rows import Query, over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

    from sfml.jobs.finish import Outcome
    from sfml.jobs.follow import Followed
    from sfml.jobs.kept import Kept, Recorder
    from sfml.services.status import JobStatus


# What the connector loads for results as data frames, which Snowpark needs too; and for identities that a
# cloud gives to its machines, which one way to log in asks for.
_DATA_FRAMES = ("pandas", "numpy", "pyarrow")
_CLOUD_IDENTITIES = ("boto3", "botocore")


def begin(config: Config, *, light: bool = False) -> Opening:
    """Start to log in for a command; ``light`` where it needs statements only, and no session.

    Snowflake's clients log what they also raise; it is printed once.
    """
    logging.getLogger("snowflake").addHandler(logging.NullHandler())
    frames = _DATA_FRAMES if light else ()
    identities = () if _needs_identity(config) else _CLOUD_IDENTITIES
    return sessions.begin(config, without=(*frames, *identities))


def query(config: Config) -> Query:
    """A function that runs one statement and gives its rows; logs in now."""
    return over(begin(config, light=True).connection())


def _needs_identity(config: Config) -> bool:
    """Whether the login goes by the identity of the machine; so it may, where the connection is unknown."""
    if config.is_local:
        return False
    settings = connections(os.environ).get(str(config.connection))
    return settings is None or str(settings.value.get("authenticator", "")).upper() == "WORKLOAD_IDENTITY"


@dataclass(frozen=True, kw_only=True)
class View:
    """How a job is shown; ``script_code``: a failed job's own exit code becomes the command's."""

    config: Config
    out: Output
    verbose: bool
    script_code: bool

    def see_through(
        self, opening: Opening, job_id: str, *, timeout: float | None, result_file: Path | None
    ) -> None:
        """Show the job to its end and its result; raises what explains any end but a good one."""
        self.report(self._follow(opening, job_id, timeout), result_file)

    def see_through_attempts(
        self, opening: Opening, job_ids: Iterable[str], *, timeout: float | None, result_file: Path | None
    ) -> None:
        """See a job through, and where it fails the next one; raises what explains the end of the last."""
        outcome: Outcome | None = None
        for job_id in job_ids:
            if outcome is not None:
                self.out.progress(f"the attempt before: {outcome.error}")
            outcome = self._follow(opening, job_id, timeout)
            if not isinstance(outcome.error, JobFailedError):
                break
        assert outcome is not None
        self.report(outcome, result_file)

    def _follow(self, opening: Opening, job_id: str, timeout: float | None) -> Outcome:
        """Show the job to its end; how it ended."""
        from sfml.jobs import kept
        from sfml.jobs.follow import Follower

        with detaching(job_id, self.config), kept.recorder() as recorder:
            follower = Follower(
                connection=opening.connection(),
                job_id=job_id,
                show=self.out.line,
                notice=self.out.progress,
                verbose=self.verbose,
                record=recorder.line,
            )
            ended = follower.run(timeout=timeout)
            outcome = self.finish(opening.session(), ended, shown=True)
            self.keep(outcome, recorder)
        return outcome

    def keep(self, outcome: Outcome, recorder: Recorder) -> None:
        """Keep what the job leaves behind; that this fails is no failure of the job."""
        from sfml.jobs import keeping, kept

        store = kept.of(self.config.state, outcome.status.job_id)
        try:
            keeping.keep_followed(store, outcome, recorder)
        except OSError as error:
            self.out.progress(f"its log and result are not kept in {store.folder}: {error.strerror or error}")

    def finish(self, session: Session, ended: Followed, *, shown: bool) -> Outcome:
        """The outcome of a job that is over."""
        from sfml.jobs.finish import finish

        logs = f"{command('logs', ended.status.job_id, self.config)} --verbose"
        return finish(session, ended, shown=shown, local=self.config.is_local, logs_command=logs)

    def report(self, outcome: Outcome, result_file: Path | None) -> None:
        """Print the result, or raise the error that explains why there is none."""
        answer = {"job_id": outcome.status.job_id, "status": outcome.status.status}
        if outcome.error is not None:
            if self.out.as_json:
                code = getattr(outcome.error, "script_code", None)
                self.out.value({**answer, "error": str(outcome.error), "exit_code": code})
            raise self._with_code(outcome.error)
        self._show_result(outcome, answer, result_file)

    def _show_result(self, outcome: Outcome, answer: dict[str, Any], result_file: Path | None) -> None:
        from sfml.jobs import results

        if result_file is not None:
            results.save(outcome.value, result_file)
        value = results.as_json(outcome.value)
        if self.out.as_json:
            self.out.value({**answer, "result": value})
        elif outcome.value is not None:
            self.out.value(value, text=value if isinstance(value, str) else None)
        if not outcome.found:
            self.out.progress("the script ended before the launcher could write down what it returned")
        saved = f"; its result is in {result_file}" if result_file is not None else ""
        self.out.progress(f"job {outcome.status.job_id} {outcome.status.status}{saved}")

    def _with_code(self, error: Exception) -> Exception:
        if self.script_code and isinstance(error, JobFailedError) and error.script_code:
            return ScriptFailedError(str(error), hint=error.hint, script_code=error.script_code)
        return error


def find(connection: SnowflakeConnection, job_id: str, config: Config) -> tuple[JobStatus, Kept]:
    """A job's state, and what is kept of it here; one that was deleted counts as long as it is kept."""
    from sfml.jobs import kept
    from sfml.services.status import full_id, job_status

    name = full_id(connection, job_id)
    store = kept.of(config.state, name)
    try:
        found = job_status(connection, name)
    except NotFoundError:
        if not store.exists:
            raise
        return replace(store.status(), status="DELETED"), store
    if found.status == "DELETED" and not store.exists:
        raise NotFoundError(f"the job {found.job_id} was deleted, and nothing of it was kept here")
    return found, store


def keep_log(store: Kept, recorder: Recorder, out: Output) -> None:
    """Keep the log of a job that was followed to its end; that this fails is no failure of the job."""
    try:
        if store.log() is None:
            store.keep_log(recorder.lines())
    except OSError as error:
        out.progress(f"its log is not kept in {store.folder}: {error.strerror or error}")


def keep(opening: Opening, found: JobStatus, store: Kept, config: Config) -> ResultError | None:
    """Keep what a job that is over leaves behind; the error where its result cannot be read here."""
    from sfml.jobs import keeping

    try:
        if found.status != "DELETED":
            keeping.keep(opening, found, store, local=config.is_local)
    except ResultError as error:
        return error
    return None


class ScriptFailedError(JobFailedError):
    """A job that failed, where the command is to end with the script's own code."""

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        assert self.script_code is not None
        return self.script_code


@contextmanager
def detaching(job_id: str, config: Config) -> Iterator[None]:
    """Whatever ends the attachment but not the job, Ctrl-C above all, says how to come back."""
    back, end = command("wait", job_id, config), command("cancel", job_id, config)
    hint = f"come back to it: {back}\nend it: {end}"
    try:
        yield
    except KeyboardInterrupt:
        raise InterruptedByUserError(f"left the job {job_id}; it goes on", hint=hint) from None
    except (NotFinishedError, NoConnectionError) as error:
        raise type(error)(str(error), hint=hint) from error


@contextmanager
def submitting() -> Iterator[None]:
    """Ctrl-C before there is a job says so."""
    try:
        yield
    except KeyboardInterrupt:
        message = "interrupted while the job was being submitted"
        hint = "`sfml jobs list` shows whether it came into being"
        raise InterruptedByUserError(message, hint=hint) from None


def command(verb: str, job_id: str, config: Config) -> str:
    """The command line for a job, with the connection where that was given by a flag."""
    chosen = config.origins.get("connection") == "--connection"
    connection = ["--connection", str(config.connection)] if chosen else []
    return shlex.join(["sfml", "jobs", verb, *connection, job_id])

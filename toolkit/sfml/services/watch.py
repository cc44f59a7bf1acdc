"""A job or service being watched: its last state as soon as it has one, and its containers' logs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfml import sql
from sfml.services.logs import MISSING, Gap, Item, between, delays, plain
from sfml.services.status import JobStatus, job_status
from sfml.session import in_background
from sfml.session.rows import rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# One question to spcs_wait_for: below the 45 s after which Snowflake answers "ask again" (333333).
_WAIT_SECONDS = 25
# What SYSTEM$GET_SERVICE_LOGS says while there is no container yet (as the clients look for it).
_NOT_STARTED = ("PENDING", "Pending scheduling", "Waiting to start")


class Watch:
    """Knows when a job has ended, or what else ``until`` says; whoever waits is woken at once.

    It asks in the background, for ``state``.
    """

    def __init__(
        self,
        connection: SnowflakeConnection,
        job_id: str,
        *,
        until: Callable[[JobStatus], bool] = lambda status: status.is_over,
        state: str = "DONE",
    ) -> None:
        self.ended = threading.Event()
        self._until = until
        self._state = state
        self._connection = connection
        self._job_id = job_id
        self._status: Future[JobStatus] = in_background(self._wait)

    def status(self) -> JobStatus:
        """The job's last state; waits for it."""
        return self._status.result()

    def _wait(self) -> JobStatus:
        pause = delays(shortest=1, longest=15)
        try:
            while True:
                asked = time.monotonic()
                self._ask()
                status = job_status(self._connection, self._job_id)
                if self._until(status):
                    return status
                if time.monotonic() - asked < 1:  # spcs_wait_for is not there, or answers without waiting
                    time.sleep(next(pause))
        finally:
            self.ended.set()

    def _ask(self) -> None:
        from snowflake.connector.errors import ProgrammingError

        try:
            self._connection.cursor().execute(
                sql.wait_for(self._job_id, seconds=_WAIT_SECONDS, state=self._state)
            )
        except ProgrammingError:
            return  # the time is over, or the job ended in another state: the status says which


@dataclass(kw_only=True)
class LogReader:
    """Reads a job's log: the live one, and the kept one where a gap is to be filled."""

    connection: SnowflakeConnection
    job_id: str
    instance: int = 0
    container: str = "main"
    _timestamps: bool = True

    def window(self) -> str | None:
        """The last 100 KB of the log; None as long as there is no container."""
        from snowflake.connector.errors import ProgrammingError

        try:
            return self._read()
        except ProgrammingError as error:
            text = str(error.msg)
            if any(sign in text for sign in _NOT_STARTED):
                return None
            if self._timestamps:
                self._timestamps = False
                return self.window()
        kept = self.kept()
        return None if kept is None else "".join(f"{line}\n" for line in kept)

    def kept(self) -> list[str] | None:
        """The whole log, where the account keeps it."""
        from snowflake.connector.errors import ProgrammingError

        try:
            rows = rows_of(
                self.connection, sql.kept_logs(self.job_id, instance=self.instance, container=self.container)
            )
        except ProgrammingError:
            return None
        return [str(row["LOG"]) for row in rows]

    def fill(self, items: list[Item]) -> Iterator[str]:
        """The lines, with those of each gap, or a line that says that they are missing."""
        for item in items:
            if isinstance(item, Gap):
                missing = between([plain(line) for line in self.kept() or ()], item)
                yield from [MISSING] if missing is None else missing
            else:
                yield plain(item)

    def _read(self) -> str:
        cursor = self.connection.cursor()
        statement = sql.service_logs(
            self.job_id, instance=self.instance, container=self.container, timestamps=self._timestamps
        )
        cursor.execute(statement)
        row = cursor.fetchone()
        return str(row[0]) if row and row[0] is not None else ""

"""The statements that this server runs and has run: their state, their results, and how to stop them."""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sfml.emulator.cancellation import Cancellation, cancelled
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.results import Answer, Rows

_LOG = logging.getLogger(__name__)
_STOP_WITHIN = 5.0
_KEPT_QUERIES = 2_000
_KEPT_BYTES = 256 << 20
"""Results are kept until so many others, or bytes of others, came after them; Snowflake keeps them a day."""
_KEPT_TEXT = 10_000
_CELL = 64
_SETS_SECRET = re.compile(r"\b(?:create|alter)\b.*?\b(?:secret|user)\b", re.IGNORECASE | re.DOTALL)
_SECRET_VALUE = re.compile(r"\b(?:secret_string|password|username)\b", re.IGNORECASE)


class Status(StrEnum):
    """As ``/monitoring/queries`` says it; the connector's QueryStatus knows these words."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED_WITH_ERROR"
    ABORTED = "ABORTED"


@dataclass(kw_only=True, eq=False)
class Query:
    """One statement, from its start until it is forgotten. Its ``future`` holds the answer or the fault."""

    id: str
    context: Context
    text: str  # its beginning
    parameters: Mapping[str, object] = field(default_factory=dict)
    request_id: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    cancelled: Cancellation = field(default_factory=Cancellation)
    timed_out: bool = False
    children: tuple[str, ...] = ()
    future: Future[Answer] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.text = without_secrets(self.text)[:_KEPT_TEXT]

    @property
    def fault(self) -> Fault | None:
        """Why it failed; None while it runs and after success."""
        error = self.future.exception() if self.future.done() else None
        if error is None or isinstance(error, Fault):
            return error
        return internal_error()

    @property
    def status(self) -> Status:
        if not self.future.done():
            return Status.RUNNING
        if self.fault is None:
            return Status.SUCCESS
        return Status.ABORTED if self.cancelled.is_set() else Status.FAILED


def without_secrets(text: str) -> str:
    """The statement up to the value of a secret or a user's password, if it sets one."""
    found = _SETS_SECRET.search(text) and _SECRET_VALUE.search(text)
    return f"{text[: found.end()]} ****" if found else text


def history(query: Query) -> dict[str, object]:
    """One entry of ``/monitoring/queries``, as connection.py's ``_process_error_query_status`` reads it."""
    ended = query.ended or datetime.now(UTC)
    return {
        "id": query.id,
        "sqlText": query.text,
        "sessionId": query.context.session_id,
        "userName": query.context.user,
        "status": query.status.value,
        "state": query.status.value,
        "startTime": _milliseconds(query.started),
        "endTime": _milliseconds(ended) if query.ended else 0,
        "totalDuration": _milliseconds(ended) - _milliseconds(query.started),
        "errorCode": query.fault.code if query.fault else None,
        "errorMessage": query.fault.message if query.fault else "",
    }


class QueryLog:
    """All statements by id; safe to share between threads."""

    def __init__(self, *, workers: int = 512) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="statement")
        self._queries: OrderedDict[str, Query] = OrderedDict()
        self._by_request: dict[tuple[int, str], Query] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def start(self, query: Query, run: Callable[[Query], Answer]) -> Query:
        """Run the statement in a thread of its own; the same request sent again gets the same query."""
        key = (query.context.session_id, query.request_id)
        with self._lock:
            if query.request_id and key in self._by_request:
                return self._by_request[key]
            query.future = self._pool.submit(_work, query, run)
            self._queries[query.id] = query
            self._by_request[key] = query
        query.future.add_done_callback(lambda _: self._account(query))
        return query

    def in_background(self, call: Callable[[], None]) -> None:
        """Run something that no client waits for."""
        self._pool.submit(call).add_done_callback(_log_failure)

    def add_finished(self, query: Query, answer: Answer) -> None:
        """Record a statement that another one ran (a child of a multi-statement request)."""
        query.future.set_result(answer)
        query.ended = datetime.now(UTC)
        with self._lock:
            self._queries[query.id] = query
        self._account(query)

    def get(self, query_id: str) -> Query | None:
        return self._queries.get(query_id)

    def by_request(self, session_id: int, request_id: str) -> Query | None:
        return self._by_request.get((session_id, request_id))

    def answer(self, query_id: str) -> Answer:
        """The result of a finished statement."""
        query = self.get(query_id)
        if query is None:
            raise Fault("000709", "02000", f"Statement {query_id} not found")
        if query.fault is not None:
            raise query.fault
        if not query.future.done():
            raise Fault("000710", "02000", f"Statement {query_id} has not finished")
        return query.future.result()

    def cancel(self, query_id: str) -> bool:
        """Ask a running statement to stop; False when it is not running."""
        query = self.get(query_id)
        if query is None or query.future.done():
            return False
        query.cancelled.set()
        return True

    def cancel_session(self, session_id: int, *, besides: str = "") -> int:
        """Ask a session's running statements to stop, except ``besides``; how many they were."""
        mine = [q for q in self._running() if q.context.session_id == session_id and q.id != besides]
        return sum(self.cancel(query.id) for query in mine)

    def running(self) -> int:
        """How many statements are running."""
        return len(list(self._running()))

    def cancel_all(self) -> None:
        """Ask every running statement to stop."""
        for query in self._running():
            query.cancelled.set()

    def close(self) -> None:
        """Stop everything; waiting statements end as cancelled."""
        self.cancel_all()
        wait([query.future for query in self._running()], timeout=_STOP_WITHIN)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _running(self) -> Iterator[Query]:
        with self._lock:
            queries = list(self._queries.values())
        return (query for query in queries if not query.future.done())

    def _account(self, query: Query) -> None:
        """Forget the oldest finished statements when there are too many."""
        _log_failure(query.future)
        with self._lock:
            self._bytes += _size(query)
            for old in list(self._queries.values()):
                if len(self._queries) <= _KEPT_QUERIES and self._bytes <= _KEPT_BYTES:
                    return
                if old is not query and old.future.done():
                    self._forget(old)

    def _forget(self, query: Query) -> None:
        del self._queries[query.id]
        self._by_request.pop((query.context.session_id, query.request_id), None)
        self._bytes -= _size(query)


def _log_failure(future: Future[Any]) -> None:
    error = None if future.cancelled() else future.exception()
    if error is not None and not isinstance(error, Fault):
        _LOG.error("a bug of the local backend", exc_info=error)


def internal_error() -> Fault:
    """What a client reads of a bug; the traceback is in the server's log."""
    return Fault("000603", "XX000", "SQL execution internal error: see the local backend's log.")


def _work(query: Query, run: Callable[[Query], Answer]) -> Answer:
    try:
        query.cancelled.check()
        return run(query)
    except Fault as fault:
        raise _final(fault, query) from fault
    finally:
        query.ended = datetime.now(UTC)


def _final(fault: Fault, query: Query) -> Fault:
    """A cancelled statement says so, whatever its engine made of the interrupt."""
    if query.timed_out:
        message = "Statement reached its statement or warehouse timeout and was canceled."
        return Fault("000630", "57014", message)
    return cancelled() if query.cancelled.is_set() else fault


def _size(query: Query) -> int:
    """Roughly the memory that a finished statement holds."""
    failed = query.future.cancelled() or query.future.exception() is not None
    answer = None if failed else query.future.result()
    if not isinstance(answer, Rows):
        return 0
    texts = sum(len(cell) for row in answer.rows for cell in row if isinstance(cell, str | bytes))
    return texts + len(answer.rows) * len(answer.columns) * _CELL


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

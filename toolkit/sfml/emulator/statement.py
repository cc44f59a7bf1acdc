"""Running one request's statements: the only place that calls the handlers."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sfml.emulator import parameters
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.queries import Query, QueryLog
from sfml.emulator.request import Bind, Request
from sfml.emulator.results import Answer, Rows, StatementType, text_columns
from sfml.emulator.wire.requests import QueryRequest

if TYPE_CHECKING:
    from sfml.emulator.handlers.base import Backend

_REMEMBERED_IDS = 1_000


class Doors(Protocol):
    """The ingress, as the server sees it."""

    def token(self, form: Mapping[str, str]) -> str: ...

    def in_use(self) -> bool: ...

    def restart(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Language:
    """SQL, as the runner sees it: how to find a text's statements, execute one, and end a session."""

    execute: Callable[[Request, Context, Backend], Answer]
    split: Callable[[str], Sequence[str]]
    count_binds: Callable[[str], int]
    close_session: Callable[[Context, Backend], None]
    backend: Backend
    doors: Doors


class Runner:
    """Runs requests; waits for the language where it is not loaded yet."""

    def __init__(self, language: Callable[[], Language], queries: QueryLog) -> None:
        self._language = language
        self._queries = queries

    def start(self, asked: QueryRequest, context: Context, *, request_id: str) -> Query:
        """Begin the request's statement in a thread; the same request sent again is not run again."""
        query = Query(
            id=new_query_id(),
            context=context,
            text=asked.text,
            parameters=asked.parameters,
            request_id=request_id,
        )
        return self._queries.start(query, lambda started: self._run(started, asked))

    def end(self, context: Context) -> None:
        """The session is closed: let go of what lived as long as it did."""

        def forget() -> None:
            language = self._language()
            language.close_session(context, language.backend)

        self._queries.in_background(forget)

    def _run(self, query: Query, asked: QueryRequest) -> Answer:
        with _deadline(query):
            texts = self._statements(asked, query)
            if len(texts) > 1:
                return self._several(query, texts, asked.binds)
            request = Request(
                text=asked.text,
                binds=asked.binds,
                bind_rows=asked.bind_rows,
                describe_only=asked.describe_only,
                query_id=query.id,
                cancelled=query.cancelled,
            )
            return self._one(request, query.context)

    def _statements(self, asked: QueryRequest, query: Query) -> Sequence[str]:
        """The statements of the text, if it may have several; MULTI_STATEMENT_COUNT = 0 means any number."""
        wanted = int(str(_parameter(query, "MULTI_STATEMENT_COUNT")))
        if wanted == 1 and ";" not in asked.text:
            return (asked.text,)
        texts = self._language().split(asked.text)
        if wanted not in (0, len(texts)) and len(texts) > 0:
            message = (
                f"Actual statement count {len(texts)} did not match the desired statement count {wanted}."
            )
            raise Fault("000008", "0A000", message)
        return texts

    def _several(self, query: Query, texts: Sequence[str], binds: Sequence[Bind]) -> Answer:
        """Each statement as a query of its own, in order; the first fault ends it all."""
        left = list(binds)
        for text in texts:
            count = self._language().count_binds(text)
            mine, left = left[:count], left[count:]
            child = Query(id=new_query_id(), context=query.context, text=text, cancelled=query.cancelled)
            request = Request(text=text, binds=tuple(mine), query_id=child.id, cancelled=query.cancelled)
            self._queries.add_finished(child, self._one(request, query.context))
            query.children = (*query.children, child.id)
        return Rows(
            columns=text_columns("multiple statement execution"),
            rows=[("Multiple statements executed successfully.",)],
            statement=StatementType.MULTI,
        )

    def _one(self, request: Request, context: Context) -> Answer:
        request.cancelled.check()
        language = self._language()
        answer = language.execute(request, context, language.backend)
        if not request.describe_only:
            context.query_ids[:] = [*context.query_ids, request.query_id][-_REMEMBERED_IDS:]
        return answer


def new_query_id() -> str:
    """A query id; clients check that it is a UUID (connection.py, ``_get_query_status``)."""
    return str(uuid.uuid4())


def _parameter(query: Query, name: str) -> object:
    return parameters.value({**query.context.parameters, **query.parameters}, name)


@contextmanager
def _deadline(query: Query) -> Iterator[None]:
    """STATEMENT_TIMEOUT_IN_SECONDS, where it is not the default of two days."""
    name = "STATEMENT_TIMEOUT_IN_SECONDS"
    seconds = float(str(_parameter(query, name)))
    if not 0 < seconds < float(str(parameters.DEFAULTS[name])):
        yield
        return

    def expire() -> None:
        query.timed_out = True
        query.cancelled.set()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

"""The log of statements: idempotent requests, cancelling, forgetting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from sfml.emulator import queries as module
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid
from sfml.emulator.queries import Query, QueryLog, Status, history
from sfml.emulator.results import Answer, status


@pytest.fixture
def log() -> Iterator[QueryLog]:
    log = QueryLog()
    yield log
    log.close()


def query(number: int = 1, request: str = "", session: int = 1) -> Query:
    context = Context(session_id=session, user="U", role="R")
    return Query(id=f"q{number}", context=context, text="select 1", request_id=request)


def answer(_: Query) -> Answer:
    return status("done")


def settle(log: QueryLog) -> None:
    """Let the threads end: a result is there a moment before it is accounted for."""
    log._pool.shutdown(wait=True)


def until_cancelled(running: Query) -> Answer:
    running.cancelled.wait(10)
    raise invalid("the engine was interrupted")


def test_start__same_request_again__runs_once(log: QueryLog) -> None:
    ran: list[str] = []

    def run(started: Query) -> Answer:
        ran.append(started.id)
        return answer(started)

    first = log.start(query(1, "r"), run)
    second = log.start(query(2, "r"), run)
    assert second is first
    first.future.result(10)
    assert ran == ["q1"]


def test_start__same_request_id_in_another_session__is_another(log: QueryLog) -> None:
    first = log.start(query(1, "r", session=1), answer)
    assert log.start(query(2, "r", session=2), answer) is not first


def test_answer__finished__the_result(log: QueryLog) -> None:
    log.start(query(), answer).future.result(10)
    assert log.answer("q1") == status("done")


def test_answer__unknown_running_or_failed__faults(log: QueryLog) -> None:
    with pytest.raises(Fault, match="not found"):
        log.answer("nowhere")
    running = log.start(query(1), until_cancelled)
    with pytest.raises(Fault, match="has not finished"):
        log.answer("q1")
    log.cancel("q1")
    with pytest.raises(Fault, match="SQL execution canceled"):
        running.future.result(10)
    with pytest.raises(Fault, match="SQL execution canceled"):
        log.answer("q1")


def test_cancel__running__aborted_and_only_once(log: QueryLog) -> None:
    running = log.start(query(), until_cancelled)
    assert log.cancel("q1")
    running.future.exception(10)
    assert running.status is Status.ABORTED
    assert not log.cancel("q1")
    assert not log.cancel("nowhere")


def test_cancel_session__besides_the_one_that_asks__counts_the_others(log: QueryLog) -> None:
    mine = [log.start(query(n), until_cancelled) for n in (1, 2, 3)]
    other = log.start(query(4, session=2), until_cancelled)
    assert log.cancel_session(1, besides="q3") == 2
    assert [q.cancelled.is_set() for q in (*mine, other)] == [True, True, False, False]


def test_cancelled__callback_registered_by_a_blocking_call__is_called(log: QueryLog) -> None:
    interrupted = threading.Event()

    def run(running: Query) -> Answer:
        with running.cancelled.calling(interrupted.set):
            assert interrupted.wait(10)
        running.cancelled.check()
        return answer(running)

    running = log.start(query(), run)
    log.cancel("q1")
    assert isinstance(running.future.exception(10), Fault)


def test_bug__in_a_statement__internal_error_and_a_traceback_in_the_log(
    log: QueryLog, caplog: pytest.LogCaptureFixture
) -> None:
    def run(_: Query) -> Answer:
        raise KeyError("secret detail")

    failed = log.start(query(), run)
    with caplog.at_level(logging.ERROR):
        failed.future.exception(10)
        settle(log)
    assert failed.fault is not None
    assert failed.fault.code == "000603"
    assert "secret detail" not in failed.fault.message
    assert "KeyError" in caplog.text


def test_history__failed__code_and_text_for_the_client(log: QueryLog) -> None:
    def run(_: Query) -> Answer:
        raise invalid("no")

    failed = log.start(query(), run)
    failed.future.exception(10)
    entry = history(failed)
    assert (entry["status"], entry["errorCode"]) == ("FAILED_WITH_ERROR", "001008")


def test_finished__large_results__the_oldest_are_forgotten_and_the_newest_stays(
    log: QueryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT_BYTES", 10_000)
    for number in range(4):
        log.start(query(number, f"r{number}"), lambda _: status("x" * 6_000)).future.result(10)
    log.start(query(4), lambda _: status("y" * 20_000)).future.result(10)
    settle(log)
    assert [log.get(f"q{n}") is not None for n in range(5)] == [False, False, False, False, True]


def test_finished__more_than_are_kept__the_oldest_are_forgotten(
    log: QueryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT_QUERIES", 3)
    running = log.start(query(0), until_cancelled)
    for number in range(1, 6):
        log.start(query(number, f"r{number}"), answer).future.result(10)
    log.cancel("q0")
    running.future.exception(10)
    settle(log)
    assert [log.get(f"q{n}") is not None for n in range(6)] == [True, False, False, False, True, True]
    assert log.by_request(1, "r1") is None

"""Statements over the wire: results in both formats, long, asynchronous, several at once, cancelled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from typing import Any

import pytest
from snowflake.connector import DictCursor
from snowflake.connector.constants import QueryStatus
from snowflake.connector.errors import DatabaseError, ProgrammingError

Connect = Callable[..., Any]

TYPES = """
select 1::int as i, 12345678901234567890123456789012345678::number(38,0) as big, 1.50::number(10,2) as n,
       1.5::float as f, 'Zürich'::varchar as s, true as b, to_binary('00FF', 'HEX') as bin,
       '2024-02-29'::date as d, '23:59:59.123456'::time as t,
       '2024-11-29 12:12:47.310001'::timestamp_ntz as ntz, null::varchar as nothing,
       parse_json('{"a": [1, 2]}') as v
"""
VALUES = (
    1,
    12345678901234567890123456789012345678,
    Decimal("1.50"),
    1.5,
    "Zürich",
    True,
    b"\x00\xff",
    date(2024, 2, 29),
    clock_time(23, 59, 59, 123456),
    datetime(2024, 11, 29, 12, 12, 47, 310001),
    None,
)


@pytest.mark.parametrize("form", ["ARROW", "JSON"])
def test_select__all_types__same_values_in_both_formats(cursor: Any, form: str) -> None:
    cursor.execute(f"alter session set python_connector_query_result_format = '{form}'")
    row = cursor.execute(TYPES).fetchone()
    assert cursor._query_result_format == form.lower()
    assert row[: len(VALUES)] == VALUES
    # (The connector makes a bytearray of BINARY where the result is arrow.)
    assert [type(value) for value in row[:6]] == [type(value) for value in VALUES[:6]]
    assert "".join(row[-1].split()) == '{"a":[1,2]}'


def test_select__description__names_and_types_as_the_service_gives_them(cursor: Any) -> None:
    described = cursor.describe("select 1 as \"lower\", 'x'::varchar(5) as s, 1.5::number(4,1) as n")
    assert [column.name for column in described] == ["lower", "S", "N"]
    assert [column.type_code for column in described] == [0, 2, 0]
    assert described[2].scale == 1


def test_describe__insert__changes_nothing(cursor: Any) -> None:
    cursor.execute("create table t (a int)")
    cursor.describe("insert into t values (1)")
    assert cursor.execute("select count(*) from t").fetchone() == (0,)


def test_to_pandas__numbers_texts_and_moments__dtypes_that_pandas_users_get(cursor: Any) -> None:
    frame = cursor.execute(
        "select 1 as small, 3000000000 as large, 1.25::number(10,2) as n, 'a' as s, 1.5::float as f,"
        " '2024-01-01 00:00:00'::timestamp_ntz as ts from (values (1), (2))"
    ).fetch_pandas_all()
    assert [str(kind) for kind in frame.dtypes] == [
        "int8",
        "int64",
        "float64",
        "object",
        "float64",
        "datetime64[ns]",
    ]
    assert len(frame) == 2


def test_to_pandas__no_rows__columns_are_there(cursor: Any) -> None:
    frame = cursor.execute("select 1 as a where false").fetch_pandas_all()
    assert (list(frame.columns), len(frame)) == (["A"], 0)


def test_select__many_rows__all_of_them_in_order(cursor: Any) -> None:
    cursor.execute("select seq4() as n from table(generator(rowcount => 50000)) order by n")
    assert cursor.rowcount == 50_000
    assert [row[0] for row in cursor] == list(range(50_000))


def test_rows__as_dictionaries__by_column_name(connection: Any) -> None:
    rows = connection.cursor(DictCursor).execute("select 1 as a, 'x' as b").fetchall()
    assert rows == [{"A": 1, "B": "x"}]


@pytest.mark.parametrize(
    "value",
    [
        1,
        -(10**30),
        Decimal("1.25"),
        1.5,
        "o'clock \\ ; drop table t -- ü",
        True,
        None,
        date(1969, 12, 31),
        clock_time(1, 2, 3, 4),
        datetime(2024, 1, 2, 3, 4, 5, 678901),
        b"\x00\xff",
    ],
)
def test_bind__every_python_type__comes_back_as_it_was(cursor: Any, value: object) -> None:
    assert cursor.execute("select ?", (value,)).fetchone() == (value,)


def test_bind__aware_moment__same_instant(cursor: Any) -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    (found,) = cursor.execute("select ?", (("TIMESTAMP_LTZ", moment),)).fetchone()
    assert found == moment


def test_executemany__qmark__one_statement_for_all_rows(cursor: Any) -> None:
    cursor.execute("create table t (a int, b varchar, d date)")
    rows = [(n, f"row {n}", date(2024, 1, 1) + timedelta(days=n)) for n in range(500)]
    before = cursor.execute("select last_query_id(-1)").fetchone()
    cursor.executemany("insert into t values (?, ?, ?)", rows)
    assert cursor.rowcount == 500
    assert cursor.execute("select last_query_id(-2)").fetchone() != before
    assert cursor.execute("select a, b, d from t order by a").fetchall() == rows


def test_dml__counts__as_rowcount(cursor: Any) -> None:
    cursor.execute("create table t (a int)")
    assert cursor.execute("insert into t values (1), (2), (3)").rowcount == 3
    assert cursor.execute("update t set a = a + 1 where a > 1").rowcount == 2
    assert cursor.execute("delete from t").rowcount == 3


def test_failure__of_a_statement__code_state_and_query_id(cursor: Any) -> None:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("select * from no_such_table")
    assert (caught.value.errno, caught.value.sqlstate) == (2003, "42S02")
    assert caught.value.sfqid
    assert "Traceback" not in str(caught.value)


@pytest.mark.slow
def test_long_statement__longer_than_the_server_answers_at_once__the_client_waits_for_it(cursor: Any) -> None:
    assert cursor.execute("call system$wait(2.5)").fetchone() == ("waited 2.5 seconds",)


@pytest.mark.slow
def test_async__until_it_is_done__status_and_result(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute_async("call system$wait(1)")
    query_id = cursor.sfqid
    assert connection.get_query_status(query_id) is QueryStatus.RUNNING
    cursor.get_results_from_sfqid(query_id)
    assert cursor.fetchall() == [("waited 1 seconds",)]
    assert connection.get_query_status(query_id) is QueryStatus.SUCCESS


def test_async__failing__status_tells_the_error(connection: Any) -> None:
    cursor = connection.cursor()
    cursor.execute_async("select * from no_such_table")
    while connection.is_still_running(connection.get_query_status(cursor.sfqid)):
        time.sleep(0.01)
    with pytest.raises(ProgrammingError, match="NO_SUCH_TABLE"):
        connection.get_query_status_throw_if_error(cursor.sfqid)


def test_result__of_another_user_s_statement__not_found(connect: Connect) -> None:
    mine = connect()
    cursor = mine.cursor()
    cursor.execute("select 1")
    mine.cursor().execute("create user if not exists other password = 'Geheim123' default_role = public")
    theirs = connect(user="OTHER", password="Geheim123", role="PUBLIC")
    with pytest.raises(DatabaseError):
        theirs.cursor().query_result(cursor.sfqid)


@pytest.mark.slow
def test_timeout__of_the_client__the_statement_is_cancelled_on_the_server(connection: Any) -> None:
    begun = time.monotonic()
    # Which of the two it is depends on whether the client hears of the cancellation before it gives up.
    words = "cancelled by the client due to a timeout|SQL execution canceled"
    with pytest.raises(ProgrammingError, match=words):
        connection.cursor().execute("call system$wait(60)", timeout=1)
    assert time.monotonic() - begun < 55  # the statement itself takes 60


def result_of(cursor: Any) -> Any:
    cursor.get_results_from_sfqid(cursor.sfqid)
    return cursor.fetchall()


@pytest.mark.slow
def test_cancel__by_id_from_another_session__the_waiting_client_hears_of_it(connect: Connect) -> None:
    waiting = connect()
    cursor = waiting.cursor()
    cursor.execute_async("call system$wait(60)")
    connect().cursor().execute("select system$cancel_query(?)", (cursor.sfqid,))
    with pytest.raises(DatabaseError) as caught:
        result_of(cursor)
    assert caught.value.errno == 604


@pytest.mark.slow
def test_statement_timeout__session_parameter__cancelled_with_its_code(cursor: Any) -> None:
    cursor.execute("alter session set statement_timeout_in_seconds = 1")
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("call system$wait(60)")
    assert caught.value.errno == 630


def test_several_statements__in_one_request__a_result_each(cursor: Any) -> None:
    cursor.execute(
        "create table t (a int); insert into t values (?), (?); select a from t where a > ? order by a",
        (1, 2, 1),
        num_statements=3,
    )
    assert cursor.fetchall() == [("Table T successfully created.",)]
    assert cursor.nextset().fetchall() == [(2,)]
    assert cursor.nextset().fetchall() == [(2,)]
    assert cursor.nextset() is None


def test_several_statements__another_count_than_said__refused_before_anything_runs(cursor: Any) -> None:
    with pytest.raises(
        ProgrammingError, match="Actual statement count 2 did not match the desired"
    ) as caught:
        cursor.execute("create table t (a int); select 1")
    assert caught.value.errno == 8
    with pytest.raises(ProgrammingError):
        cursor.execute("select * from t")


def test_several_statements__one_fails__those_before_it_are_done(cursor: Any) -> None:
    with pytest.raises(ProgrammingError, match="NO_SUCH_TABLE"):
        cursor.execute("create table t (a int); select * from no_such_table; drop table t", num_statements=0)
    assert cursor.execute("select count(*) from t").fetchone() == (0,)


def test_execute_string__script_with_comments__a_cursor_for_each(connection: Any) -> None:
    cursors = connection.execute_string("-- one\nselect 1; /* two; */ select 'a;b';\n")
    assert [cursor.fetchall() for cursor in cursors] == [[(1,)], [("a;b",)]]


def test_result_scan__of_a_show__by_id_and_last(cursor: Any) -> None:
    cursor.execute("show databases")
    query_id = cursor.sfqid
    rows = cursor.execute(f"select \"name\" from table(result_scan('{query_id}'))").fetchall()
    assert ("LOCAL",) in rows
    assert cursor.execute("select count(*) from table(result_scan(last_query_id()))").fetchone() == (
        len(rows),
    )


def test_sessions__eight_at_once__nobody_loses_or_doubles_a_row(connect: Connect, database: str) -> None:
    connections = [connect(database=database, schema="PUBLIC") for _ in range(8)]
    connections[0].cursor().execute("create table t (worker int, n int)")
    failures: list[BaseException] = []

    def work(number: int) -> None:
        cursor = connections[number].cursor()
        try:
            for n in range(20):
                cursor.execute("insert into t values (?, ?)", (number, n))
        except ProgrammingError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    counts = (
        connections[0].cursor().execute("select count(*), count(distinct worker * 100 + n) from t").fetchone()
    )
    assert counts == (160, 160)


def test_request__sent_again_with_the_same_id__runs_once(connection: Any) -> None:
    import uuid

    connection.cursor().execute("create table t (a int)")
    request = uuid.uuid4()
    first = connection.cmd_query("insert into t values (1)", 1, request)
    again = connection.cmd_query("insert into t values (1)", 1, request)
    assert first["data"]["queryId"] == again["data"]["queryId"]
    assert connection.cursor().execute("select count(*) from t").fetchone() == (1,)


def test_pyformat__values_with_quotes__arrive_as_they_were(connect: Connect) -> None:
    cursor = connect(paramstyle="pyformat").cursor()
    text = "it's \\ a \n line; -- '' %"
    assert cursor.execute("select %s, %s", (text, 1.5)).fetchone() == (text, 1.5)

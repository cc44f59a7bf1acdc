"""SQL through the real connector: types, names, binds, bulk loads, transactions, SHOW, errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from snowflake.connector import DictCursor
from snowflake.connector.errors import ProgrammingError
from snowflake.connector.pandas_tools import write_pandas

Connect = Callable[..., Any]

# What the connector's own write_pandas calls of pandas.
pytestmark = pytest.mark.filterwarnings("ignore:is_datetime64tz_dtype is deprecated:DeprecationWarning")


def rows(cursor: Any, text: str, *binds: object) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = cursor.execute(text, binds or None).fetchall()
    return found


def names(cursor: Any) -> list[str]:
    return [column.name for column in cursor.description]


def test_create_insert_select__counts_and_rows__as_at_snowflake(cursor: Any) -> None:
    assert rows(cursor, "create table t (a int, b varchar(10), c timestamp_ntz)") == [
        ("Table T successfully created.",)
    ]
    cursor.execute("insert into t values (1, 'x', '2024-01-01'), (2, null, null)")
    assert cursor.rowcount == 2
    assert rows(cursor, "select * from t order by a") == [(1, "x", datetime(2024, 1, 1)), (2, None, None)]
    assert names(cursor) == ["A", "B", "C"]
    assert cursor.execute("update t set b = 'y' where a = 2").rowcount == 1
    assert cursor.execute("delete from t").rowcount == 2


def test_select__columns_without_alias__named_by_their_text(cursor: Any) -> None:
    rows(cursor, "select 1+1, count(*), 'a', current_role() from (select 1)")
    assert names(cursor) == ["1+1", "COUNT(*)", "'A'", "CURRENT_ROLE()"]
    rows(cursor, "select current_user(), 1")
    assert names(cursor) == ["CURRENT_USER()", "1"]


def test_binds__every_type__come_back_as_they_went(cursor: Any) -> None:
    moment = datetime(2024, 2, 29, 12, 30, 45, 123456)
    values = (1, -2.5, Decimal("3.25"), 'it\'s \\ "quoted"\n', True, None, date(2024, 2, 29), b"\x00\xff")
    found = rows(cursor, "select ?, ?, ?, ?, ?, ?, ?, ?", *values)[0]
    assert found == values
    assert rows(cursor, "select ?::timestamp_ntz", ("TIMESTAMP_NTZ", moment)) == [(moment,)]
    assert rows(cursor, "select :2, :1", "a", "b") == [("b", "a")]


def test_executemany__qmark__all_rows_in_one_statement(cursor: Any) -> None:
    cursor.execute("create table t (a int, b varchar, c float, d date)")
    cursor.executemany(
        "insert into t (a, b, c, d) values (?, ?, ?, ?)",
        [(n, f"row {n}", n / 4, date(2024, 1, 1)) for n in range(300)],
    )
    assert cursor.rowcount == 300
    assert rows(cursor, "select count(*), sum(a), max(b), sum(c) from t") == [(300, 44850, "row 99", 11212.5)]


def test_executemany__pyformat__rows_are_there(connect: Connect, database: str) -> None:
    cursor = connect(database=database, schema="PUBLIC", paramstyle="pyformat").cursor()
    cursor.execute("create table t (a int, b varchar)")
    cursor.executemany("insert into t values (%s, %s)", [(1, "it's"), (2, None), (3, "c\\d")])
    assert rows(cursor, "select * from t order by a") == [(1, "it's"), (2, None), (3, "c\\d")]


def test_multi_statement__each_with_its_result(cursor: Any) -> None:
    cursor.execute(
        "create table t (a int); insert into t values (1), (2); select sum(a) s from t", num_statements=3
    )
    assert cursor.fetchall() == [("Table T successfully created.",)]
    assert cursor.nextset()
    assert cursor.fetchall() == [(2,)]
    assert cursor.nextset()
    assert cursor.fetchall() == [(3,)]
    assert not cursor.nextset()


def test_multi_statement__wrong_count__refused_before_anything_runs(cursor: Any) -> None:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("create table t (a int); select 1")
    assert caught.value.errno == 8
    assert rows(cursor, "show tables") == []


def test_result_scan__over_show__a_query_on_it(cursor: Any, database: str) -> None:
    cursor.execute("create stage st comment = 'mine'")
    cursor.execute("show stages")
    text = """select "name", "comment" from table(result_scan(last_query_id())) where "type" = ?"""
    found = rows(cursor, text, "INTERNAL")
    assert found == [("ST", "mine")]


def test_describe__without_running__columns_and_types(cursor: Any) -> None:
    cursor.execute("create table t (a int, b varchar, c variant, d number(10, 2))")
    described = cursor.describe("select a, b, c, d, a + 1 from t")
    assert [column.name for column in described] == ["A", "B", "C", "D", "A + 1"]
    assert [column.type_code for column in described] == [0, 2, 5, 0, 0]
    assert described[3].scale == 2
    cursor.describe("insert into t (a) values (1)")
    assert rows(cursor, "select count(*) from t") == [(0,)]


def test_pandas__write_and_read__same_frame(connection: Any, cursor: Any) -> None:
    frame = pd.DataFrame(
        {"A": [1, 2, 3], "name": ["x", None, "z"], "F": [0.5, 1.5, None], "B": [True, False, True]}
    )
    cursor.execute('create table t (A int, "name" varchar, F float, B boolean)')
    success, _, count, _ = write_pandas(connection, frame, "T")
    assert (success, count) == (True, 3)
    read = cursor.execute("select * from t order by a").fetch_pandas_all()
    assert list(read.columns) == ["A", "name", "F", "B"]
    assert read["A"].tolist() == [1, 2, 3]
    assert read["name"].tolist() == ["x", None, "z"]
    assert read["B"].tolist() == [True, False, True]
    assert read["F"].isna().tolist() == [False, False, True]


def test_pandas__auto_create_and_overwrite__the_new_frame_alone(connection: Any, cursor: Any) -> None:
    first = pd.DataFrame({"A": [1, 2], "T": [datetime(2024, 1, 1, 10), datetime(2024, 1, 2)]})
    write_pandas(connection, first, "AUTO", auto_create_table=True, use_logical_type=True)
    assert rows(cursor, "select * from auto order by a") == [
        (1, datetime(2024, 1, 1, 10)), (2, datetime(2024, 1, 2)),
    ]  # fmt: skip
    second = pd.DataFrame({"A": [9], "S": ["new"]})
    write_pandas(connection, second, "AUTO", auto_create_table=True, overwrite=True)
    assert rows(cursor, "select * from auto") == [(9, "new")]


def test_variant__arrow_and_json__as_json_text(cursor: Any) -> None:
    for form in ("arrow", "json"):
        cursor.execute(f"alter session set python_connector_query_result_format = '{form}'")
        found = rows(
            cursor,
            "select parse_json('{\"a\": [1]}') v, array_construct(1, 'x') a, v:a[0]::int n from (select 1)",
        )
        assert found == [('{\n  "a": [\n    1\n  ]\n}', '[\n  1,\n  "x"\n]', 1)]


def test_time_zone__of_the_session__decides_what_ltz_shows(cursor: Any) -> None:
    cursor.execute("alter session set timezone = 'America/New_York'")
    found = rows(cursor, "select '2024-07-01 12:00:00 +00:00'::timestamp_ltz")[0][0]
    assert found == datetime(2024, 7, 1, 12, tzinfo=UTC)
    assert found.utcoffset().total_seconds() == -4 * 3600


def test_transaction__autocommit_off__rolled_back_and_committed(connect: Connect, database: str) -> None:
    one = connect(database=database, schema="PUBLIC", autocommit=False)
    other = connect(database=database, schema="PUBLIC").cursor()
    cursor = one.cursor()
    cursor.execute("create table t (a int)")
    cursor.execute("insert into t values (1)")
    assert rows(other, "select count(*) from t") == [(0,)]
    one.rollback()
    assert rows(cursor, "select count(*) from t") == [(0,)]
    cursor.execute("insert into t values (2)")
    one.commit()
    assert rows(other, "select a from t") == [(2,)]


def test_current__everything_the_login_said(cursor: Any, database: str) -> None:
    found = rows(
        cursor,
        "select current_database(), current_schema(), current_role(), current_warehouse(), current_account(),"
        " current_region(), current_version() is null, current_session()",
    )
    assert found[0][:4] == (database, "PUBLIC", "ACCOUNTADMIN", "COMPUTE_WH")
    assert found[0][7] == str(cursor.connection.session_id)
    assert cursor.connection.database == database


def test_use_and_create__the_connection_follows(cursor: Any, database: str) -> None:
    cursor.execute("create schema s1")
    assert cursor.connection.schema == "S1"
    cursor.execute("use schema public")
    assert cursor.connection.schema == "PUBLIC"
    cursor.execute("use warehouse compute_wh")
    cursor.execute("use role sysadmin")
    assert (cursor.connection.role, cursor.connection.warehouse) == ("SYSADMIN", "COMPUTE_WH")


def test_show__parameters_regions_schemas_warehouses__by_column_name(connection: Any, database: str) -> None:
    cursor = connection.cursor(DictCursor)
    (parameter,) = cursor.execute("show parameters like 'timezone'").fetchall()
    assert (parameter["key"], parameter["value"]) == ("TIMEZONE", "UTC")
    assert len(cursor.execute("show regions").fetchall()) == 1
    schemas = cursor.execute(f"show schemas in database {database}").fetchall()
    assert [row["name"] for row in schemas] == ["INFORMATION_SCHEMA", "PUBLIC"]
    assert all(row["created_on"].tzinfo is not None for row in schemas)
    (warehouse,) = cursor.execute("show warehouses like 'compute%'").fetchall()
    assert (warehouse["name"], warehouse["is_current"]) == ("COMPUTE_WH", "Y")


@pytest.mark.parametrize(
    ("text", "errno", "sqlstate", "words"),
    [
        ("selec 1", 1003, "42000", "syntax error line 1 at position 0 unexpected 'selec'"),
        ("select * from nope", 2003, "42S02", "Object 'NOPE' does not exist or not authorized"),
        ("select nope from (select 1 a)", 904, "42000", "invalid identifier 'NOPE'"),
        ("create table t (a int)", 2002, "42710", "Object 'T' already exists"),
        ("select 'x'::int", 100038, "22018", "Numeric value 'x' is not recognized"),
        ("select 1 / 0", 100051, "22012", "Division by zero"),
        ("use database nope", 2043, "02000", "Object does not exist"),
        ("describe stage nope", 2003, "02000", "does not exist or not authorized"),
        ("create procedure p() returns int language sql as 'x'", 2, "0A000", "CREATE PROCEDURE"),
        ("create or replace model m from y", 2, "0A000", "CREATE MODEL"),
        ("show models", 2, "0A000", "SHOW MODEL"),
        ("", 900, "42601", "Empty SQL statement"),
    ],
)  # fmt: skip
def test_error__wrong_statement__number_state_and_text(
    cursor: Any, text: str, errno: int, sqlstate: str, words: str
) -> None:
    cursor.execute("create table if not exists t (a int)")
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(text or "-- nothing")
    assert (caught.value.errno, caught.value.sqlstate) == (errno, sqlstate)
    assert words in str(caught.value)
    assert rows(cursor, "select 1") == [(1,)]


def test_session_end__temporary_table_and_stage__gone(connect: Connect, database: str) -> None:
    first = connect(database=database, schema="PUBLIC")
    first.cursor().execute("create temp table t (a int)")
    first.cursor().execute("create temp stage st")
    first.close()
    second = connect(database=database, schema="PUBLIC").cursor()
    with pytest.raises(ProgrammingError):
        second.execute("select * from t")
    assert rows(second, "show stages") == []


def test_privileges__role_without_any__refused_until_granted(
    connect: Connect, cursor: Any, database: str
) -> None:
    role, user = f"R_{database[-8:]}", f"U_{database[-8:]}"
    for text in (f"create role {role}", f"create user {user} password = 'Secret-123' default_role = {role}",
                 f"grant role {role} to user {user}", "create stage st"):  # fmt: skip
        cursor.execute(text)
    limited = connect(
        user=user, password="Secret-123", role=role, database=database, schema="PUBLIC"
    ).cursor()
    with pytest.raises(ProgrammingError) as caught:
        limited.execute("list @st")
    assert caught.value.errno == 2003
    with pytest.raises(ProgrammingError) as caught:
        limited.execute("create stage mine")
    assert (caught.value.errno, "schema 'PUBLIC'" in str(caught.value)) == (3001, True)
    cursor.execute(f"grant read on stage st to role {role}")
    cursor.execute(f"grant create stage on schema public to role {role}")
    assert limited.execute("list @st").fetchall() == []
    limited.execute("create stage mine")
    cursor.execute(f"drop user {user}")
    cursor.execute(f"drop role {role}")

"""The SQL engine behind its door: results, types, names and faults."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine_sql import Sql
from sfml.emulator.cancellation import Cancellation
from sfml.emulator.engine import Place
from sfml.emulator.faults import Fault
from sfml.emulator.request import Bind
from sfml.emulator.results import Column, Rows, StatementType, Type, text_columns


def cells(answer: Rows) -> list[tuple[str, object]]:
    return [(column.name, cell) for column, cell in zip(answer.columns, answer.rows[0], strict=True)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("select 1 + 1", Type.FIXED, 2),
        ("select 1.25 * 2", Type.FIXED, Decimal("2.50")),
        ("select 1.5::float", Type.REAL, 1.5),
        ("select 'a' || 'b'", Type.TEXT, "ab"),
        ("select 1 = 1", Type.BOOLEAN, True),
        ("select '2024-02-29'::date + 1", Type.DATE, date(2024, 3, 1)),
        ("select '2024-01-01 10:00:00.5'::timestamp_ntz", Type.TIMESTAMP_NTZ,
         datetime(2024, 1, 1, 10, 0, 0, 500000)),
        ("select '2024-01-01 10:00:00 +02:00'::timestamp_tz", Type.TIMESTAMP_LTZ,
         datetime(2024, 1, 1, 8, tzinfo=UTC)),
        ("select to_binary('ff00')", Type.BINARY, b"\xff\x00"),
        ("select parse_json('{\"a\": [1]}')", Type.VARIANT, '{\n  "a": [\n    1\n  ]\n}'),
        ("select parse_json('{\"a\": [1, 2]}'):a[1]::int", Type.FIXED, 2),
        ("select sum(column1) from values (1), (2)", Type.FIXED, 3),
        ("select sum(column1) from values ('1.5'), ('2')", Type.REAL, 3.5),
        ("select null + 1", Type.FIXED, None),
        ("select coalesce(parse_json('{\"R\": 3}')['R'], 1)", Type.VARIANT, "3"),
        ("select array_construct(1, 'x', null) from (select 1)", Type.VARIANT, '[\n  1,\n  "x",\n  null\n]'),
        ("select 12345678901234567890123456789012345678::number(38, 0)", Type.FIXED,
         12345678901234567890123456789012345678),
        ("select 7::numeric(5)", Type.FIXED, 7),
        ("select {'a': 1, 'B': {'c': null}} from (select 1)", Type.VARIANT,
         '{\n  "a": 1,\n  "B": {\n    "c": null\n  }\n}'),
        ("select ltrim('xxa', 'x') || rtrim('axx', 'x') || trim('xax', 'x')", Type.TEXT, "aaa"),
        ("select iff(1 > 2, 'x', 'y')", Type.TEXT, "y"),
    ],
)  # fmt: skip
def test_run__expression__typed_value(sql: Sql, text: str, kind: Type, value: object) -> None:
    answer = sql.run(text)
    assert (answer.columns[0].type, answer.rows[0][0]) == (kind, value)
    assert answer.statement is StatementType.SELECT


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select 1+1, 'x' || 'y' as z, Max(column1) from values (1)", ["1+1", "Z", "MAX(COLUMN1)"]),
        ('select column1, column1 b, column1 as "c d" from values (1)', ["COLUMN1", "B", "c d"]),
        ("select *, 1 + 1, count(*) over () from (select 1 a, 2 b)", ["A", "B", "1 + 1", "COUNT(*) OVER ()"]),
        ("with t as (select 1 a) select t.a, t.a + 1 from t", ["A", "T.A + 1"]),
        ("select $1 as a, $2 from values (1, 2)", ["A", "$2"]),
    ],
)
def test_run__select__columns_named_as_snowflake_does(sql: Sql, text: str, names: list[str]) -> None:
    assert [column.name for column in sql.run(text).columns] == names


def test_run__create_insert_select__rows_and_counts(sql: Sql) -> None:
    assert sql.rows("create or replace table t1 (a int, b varchar(10))") == [
        ("Table T1 successfully created.",)
    ]
    inserted = sql.run("insert into t1 values (1, 'x'), (2, 'y')")
    assert cells(inserted) == [("number of rows inserted", 2)]
    assert inserted.affected == 2
    assert sql.run("update t1 set b = 'z' where a = 1").affected == 1
    merged = sql.run(
        "merge into t1 using (select 2 a, 'q' b union all select 3, 'r') s on t1.a = s.a"
        " when matched then update set b = s.b when not matched then insert values (s.a, s.b)"
    )
    assert merged.affected == 2
    assert sql.rows("select * from t1 order by a") == [(1, "z"), (2, "q"), (3, "r")]
    assert sql.run("delete from t1 where a > 1").affected == 2
    assert sql.rows("drop table t1") == [("T1 successfully dropped.",)]


def test_run__insert_overwrite_from_itself__the_rows_survive(sql: Sql) -> None:
    sql.run("create or replace table t17 as select column1 a from values (1), (2), (3)")
    answer = sql.run("insert overwrite into t17 select a * ? from t17 where a > 1",
                     binds=[Bind(type="FIXED", value=10)])  # fmt: skip
    assert answer.affected == 2
    assert sql.rows("select a from t17 order by a") == [(20,), (30,)]


def test_run__drop_if_exists__says_whether_it_was_there(sql: Sql) -> None:
    sql.run("create or replace view v1 as select 1 a")
    assert sql.rows("drop view if exists v1") == [("V1 successfully dropped.",)]
    absent = [("Drop statement executed successfully (V1 already dropped).",)]
    assert sql.rows("drop view if exists db.public.v1") == absent


def test_run__unusual_names_of_database_and_schema__used_as_they_are(sql: Sql) -> None:
    place = Place(database="my db", schema="a s")
    sql.run('create or replace table "a t" ("x y" int)', place=place)
    sql.run('insert into "my db"."a s"."a t" values (5)', place=place)
    assert sql.rows('select "x y" from "a t"', place=place) == [(5,)]
    assert [relation.name for relation in sql.engine.relations("my db", "a s")] == ["a t"]


def test_run__ddl_without_an_own_text__status(sql: Sql) -> None:
    sql.run("create or replace table t2 (a int)")
    for text in ("comment on table t2 is 'c'", "alter table t2 add column b int", "truncate table t2"):
        answer = sql.run(text)
        assert (answer.columns[0].name, answer.rows) == ("status", [("Statement executed successfully.",)])
        assert answer.statement is StatementType.DDL


def test_run__describe_table__snowflakes_types(sql: Sql) -> None:
    sql.run("create or replace table t15 (a int, b varchar(7), c text, d number(10, 2), e float, f variant)")
    sql.run("create or replace table t16 as select 1 a, sum(a) b, uuid_string() c, true d from t15")
    assert [row[1] for row in sql.rows("describe table t15")] == [
        "NUMBER(38,0)", "VARCHAR(7)", "VARCHAR(16777216)", "NUMBER(10,2)", "FLOAT", "VARIANT",
    ]  # fmt: skip
    assert [row[1] for row in sql.rows("describe table t16")][:2] == ["NUMBER(38,0)"] * 2


def test_run__binds__values_in_order(sql: Sql) -> None:
    binds = [Bind(type="FIXED", value=3), Bind(type="TEXT", value="it's"), Bind(type="TEXT", value=None)]
    assert sql.rows("select ? + 1 as a, ? as b, ? as c", binds=binds) == [(4, "it's", None)]


def test_run__array_binds__one_insert_of_all_rows(sql: Sql) -> None:
    sql.run("create or replace table t3 (a int, b varchar, c timestamp_ntz, d float)")
    moment = datetime(2024, 1, 1)
    rows = [
        (Bind(type="FIXED", value=n), Bind(type="TEXT", value=f"r{n}" if n % 2 else None),
         Bind(type="TIMESTAMP_NTZ", value=moment), Bind(type="REAL", value=n / 2))
        for n in range(5000)
    ]  # fmt: skip
    answer = sql.run("insert into t3 (a, b, c, d) values (?, ?, ?, ?)", bind_rows=rows)
    assert answer.affected == 5000
    assert sql.rows("select count(b), sum(a), min(c), max(d) from t3") == [(2500, 12497500, moment, 2499.5)]


def test_run__array_binds_of_an_update__counts_of_all_rows(sql: Sql) -> None:
    sql.run("create or replace table t4 as select column1 a, 0 b from values (1), (2), (3)")
    rows = [(Bind(type="FIXED", value=n * 10), Bind(type="FIXED", value=n)) for n in (1, 2, 9)]
    assert sql.run("update t4 set b = ? where a = ?", bind_rows=rows).affected == 2
    assert sql.rows("select b from t4 order by a") == [(10,), (20,), (0,)]


def test_run__describe_only__columns_and_nothing_done(sql: Sql) -> None:
    sql.run("create or replace table t5 (a int, b varchar, c variant)")
    answer = sql.run("select a, b, c:x as d, a + ? from t5", describe_only=True)
    assert [(column.name, column.type) for column in answer.columns] == [
        ("A", Type.FIXED), ("B", Type.TEXT), ("D", Type.VARIANT), ("A + ?", Type.FIXED),
    ]  # fmt: skip
    assert sql.run("insert into t5 values (1, 'x', null)", describe_only=True).rows == ()
    sql.run("drop table t5", describe_only=True)
    assert sql.rows("select count(*) from t5") == [(0,)]


def test_run__table_of_an_earlier_result__read_with_its_types(sql: Sql) -> None:
    columns = (
        *text_columns("name"),
        Column(name="at", type=Type.TIMESTAMP_LTZ),
        Column(name="v", type=Type.VARIANT),
        Column(name="name", type=Type.FIXED),
    )
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    earlier = Rows(columns=columns, rows=[("x", moment, '{"R": 2}', 7), ("y", None, None, 8)])
    tables = {"TEMP.MAIN._SFML_TABLE_0": earlier}
    text = """select "name", "at", "v"['R'] as r from TEMP.MAIN._SFML_TABLE_0 where "name" = 'x'"""
    assert sql.rows(text, tables=tables) == [("x", moment, "2")]
    assert sql.rows("select count(*) from TEMP.MAIN._SFML_TABLE_0",
                    tables={"TEMP.MAIN._SFML_TABLE_0": Rows(columns=columns)}) == [(0,)]  # fmt: skip


def test_run__time_zone_of_the_session__used_for_text(sql: Sql) -> None:
    place = Place(database="DB", schema="PUBLIC", zone="America/New_York")
    text = "select '2024-01-01 10:00:00 +00:00'::timestamp_tz::varchar"
    assert str(sql.rows(text, place=place)[0][0]).startswith("2024-01-01 05:00:00")


# --- faults


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("select * from nope", "002003", "Object 'NOPE' does not exist or not authorized."),
        ("select * from db.nope.t", "002003", "does not exist or not authorized."),
        ("select * from nope.public.t", "002003", "does not exist or not authorized."),
        ("drop table nope", "002003", "'NOPE' does not exist"),
        ("select nope from (select 1 a)", "000904", "error line 1 at position 7\ninvalid identifier 'NOPE'"),
        ("show columns in table nope", "002003", "Table 'NOPE' does not exist"),
        ("select * from read_csv('/etc/passwd')", "000002", "Unsupported feature"),
        ("select * from '/etc/passwd'", "000002", "Unsupported feature"),
        ("select * from duckdb_tables()", "000002", "Unsupported feature"),
        ("create table tagged (a int) with tag (x = 'y')", "000002", "TAG"),
        ("select nope", "000904", "invalid identifier 'NOPE'"),
        ("select 1 from from", "001003", "syntax error line 1 at position 14 unexpected 'from'."),
        ("select (1", "001003", "syntax error line 1 at position"),
        ("select nofunction(1)", "002140", "Unknown function NOFUNCTION"),
        ("select * from taken at (offset => -60)", "000002", "Unsupported feature"),
        ("select * from table(split_to_table('a.b', '.'))", "000002", "Unsupported feature"),
        ("alter table taken add search optimization", "000002", "Unsupported feature"),
        ("select " + "(" * 3000 + "1" + ")" * 3000, "000002", "nested this deep"),
        ("select 'x'::int", "100038", "Numeric value 'x' is not recognized"),
        ("select 'x'::date", "100040", "Date 'x' is not recognized"),
        ("select 'x'::boolean", "100037", "Boolean value 'x' is not recognized"),
        ("select parse_json('{')", "100069", "Error parsing JSON"),
        ("select 1 / 0", "100051", "Division by zero"),
        ("select 1 / column1 from values (0)", "100051", "Division by zero"),
        ("create table taken (a int)", "002002", "Object 'TAKEN' already exists."),
        ("insert into taken values (1, 2)", "002020", "expecting 1 but got 2"),
        ("insert into required values (null)", "100072", "NULL result in a non-nullable column"),
        ("select a, count(*) from taken", "000979", "[A] is not a valid group by expression"),
        ("select ? + 1", "002049", "Bind variable"),
    ],
)
def test_run__failing_statement__snowflakes_fault_and_a_usable_session(
    sql: Sql, text: str, code: str, words: str
) -> None:
    sql.run("create table if not exists taken (a int)")
    sql.run("create table if not exists required (a int not null)")
    with pytest.raises(Fault) as caught:
        sql.run(text)
    assert (caught.value.code, words in caught.value.message) == (code, True), caught.value.message
    assert sql.rows("select 2 + 2") == [(4,)]


def test_run__no_current_database__090105(sql: Sql) -> None:
    with pytest.raises(Fault) as caught:
        sql.run("select * from t", session=77, place=Place())
    assert caught.value.code == "090105"
    assert sql.rows("select 1 + 1", session=77, place=Place()) == [(2,)]


def test_run__cancelled__stops(sql: Sql) -> None:
    cancelled = Cancellation()
    timer = threading.Timer(0.3, cancelled.set)
    timer.start()
    with pytest.raises(Fault) as caught:
        sql.run(
            "with recursive r as (select 1 n union all select n + 1 from r where n < 100000000)"
            " select max(n) from r",
            session=5,
            cancelled=cancelled,
        )
    timer.join()
    assert caught.value.code == "000604"
    assert sql.rows("select 1 + 1", session=5) == [(2,)]

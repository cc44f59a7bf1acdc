"""Results of earlier statements, what the engine holds, transactions."""

from __future__ import annotations

from handled import Account
from sfml.emulator.catalog import Kind


def test_result_scan__of_show__whole_and_inside_a_query(account: Account) -> None:
    account.run("show databases")
    shown = account.session.query_ids[-1]
    assert account.rows("select * from table(result_scan(last_query_id()))") == account.rows(
        f"select * from table(result_scan('{shown}'))"
    )
    text = f"""select "name" as n from table(result_scan('{shown}')) where "kind" = ? order by 1"""
    found = account.rows(text, "STANDARD")
    assert found == [{"N": "LOCAL"}, {"N": "SNOWFLAKE"}]
    assert account.code("select * from table(result_scan('nope'))") == "000709"


def test_show_tables__and_views__what_the_engine_holds(account: Account) -> None:
    account.run("create table t as select 1 a union all select 2")
    account.run("create view v as select a from t")
    (table,) = account.rows("show tables in schema local.public")
    assert (table["name"], table["rows"], table["kind"], table["schema_name"]) == ("T", 2, "TABLE", "PUBLIC")
    assert [row["name"] for row in account.rows("show views")] == ["V"]
    assert [row["kind"] for row in account.rows("show terse objects in account")] == ["TABLE", "VIEW"]
    assert account.rows("show tables like 'nope'") == []
    assert [row["name"] for row in account.rows("describe schema local.public")] == ["T", "V"]


def test_copy_into__from_a_stage__loads_and_purges(account: Account) -> None:
    account.run("create stage st")
    record = account.backend.catalog.find(Kind.STAGE)[0]
    place = account.backend.stages.directory(record)
    for number in (1, 2):
        (place / f"{number}.csv").write_text(f"{number},x\n")
    account.run("create table t (a int, b text)")
    assert account.rows("copy into t from @st pattern = '.*none.*'") == [
        {"status": "Copy executed with 0 files processed."}
    ]
    loaded = account.rows("copy into t from @st files = ('2.csv') purge = true")
    assert [(row["file"], row["status"], row["rows_loaded"]) for row in loaded] == [("st/2.csv", "LOADED", 1)]
    assert [row["name"] for row in account.rows("ls @st")] == ["st/1.csv"]
    (place / "3.csv").write_text("3,007\n")
    account.run("copy into t from '@st/'")
    assert account.text("select b from t where a = 3") == "007"
    assert account.rows("select $2 as b, count(*) n from @st/3.csv group by 1") == [{"B": "007", "N": 1}]
    assert account.code("select $1 from @st/nope") == "091016"
    assert account.text("select sum(a) from t") == 6


def test_describe_only__anything__columns_and_nothing_done(account: Account) -> None:
    answer = account.run("create stage st", describe=True)
    assert ([column.name for column in answer.columns], list(answer.rows)) == (["status"], [])
    assert account.rows("show stages") == []
    answer = account.run("show databases", describe=True)
    assert (len(answer.columns), list(answer.rows)) == (13, [])
    answer = account.run("select 1 as x", describe=True)
    assert ([column.name for column in answer.columns], list(answer.rows)) == (["X"], [])


def test_transaction__through_statements__undone(account: Account) -> None:
    account.run("create table t (a int)")
    account.run("begin")
    account.run("insert into t values (1)")
    account.run("rollback")
    assert account.text("select count(*) from t") == 0
    account.run("commit")


def test_service_functions__unknown__unknown_function(account: Account) -> None:
    assert account.code("select system$nope()") == "002140"
    assert account.code("call nope()") == "002140"
    assert account.code("select a, system$nope() from (select 1 a)") == "002140"

"""Sessions that share the engine: temporary tables and transactions."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine_sql import HERE, Sql
from sfml.emulator.engine import Place, StagedFile, Statement
from sfml.emulator.faults import Fault


def test_sessions__temporary_table__seen_by_its_own_session(sql: Sql) -> None:
    sql.run("create temporary table mine (a int)", session=10)
    assert sql.rows("select count(*) from mine", session=10) == [(0,)]
    with pytest.raises(Fault):
        sql.run("select count(*) from mine", session=11)
    sql.engine.forget(10)


def test_sessions__temporary_table_with_a_qualified_name__usable_and_gone_at_the_end(sql: Sql) -> None:
    sql.run('create or replace temporary table "DB"."PUBLIC"."TEMP1" as select 1 a', session=12)
    assert sql.rows("select a from temp1", session=12) == [(1,)]
    sql.run("create temp table temp2 (a int)", session=12)
    assert sql.rows("select count(*) from db.public.temp2", session=12) == [(0,)]
    sql.engine.forget(12)
    for name in ("temp1", "temp2"):
        with pytest.raises(Fault, match="does not exist"):
            sql.run(f"select * from {name}", session=13)


def test_transaction__rollback_and_commit__as_asked(sql: Sql) -> None:
    sql.run("create or replace table t6 (a int)")
    sql.engine.begin(20)
    sql.run("insert into t6 values (1)", session=20)
    assert sql.rows("select count(*) from t6", session=21) == [(0,)]
    sql.engine.rollback(20)
    assert sql.rows("select count(*) from t6", session=20) == [(0,)]
    sql.engine.begin(20)
    sql.run("insert into t6 values (1)", session=20)
    sql.engine.commit(20)
    assert sql.rows("select count(*) from t6", session=21) == [(1,)]
    sql.engine.commit(20)  # outside a transaction it changes nothing


def test_transaction__without_autocommit__begins_with_the_first_change(sql: Sql) -> None:
    sql.run("create or replace table t7 (a int)")
    place = Place(database="DB", schema="PUBLIC", autocommit=False)
    sql.run("insert into t7 values (1)", session=22, place=place)
    assert sql.rows("select count(*) from t7", session=23) == [(0,)]
    sql.engine.commit(22)
    assert sql.rows("select count(*) from t7", session=23) == [(1,)]


def test_transaction__ddl__commits_what_was_open(sql: Sql) -> None:
    sql.run("create or replace table t8 (a int)")
    sql.engine.begin(24)
    sql.run("insert into t8 values (1)", session=24)
    sql.run("create or replace table t9 (b varchar(5))", session=24)
    sql.engine.rollback(24)
    assert sql.rows("select count(*) from t8", session=25) == [(1,)]


def test_transaction__failing_write__undone_alone(sql: Sql) -> None:
    sql.run("create or replace table t10 (a int not null)")
    sql.engine.begin(26)
    sql.run("insert into t10 values (1)", session=26)
    with pytest.raises(Fault):
        sql.run("insert into t10 values (2), (null)", session=26)
    sql.run("insert into t10 values (3)", session=26)
    sql.engine.commit(26)
    assert sql.rows("select a from t10 order by a", session=27) == [(1,), (3,)]


def test_transaction__failing_copy__undone_alone(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("wrong\n")
    sql.run("create or replace table t18 (a int)")
    sql.engine.begin(30)
    sql.run("insert into t18 values (1)", session=30)
    files = [StagedFile(path=tmp_path / "w.csv", name="st/w.csv")]
    with pytest.raises(Fault, match=r"w\.csv"):
        sql.engine.run(30, Statement(text="copy into t18 from @_S", verb="COPY", place=HERE, files=files))
    sql.engine.commit(30)
    assert sql.rows("select a from t18", session=31) == [(1,)]


def test_transaction__failing_read__leaves_it_open(sql: Sql) -> None:
    sql.run("create or replace table t11 (a int)")
    sql.engine.begin(28)
    sql.run("insert into t11 values (1)", session=28)
    with pytest.raises(Fault):
        sql.run("select nope from t11", session=28)
    sql.engine.commit(28)
    assert sql.rows("select count(*) from t11", session=29) == [(1,)]


def test_sessions__writers_at_once__none_refused(sql: Sql) -> None:
    sql.run("create or replace table t12 as select 0 n")
    faults: list[BaseException] = []

    def work(session: int) -> None:
        try:
            for _ in range(10):
                sql.run("update t12 set n = n + 1", session=session)
        except Fault as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(100 + n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (faults, sql.rows("select n from t12")) == ([], [(40,)])

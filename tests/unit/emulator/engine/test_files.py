"""What comes from files, what survives a restart, and what is dropped."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine_sql import HERE, Sql
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.engine import Place, StagedFile, Statement
from sfml.emulator.faults import Fault
from sfml.emulator.statements import commands as c
from sfml.emulator.statements import parse


def test_copy__csv_and_parquet__loaded_once(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,x\n2,y\n")
    pq.write_table(pa.table({"A": [3], "B": ["z"]}), tmp_path / "b.parquet")
    sql.run("create or replace table t13 (a int, b varchar)")

    def copy(name: str, tail: str) -> Sequence[Sequence[object]]:
        command = parse(f"copy into t13 {tail}")
        assert isinstance(command, c.CopyInto)
        files = [StagedFile(path=tmp_path / name, name=f"st/{name}")]
        statement = Statement(text=command.query.text, verb="COPY", place=HERE, files=files)
        return sql.engine.run(1, statement).rows

    assert copy("a.csv", "from @st")[0][:4] == ("st/a.csv", "LOADED", 2, 2)
    assert copy("a.csv", "from @st")[0][1] == "LOAD_SKIPPED"
    tail = '(a, b) from (select $1:"A"::number, $1:"B"::text from \'@st/\') file_format = (type = parquet)'
    assert copy("b.parquet", tail)[0][:4] == ("st/b.parquet", "LOADED", 1, 1)
    assert sql.rows("select * from t13 order by a") == [(1, "x"), (2, "y"), (3, "z")]


def test_copy__second_file_wrong__nothing_loaded(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("1\n")
    (tmp_path / "2.csv").write_text("wrong\n")
    sql.run("create or replace table t14 (a int)")
    files = [StagedFile(path=tmp_path / f"{n}.csv", name=f"st/{n}.csv") for n in (1, 2)]
    with pytest.raises(Fault, match=r"st/2\.csv"):
        sql.engine.run(1, Statement(text="copy into t14 from @_S", verb="COPY", place=HERE, files=files))
    assert sql.rows("select count(*) from t14") == [(0,)]


def test_file_columns__parquet__names_and_types(sql: Sql, tmp_path: Path) -> None:
    table = pa.table({"a": [1], "b": ["x"], "c": [1.5], "d": [datetime(2024, 1, 1)], "e": [True]})
    pq.write_table(table, tmp_path / "x.parquet")
    assert sql.engine.file_columns([StagedFile(path=tmp_path / "x.parquet", name="x")]) == [
        ("a", "NUMBER(38, 0)"), ("b", "TEXT"), ("c", "REAL"), ("d", "TIMESTAMP_NTZ"), ("e", "BOOLEAN"),
    ]  # fmt: skip


def test_close_and_reopen__tables_are_there(tmp_path: Path) -> None:
    first = Sql(tmp_path)
    first.run("create table kept (a int, b varchar(7))")
    first.run("insert into kept values (1, 'x')")
    first.run("comment on table kept is 'hello'")
    first.engine.close()
    first.catalog.close()
    second = Sql(tmp_path)
    assert second.rows("select * from kept") == [(1, "x")]
    (relation,) = second.engine.relations("DB", None)
    assert (relation.schema, relation.name, relation.comment, relation.rows) == ("PUBLIC", "KEPT", "hello", 1)
    second.engine.close()
    second.catalog.close()


def test_drop__database_and_schema__new_ones_are_empty(tmp_path: Path) -> None:
    sql = Sql(tmp_path)
    sql.run("create table t (a int)")
    sql.engine.drop_schema("DB", "PUBLIC")
    with pytest.raises(Fault, match="does not exist"):
        sql.run("select * from t")
    sql.run("create table t (a int)")
    record = sql.catalog.get(Kind.DATABASE, Name(name="DB"))
    assert record is not None
    sql.catalog.drop(record)
    sql.engine.drop_database(record)
    sql.catalog.create(Kind.DATABASE, Name(name="DB"), owner="R")
    with pytest.raises(Fault, match="'T' does not exist"):
        sql.run("select * from t")
    assert not list((tmp_path / "engine").glob(f"{record.id}.*"))
    sql.run("create table t as select 7 a")
    assert sql.rows("select a from t") == [(7,)]
    assert sql.rows("select a from t", session=2) == [(7,)]
    sql.engine.close()
    sql.catalog.close()


def test_drop__while_others_work__nobody_waits_for_ever(tmp_path: Path) -> None:
    sql = Sql(tmp_path)
    place = Place(database="X", schema="PUBLIC")
    stop = threading.Event()
    broken: list[BaseException] = []

    def read(session: int) -> None:
        while not stop.is_set():
            try:
                sql.run("select count(*) from t", session=session, place=place)
                sql.run("insert into t values (1)", session=session, place=place)
            except Fault:
                continue  # the database is being replaced
            except BaseException as error:  # noqa: BLE001 - reported below
                broken.append(error)
                return

    readers = [threading.Thread(target=read, args=(number,)) for number in (1, 2, 3)]
    for reader in readers:
        reader.start()
    for _ in range(8):
        with sql.catalog.transaction():
            record = sql.catalog.create(Kind.DATABASE, Name(name="X"), owner="R")
            schema = sql.catalog.create(Kind.SCHEMA, Name(name="PUBLIC", database="X"), owner="R")
        sql.run("create table t (a int)", session=9, place=place)
        sql.catalog.drop(schema)
        sql.catalog.drop(record)
        sql.engine.drop_database(record)
    stop.set()
    for reader in readers:
        reader.join(timeout=120)
    assert (broken, [reader.is_alive() for reader in readers]) == ([], [False] * 3)
    assert sql.rows("select 1 + 1") == [(2,)]
    sql.engine.close()
    sql.catalog.close()

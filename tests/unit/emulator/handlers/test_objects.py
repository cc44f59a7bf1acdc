"""Databases, schemas, warehouses and stages."""

from __future__ import annotations

import pytest

from handled import Account
from sfml.emulator import handlers
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.results import Direction, Transfer


def test_databases__create_show_drop__as_snowflake_says_it(account: Account) -> None:
    assert account.text("create database d1 comment = 'hello'") == "Database D1 successfully created."
    assert account.text("create database if not exists d1") == "D1 already exists, statement succeeded."
    assert account.code("create database d1") == "002002"
    (row,) = account.rows("show databases like 'd_'")
    assert (row["name"], row["is_current"], row["comment"], row["kind"], row["retention_time"]) == (
        "D1", "Y", "hello", "STANDARD", "1",
    )  # fmt: skip
    assert [row["name"] for row in account.rows("show schemas in database d1")] == [
        "INFORMATION_SCHEMA",
        "PUBLIC",
    ]
    assert account.text("drop database d1") == "D1 successfully dropped."
    assert (
        account.text("drop database if exists d1")
        == "Drop statement executed successfully (D1 already dropped)."
    )
    assert account.code("drop database d1") == "002003"
    assert (account.session.database, account.session.schema) == (None, None)
    assert account.code("show stages in database d1") == "002043"


def test_databases__dropped__all_inside_is_gone(account: Account) -> None:
    account.run("create database d")
    account.run("create schema s")
    account.run("create stage st")
    account.run("create table t as select 1 a")
    account.run("drop database d")
    assert account.backend.catalog.find(Kind.STAGE) == []
    account.run("create database d")
    assert account.code("select * from d.public.t") == "002003"


def test_databases__or_replace__empty_again(account: Account) -> None:
    account.run("create database d")
    account.run("create table t as select 1 a")
    account.run("create or replace database d")
    assert account.code("select * from t") == "002003"
    account.run("create schema d.s")
    account.run("create table t as select 1 a")
    account.run("create or replace schema d.s")
    assert account.code("select * from t") == "002003"


def test_databases__names_that_differ_in_case_only__refused(account: Account) -> None:
    account.run("create database d")
    assert account.code('create database "d"') == "000002"
    assert account.code('create schema "public"') == "000002"
    assert account.code("create database temp") == "000002"


def test_warehouses__life__shown_with_state_and_size(account: Account) -> None:
    account.run("create warehouse w warehouse_size = 'x-large' initially_suspended = true auto_suspend = 60")
    (row,) = account.rows("show warehouses like 'W'")
    assert (row["size"], row["state"], row["auto_suspend"], row["is_current"]) == (
        "X-Large",
        "SUSPENDED",
        60,
        "Y",
    )
    account.run("alter warehouse w resume")
    account.run("alter warehouse w set warehouse_size = small")
    (row,) = account.rows("show warehouses like 'W'")
    assert (row["size"], row["state"]) == ("Small", "STARTED")
    assert account.code("alter warehouse w resume") == "090063"
    assert account.code("create warehouse v warehouse_size = enormous") == "001008"
    assert account.code("create warehouse v frobnicate = 1") == "001420"
    account.run("drop warehouse w")
    assert account.session.warehouse is None


def test_stages__create_describe_list_remove__as_clients_read_it(account: Account) -> None:
    assert account.code("describe stage identifier(?)", "st") == "002003"
    assert account.text("create stage if not exists identifier(?) comment = 'c'", "st") == (
        "Stage area ST successfully created."
    )
    assert {row["parent_property"] for row in account.rows("describe stage st")} >= {
        "STAGE_LOCATION",
        "DIRECTORY",
    }
    (row,) = account.rows("show stages like 'st' in account")
    assert (row["type"], row["database_name"], row["comment"], row["url"]) == ("INTERNAL", "LOCAL", "c", "")
    record = account.backend.catalog.get(Kind.STAGE, Name(name="ST", schema="PUBLIC", database="LOCAL"))
    assert record is not None
    place = account.backend.stages.directory(record)
    (place / "a").mkdir()
    (place / "a" / "f.txt").write_text("hello")
    (row,) = account.rows("ls @st/a")
    assert (row["name"], row["size"], row["md5"]) == ("st/a/f.txt", 5, "5d41402abc4b2a76b9719d911017c592")
    assert account.rows("copy files into @st/b/ from @st/a/") == [{"file": "b/f.txt"}]
    assert account.rows("rm @st/a/") == [{"name": "st/a/f.txt", "result": "removed"}]
    assert [row["name"] for row in account.rows("list @st")] == ["st/b/f.txt"]


def test_stages__put_and_get__transfers(account: Account) -> None:
    account.run("create stage st")
    put = account.run("put file:///tmp/x.py '@st/app' auto_compress = false overwrite = true parallel = 9")
    assert isinstance(put, Transfer)
    assert (put.direction, put.src_locations, put.auto_compress, put.overwrite, put.parallel) == (
        Direction.UPLOAD, ("/tmp/x.py",), False, True, 9,
    )  # fmt: skip
    assert account.code("put file:///tmp/x @st parallel = 0") == "001008"
    assert account.code("put file:///tmp/x @st speed = 3") == "001003"
    assert account.code("put file:///tmp/x @nope") == "002003"
    assert account.code("list @%t") == "000002"
    assert account.code("list @st pattern = '('") == "100048"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("create stage s url = 's3://x'", "000002"),
        ("create stage s encryption = (type = 'NONE')", "001008"),
        ("create stage s frobnicate = 1", "001420"),
        ("create stage nope.public.s", "002003"),
        ("create stage local.nope.s", "002003"),
        ("drop stage s", "002003"),
    ],
)
def test_stages__wrong__fault(account: Account, text: str, code: str) -> None:
    assert account.code(text) == code


def test_close_session__temporary_stage__gone(account: Account) -> None:
    account.run("create temp stage st")
    account.run("create stage other")
    handlers.close_session(account.session, account.backend)
    assert [row["name"] for row in account.rows("show stages")] == ["OTHER"]

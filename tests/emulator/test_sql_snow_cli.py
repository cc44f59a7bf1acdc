"""SQL through Snowflake's own command line: one smoke test for each of its verbs (a call takes seconds)."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_backend import LocalBackend
from snow_cli import MISSING, SNOW, Snow, runner

pytestmark = [pytest.mark.slow, pytest.mark.skipif(SNOW is None, reason=MISSING)]


@pytest.fixture
def snow(backend: LocalBackend, database: str, tmp_path: Path) -> Snow:
    """Runs ``snow … --format json`` in an empty directory and home; returns what it printed, parsed."""
    return runner(backend.parameters(database=database, schema="PUBLIC"), tmp_path)


def test_snow__connection_and_sql__answers(snow: Snow, database: str, tmp_path: Path) -> None:
    assert snow("connection", "test")["Status"] == "OK"
    assert snow("sql", "-q", "select 1 as a; select 'x' as b") == [[{"A": 1}], [{"B": "x"}]]
    (tmp_path / "q.sql").write_text("create table t as select 1 a;\n-- a comment\nselect * from t;\n")
    assert snow("sql", "-f", "q.sql")[-1] == [{"A": 1}]
    assert "invalid identifier 'NOPE'" in snow("sql", "-q", "select nope", fails=True)


def test_snow__stage__create_copy_list_remove(snow: Snow, tmp_path: Path) -> None:
    assert snow("stage", "create", "st")["status"] == "Stage area ST successfully created."
    (tmp_path / "f.txt").write_text("hello\n")
    assert snow("stage", "copy", "f.txt", "@st/sub", "--overwrite")[0]["status"] == "UPLOADED"
    assert [row["name"] for row in snow("stage", "list-files", "@st")] == ["st/sub/f.txt"]
    snow("stage", "copy", "@st/sub", "./down/")
    assert (tmp_path / "down" / "f.txt").read_text() == "hello\n"
    assert snow("stage", "remove", "@st", "sub/f.txt")["result"] == "removed"
    assert snow("stage", "list-files", "@st") == []


def test_snow__object__list_describe_drop(snow: Snow, database: str) -> None:
    snow("sql", "-q", "create table t (a int)")
    assert [row["name"] for row in snow("object", "list", "table")] == ["T"]
    (column,) = snow("object", "describe", "table", "t")
    assert (column["name"], column["type"]) == ("A", "NUMBER(38,0)")
    assert snow("object", "drop", "table", "t")[0]["status"] == "T successfully dropped."
    assert database in [
        row["name"] for row in snow("object", "list", "database", "--like", f"{database[:9]}%")
    ]

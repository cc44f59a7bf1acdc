"""What SQL created is there after the server was killed; what belonged to its sessions is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import connect
from snowflake.connector.errors import ProgrammingError

from local_backend import LocalBackend, start


def rows(backend: LocalBackend, *texts: str) -> Any:
    """The rows of the last statement, all in one session."""
    with connect(**backend.parameters(database="D", schema="PUBLIC")) as connection:
        cursor = connection.cursor()
        for text in texts:
            cursor.execute(text)
        return cursor.fetchall()


def test_kill__tables_stages_grants__are_there_again(tmp_path: Path) -> None:
    backend = start(tmp_path / "state")
    rows(
        backend, "create database d", "create table t (a int, b varchar(9)) comment = 'kept'",
        "insert into t values (1, 'x')", "create view v as select a + 1 as c from t", "create stage st",
        "create role r", "grant read on stage st to role r",
    )  # fmt: skip
    open_one = connect(**backend.parameters(database="D", schema="PUBLIC", autocommit=False))
    open_one.cursor().execute("insert into t values (2, 'not committed')")
    temporary = connect(**backend.parameters(database="D", schema="PUBLIC"))
    temporary.cursor().execute("create temporary table d.public.gone as select 1 a")
    temporary.cursor().execute("create temporary stage gone_too")
    backend.kill()
    backend = start(tmp_path / "state")
    try:
        assert rows(backend, "select * from t") == [(1, "x")]
        assert rows(backend, "select * from v") == [(2,)]
        assert [row[1] for row in rows(backend, "describe table t")] == ["NUMBER(38,0)", "VARCHAR(9)"]
        assert [row[1] for row in rows(backend, "show grants to role r")] == ["READ"]
        assert [row[1] for row in rows(backend, "show stages")] == ["ST"]
        with pytest.raises(ProgrammingError):
            rows(backend, "select * from gone")
    finally:
        backend.stop()

"""Snowpark against the backend: frames in and out, files, what a session knows of itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col
from snowflake.snowpark.functions import sum as total

from local_backend import LocalBackend

# Snowpark's and pandas' own deprecated calls, and a file that get_stream leaves to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROWS = [[1, "a"], [2, "b"], [3, "b"]]


@pytest.fixture
def session(backend: LocalBackend, database: str) -> Iterator[Session]:
    session = Session.builder.configs(backend.parameters(database=database, schema="PUBLIC")).create()
    yield session
    session.close()


@pytest.fixture
def table(session: Session) -> Any:
    session.create_dataframe(ROWS, schema=["n", "s"]).write.save_as_table("t")
    return session.table("t")


def test_frame__saved_and_queried__rows_as_they_were(table: Any) -> None:
    assert [tuple(row) for row in table.sort("n").collect()] == [(1, "a"), (2, "b"), (3, "b")]
    grouped = table.group_by("s").agg(total("n").alias("t")).sort("s").collect()
    assert [tuple(row) for row in grouped] == [("a", 1), ("b", 5)]
    assert table.filter(col("n") > 1).count() == 2


def test_frame__to_pandas__columns_and_values(table: Any) -> None:
    frame = table.sort("n").to_pandas()
    assert frame.to_dict("list") == {"N": [1, 2, 3], "S": ["a", "b", "b"]}


def test_pandas__written_and_read__same_values(session: Session) -> None:
    frame = pd.DataFrame({"A": [1, 2], "B": ["x", "y"], "C": [0.5, 1.5]})
    session.write_pandas(frame, "P", auto_create_table=True)
    read = session.table("P").sort("A").to_pandas()
    assert read.astype({"A": "int64"}).equals(frame)


def test_frame__made_of_pandas__queryable(session: Session) -> None:
    frame = session.create_dataframe(pd.DataFrame({"A": [1, 2]}))
    assert sorted(row[0] for row in frame.collect()) == [1, 2]


def test_range__many_rows__in_batches_too(session: Session) -> None:
    assert session.range(100_000).count() == 100_000
    assert sum(len(batch) for batch in session.range(1000).to_pandas_batches()) == 1000


def test_collect_nowait__a_job__its_result(table: Any) -> None:
    job = table.collect_nowait()
    assert len(job.result()) == 3
    assert job.is_done()


def test_collect_nowait__cancelled__no_result(session: Session) -> None:
    job = session.sql("call system$wait(60)").collect_nowait()
    job.cancel()
    with pytest.raises(ProgrammingError, match=r"000604 \(57014\)"):
        job.result()


def test_update_and_delete__counts(table: Any) -> None:
    assert table.update({"n": col("n") + 1}, col("s") == "b").rows_updated == 2
    assert table.delete(col("n") > 3).rows_deleted == 1


def test_sql__binds_of_several_types__values(session: Session) -> None:
    (row,) = session.sql("select ? as a, ? as b, ? as c", params=[1, "x'y", None]).collect()
    assert tuple(row) == (1, "x'y", None)


def test_sql__no_such_table__the_client_s_own_exception_with_the_number(session: Session) -> None:
    with pytest.raises(SnowparkSQLException) as caught:
        session.sql("select * from nowhere").collect()
    assert caught.value.sql_error_code == 2003


def test_session__about_itself__names(session: Session, database: str) -> None:
    assert session.get_current_database() == f'"{database}"'
    assert session.get_current_schema() == '"PUBLIC"'
    assert session.get_current_role() == '"ACCOUNTADMIN"'
    assert session.get_current_warehouse() == '"COMPUTE_WH"'
    session.use_schema("information_schema")
    assert session.get_current_schema() == '"INFORMATION_SCHEMA"'


def test_files__stream_and_path__there_and_back(session: Session, tmp_path: Path) -> None:
    session.sql("create stage s").collect()
    session.file.put_stream(io.BytesIO(b"abc"), "@s/in/x.bin", auto_compress=False)
    assert session.file.get_stream("@s/in/x.bin").read() == b"abc"
    (tmp_path / "f.txt").write_text("text")
    put = session.file.put
    assert put(str(tmp_path / "f.txt"), "@s", auto_compress=False)[0].status == "UPLOADED"
    assert put(str(tmp_path / "f.txt"), "@s", auto_compress=False, overwrite=False)[0].status == "SKIPPED"
    session.file.get("@s/f.txt", str(tmp_path / "out"))
    assert (tmp_path / "out" / "f.txt").read_text() == "text"


def test_session__closed__its_temporary_table_is_gone(
    backend: LocalBackend, session: Session, database: str
) -> None:
    other = Session.builder.configs(backend.parameters(database=database, schema="PUBLIC")).create()
    other.create_dataframe(ROWS, schema=["n", "s"]).write.save_as_table("passing", table_type="temporary")
    assert other.table("passing").count() == 3
    other.close()
    with pytest.raises(SnowparkSQLException):
        session.table("passing").collect()

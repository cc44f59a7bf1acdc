"""SQL through the real Snowpark: data frames, tables, asynchronous jobs, results over SHOW."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from snowflake.snowpark import Row, Session
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, count, lit, when
from snowflake.snowpark.functions import max as max_
from snowflake.snowpark.functions import sum as sum_
from snowflake.snowpark.types import (
    BooleanType,
    DateType,
    DoubleType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from local_backend import LocalBackend

# What the connector's own write_pandas calls of pandas.
pytestmark = pytest.mark.filterwarnings("ignore:is_datetime64tz_dtype is deprecated:DeprecationWarning")


@pytest.fixture
def session(backend: LocalBackend, database: str) -> Iterator[Session]:
    found = Session.builder.configs(backend.parameters(database=database, schema="PUBLIC")).create()
    yield found
    found.close()


def test_session__getters__say_where_it_stands(session: Session, database: str) -> None:
    assert session.get_current_database() == f'"{database}"'
    assert session.get_current_schema() == '"PUBLIC"'
    assert session.get_current_role() == '"ACCOUNTADMIN"'
    assert session.get_current_warehouse() == '"COMPUTE_WH"'
    assert session.get_current_user() == '"LOCAL"'
    assert session.get_current_account() == '"LOCAL"'
    session.use_role("SYSADMIN")
    assert session.get_current_role() == '"SYSADMIN"'


def test_create_dataframe__small__values_and_types(session: Session) -> None:
    schema = StructType(
        [
            StructField("A", LongType()), StructField("B", StringType()), StructField("C", DoubleType()),
            StructField("D", BooleanType()), StructField("E", DateType()), StructField("F", TimestampType()),
        ]
    )  # fmt: skip
    data = [
        [1, "it's", 0.5, True, date(2024, 2, 29), datetime(2024, 2, 29, 12, 0, 1)],
        [2, None, None, None, None, None],
    ]
    frame = session.create_dataframe(data, schema=schema)
    assert frame.collect() == [Row(*row) for row in data]
    assert [field.name for field in frame.schema] == ["A", "B", "C", "D", "E", "F"]
    assert frame.filter(col("A") == 2).count() == 1


def test_create_dataframe__large__through_a_temporary_table(session: Session) -> None:
    frame = session.create_dataframe([[n, f"row {n}"] for n in range(2000)], schema=["n", "s"])
    assert frame.select(sum_("n"), max_("s"), count("*")).collect() == [Row(1999000, "row 999", 2000)]


def test_create_dataframe__pandas__and_back(session: Session) -> None:
    frame = pd.DataFrame({"A": [1, 2, 3], "B": ["x", "y", None]})
    read = session.create_dataframe(frame).sort("A").to_pandas()
    assert read["A"].tolist() == [1, 2, 3]
    assert read["B"].tolist() == ["x", "y", None]


def test_save_as_table__modes__as_asked(session: Session) -> None:
    frame = session.create_dataframe([[1, "a"], [2, "b"]], schema=["n", "s"])
    frame.write.save_as_table("t")
    assert session.table("t").sort("n").collect() == [Row(N=1, S="a"), Row(N=2, S="b")]
    frame.write.mode("append").save_as_table("t")
    assert session.table("t").count() == 4
    frame.limit(1).write.mode("overwrite").save_as_table("t")
    assert session.table("t").count() == 1
    frame.write.mode("ignore").save_as_table("t")
    assert session.table("t").count() == 1
    with pytest.raises(SnowparkSQLException) as caught:
        frame.write.mode("errorifexists").save_as_table("t")
    assert caught.value.sql_error_code == 2002
    frame.write.mode("truncate").save_as_table("t")
    assert session.table("t").count() == 2
    frame.write.save_as_table("tt", table_type="temporary")
    assert session.table("tt").count() == 2


def test_write_pandas__auto_create__rows_are_there(session: Session) -> None:
    frame = pd.DataFrame({"A": [1, 2], "B": ["x", "y"]})
    table = session.write_pandas(frame, "WRITTEN", auto_create_table=True)
    assert table.sort("A").collect() == [Row(A=1, B="x"), Row(A=2, B="y")]


def test_dataframe__joins_groups_windows__computed(session: Session) -> None:
    left = session.create_dataframe([[1, "a", 10], [2, "b", 20], [3, "a", 30]], schema=["id", "k", "v"])
    right = session.create_dataframe([["a", "alpha"], ["b", "beta"]], schema=["k", "name"])
    joined = left.join(right, "k").group_by("name").agg(sum_("v").alias("total")).sort("name")
    assert joined.collect() == [Row(NAME="alpha", TOTAL=40), Row(NAME="beta", TOTAL=20)]
    flagged = left.select(col("id"), when(col("v") > 15, lit("big")).otherwise(lit("small")).alias("size"))
    assert flagged.sort("id").collect() == [Row(1, "small"), Row(2, "big"), Row(3, "big")]
    assert left.union_all(left).distinct().count() == 3
    assert left.with_column("w", col("v") * 2).drop("v").sort("id").first() == Row(ID=1, K="a", W=20)


def test_table__update_delete_merge__counts(session: Session) -> None:
    session.create_dataframe([[1, "a"], [2, "b"]], schema=["n", "s"]).write.save_as_table("t")
    table = session.table("t")
    assert table.update({"s": lit("z")}, col("n") == 1).rows_updated == 1
    assert table.delete(col("n") == 2).rows_deleted == 1
    assert table.collect() == [Row(N=1, S="z")]


def test_sql__binds_and_to_pandas__typed(session: Session) -> None:
    assert session.sql("select ? + 1 as a, ? as b", params=[41, "x"]).collect() == [Row(A=42, B="x")]
    frame = session.sql("select column1 as n, column2 as d from values (1, 1.5), (2, 2.5)").to_pandas()
    assert frame["N"].tolist() == [1, 2]
    assert [Decimal(str(value)) for value in frame["D"]] == [Decimal("1.5"), Decimal("2.5")]


def test_sql__show_as_a_dataframe__filtered(session: Session, database: str) -> None:
    session.sql("create stage st comment = 'mine'").collect()
    shown = session.sql("show stages").select('"name"', '"comment"').filter(col('"name"') == "ST")
    assert shown.collect() == [Row(name="ST", comment="mine")]
    assert session.sql("show schemas").filter(col('"is_current"') == "Y").select('"name"').collect() == [
        Row("PUBLIC")
    ]


def test_collect_nowait__result_and_pandas__when_done(session: Session) -> None:
    job = session.sql("select 40 + 2 as x from (select 1)").collect_nowait()
    assert job.result() == [Row(X=42)]
    assert job.is_done()
    frame = session.create_dataframe([[1], [2]], schema=["n"]).to_pandas(block=False)
    assert frame.result()["N"].tolist() == [1, 2]


def test_cache_result__temporary_table__usable(session: Session) -> None:
    cached = session.create_dataframe([[1], [2]], schema=["n"]).cache_result()
    assert cached.count() == 2
    assert cached.sort("n").collect() == [Row(1), Row(2)]


def test_table_function__flatten_of_a_variant__rows(session: Session) -> None:
    frame = session.sql("select parse_json('[1, 2, 3]') as v").flatten("v").select("index", "value")
    assert [row[0] for row in frame.sort("index").collect()] == [0, 1, 2]


def test_views__created_and_replaced__read(session: Session) -> None:
    session.create_dataframe([[1], [2]], schema=["n"]).write.save_as_table("t")
    session.table("t").filter(col("n") > 1).create_or_replace_view("v")
    session.table("t").create_or_replace_temp_view("tv")
    assert session.table("v").collect() == [Row(2)]
    assert session.table("tv").count() == 2


def test_query_tag__set_on_the_session__kept(session: Session) -> None:
    session.query_tag = "mine"
    assert session.sql("show parameters like 'QUERY_TAG'").collect()[0]["value"] == "mine"


def test_error__unknown_table__code_2003(session: Session) -> None:
    with pytest.raises(SnowparkSQLException) as caught:
        session.table("nope").collect()
    assert caught.value.sql_error_code == 2003


def test_files__put_list_get_through_the_session__round_trip(session: Session, tmp_path: Any) -> None:
    session.sql("create stage st").collect()
    source = tmp_path / "a.txt"
    source.write_text("hello")
    (put,) = session.file.put(str(source), "@st/dir", auto_compress=False)
    assert (put.status, put.target) == ("UPLOADED", "a.txt")
    assert [row["name"] for row in session.sql("ls @st").collect()] == ["st/dir/a.txt"]
    session.file.get("@st/dir", str(tmp_path / "out"))
    assert (tmp_path / "out" / "a.txt").read_text() == "hello"
    assert session.sql("rm @st/dir").collect()[0]["result"] == "removed"


def test_read__csv_json_parquet_from_a_stage__frames(session: Session, tmp_path: Path) -> None:
    session.sql("create stage st").collect()
    (tmp_path / "a.csv").write_text("n,s\n1,007\n2,x y\n")
    (tmp_path / "a.json").write_text('{"n": 1, "s": "x"}\n{"n": 2}\n')
    pd.DataFrame({"N": [1, 2], "S": ["x", None]}).to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.json", "a.parquet"):
        session.file.put(str(tmp_path / name), "@st", auto_compress=name == "a.json")
    schema = StructType([StructField("N", LongType()), StructField("S", StringType())])
    csv = session.read.schema(schema).option("skip_header", 1).csv("@st/a.csv")
    assert csv.sort("N").collect() == [Row(N=1, S="007"), Row(N=2, S="x y")]
    json_rows = session.read.json("@st/a.json.gz").select(col("$1")["n"].cast("int").alias("n"))
    assert json_rows.sort("n").collect() == [Row(N=1), Row(N=2)]
    assert session.read.parquet("@st/a.parquet").sort('"N"').collect() == [Row(N=1, S="x"), Row(N=2, S=None)]

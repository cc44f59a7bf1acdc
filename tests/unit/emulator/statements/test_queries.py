"""What the SQL engine gets to see of a statement."""

from __future__ import annotations

import pytest

from sfml.emulator.faults import Fault
from sfml.emulator.statements import Inputs, parse
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName


def query(text: str, inputs: Inputs | None = None) -> c.Query:
    command = parse(text, inputs)
    assert isinstance(command, c.Query)
    return command


@pytest.mark.parametrize(
    ("text", "verb", "subject"),
    [
        ("select a from t", "SELECT", ""),
        ("with x as (select 1) select * from x", "SELECT", ""),
        ("(select 1)", "SELECT", ""),
        ("insert into t values (1)", "INSERT", ""),
        ("create or replace temporary table t (a int)", "CREATE", "TABLE"),
        ("create secure view v as select 1", "CREATE", "VIEW"),
        ("drop table if exists t", "DROP", "TABLE"),
        ("desc table t", "DESCRIBE", "TABLE"),
        ("describe t", "DESCRIBE", "TABLE"),
        ("show columns in table t", "SHOW", "COLUMNS"),
        ("show primary keys in t", "SHOW", "PRIMARY KEYS"),
        ("truncate table t", "TRUNCATE", ""),
        ("comment on table t is 'x'", "COMMENT", "TABLE"),
    ],
)
def test_parse__engine_statement__verb_and_subject(text: str, verb: str, subject: str) -> None:
    command = query(f" /* c */ {text} ; -- end")
    assert (command.verb, command.subject, command.text) == (verb, subject, text)


def test_parse__binds__question_marks_with_their_numbers() -> None:
    command = query("select :2, x:a, b::int, ? from t where c = :1")
    assert command.text == "select ?, x:a, b::int, ? from t where c = ?"
    assert command.binds == (1, 0, 0)


def test_parse__session_variables__replaced_by_literals() -> None:
    command = query("select $v, $1 from t where a = $n", Inputs(variables={"V": "it's", "N": 3}))
    assert command.text == "select 'it''s', $1 from t where a = 3"


def test_parse__result_scan_inside_a_query__lifted_out() -> None:
    command = query("""select "name" from table(result_scan(last_query_id())) t where x = ?""")
    assert command.text == """select "name" from TEMP.MAIN._SFML_TABLE_0 t where x = ?"""
    assert command.tables == (
        c.TableCall(
            function="RESULT_SCAN",
            placeholder="TEMP.MAIN._SFML_TABLE_0",
            args=(c.ContextFunction(name="LAST_QUERY_ID"),),
        ),
    )
    assert command.binds == (0,)


def test_parse__job_history_with_expression__argument_kept_as_text() -> None:
    command = query(
        "select * from (select * from table(snowflake.spcs.get_job_history("
        "created_time_start => TO_TIMESTAMP_LTZ('2025-01-01'), result_limit => ?)) where a = ?)",
        Inputs(binds=(5, "a")),
    )
    (table,) = [*command.tables]
    assert table.function == "GET_JOB_HISTORY"
    assert table.named["CREATED_TIME_START"] == c.Expression(text="TO_TIMESTAMP_LTZ('2025-01-01')")


def test_parse__bind_inside_a_table_function__is_its_argument_and_the_next_one_follows() -> None:
    inputs = Inputs(binds=(7, "x"))
    command = query(
        "select * from table(snowflake.spcs.get_job_history(result_limit => ?)) where n = ?", inputs
    )
    assert command.tables[0].named == {"RESULT_LIMIT": 7}
    assert command.binds == (1,)


def test_parse__service_method_as_table__target_and_method() -> None:
    command = query("SELECT LOG FROM table(d.s.svc!spcs_get_logs()) WHERE INSTANCE_ID = 0")
    assert command.tables[0].target == ObjectName(name="SVC", schema="S", database="D")
    assert command.tables[0].function == "SPCS_GET_LOGS"


def test_parse__engine_table_function__left_to_the_engine() -> None:
    text = "select * from table(flatten(input => parse_json('[1]')))"
    assert query(text) == c.Query(text=text, verb="SELECT", headings=("*",))


def test_parse__unknown_variable__fault() -> None:
    with pytest.raises(Fault, match=r"\$NOPE"):
        parse("select $nope from t")


@pytest.mark.parametrize("text", ["select ?", "select 1 + 1", "select $v", "select a, current_role() from t"])
def test_parse__select_beyond_constants__query(text: str) -> None:
    assert query(text, Inputs(binds=(1,), variables={"V": 1})).verb == "SELECT"


def test_parse__identifier_of_a_bind_or_text__the_quoted_name() -> None:
    command = query("""drop table identifier(?)""", Inputs(binds=('"D b".public.t',)))
    assert (command.text, command.binds) == ('drop table "D b"."PUBLIC"."T"', ())
    assert query("select * from identifier('s.t') where a = ?").text == 'select * from "S"."T" where a = ?'


def test_parse__bind_before_a_cast__two_tokens() -> None:
    assert query("select ?::int, ?").text == "select ? ::int, ?"


def test_parse__query_on_a_stage__files_and_format_apart() -> None:
    command = query("select $1::int a from @s.st/a.csv( FILE_FORMAT  => 'ff', pattern => '.*') t")
    assert command.text == "select $1::int a from TEMP.MAIN._SFML_STAGE_0 t"
    (table,) = command.stages
    assert (table.location.path, table.file_format, table.pattern) == ("a.csv", "ff", ".*")
    with pytest.raises(Fault, match="REFRESH"):
        parse("select 1 from @st (refresh => 'x')")


def test_parse__scoped_temporary_table__the_engine_need_not_know_the_word() -> None:
    assert query("create scoped temporary table t (a int)").text == "create  temporary table t (a int)"


def test_parse__functions_of_the_session_and_the_service__lifted_out_of_a_query() -> None:
    command = query(
        "select a, current_role() r, parse_json(system$f('x', 1))[0] from t where u = current_user"
    )
    assert command.text == (
        "select a, _SFML_VALUE_0_ r, parse_json(_SFML_VALUE_1_)[0] from t where u = _SFML_VALUE_2_"
    )
    assert command.values == {
        "_SFML_VALUE_0_": c.ContextFunction(name="CURRENT_ROLE"),
        "_SFML_VALUE_1_": c.Call(function="SYSTEM$F", column="SYSTEM$F", args=("x", 1)),
        "_SFML_VALUE_2_": c.ContextFunction(name="CURRENT_USER"),
    }


def test_parse__column_that_is_called_like_a_function__left_alone() -> None:
    text = "select t.current_user, 1 as current_role from t"
    assert query(text).text == text


def test_parse__copy_into__stage_files_pattern_and_purge_apart() -> None:
    command = parse(
        """copy into identifier(?) ("A") from (select $1:"A"::number from '@"D"."S"."ST"/x/')"""
        " file_format=(type=parquet) purge=true files=('a', 'b') pattern='.*' on_error=?",
        Inputs(binds=("T", "abort_statement")),
    )
    assert isinstance(command, c.CopyInto)
    assert command.source.path == "x/"
    assert (command.files, command.pattern, command.purge) == (("a", "b"), ".*", True)
    assert command.query.binds == (1,)
    assert command.query.text.startswith('copy into "T" ("A")')
    assert "PURGE" not in command.query.text.upper()
    assert f"from {command.placeholder})" in command.query.text


@pytest.mark.parametrize("text", ["copy into @st from t", "copy into t from 's3://bucket/x'", "copy into t"])
def test_parse__copy_of_anything_but_a_stage_into_a_table__unsupported(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse(text)
    assert caught.value.code == "000002"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("select a, a b, a as b, t.a, \"x y\" from t", (None,) * 5),
        ("select 1+1, f(x), f(x) y, case when a then b end, a is null, x::int from t",
         ("1+1", "F(X)", None, "CASE WHEN A THEN B END", "A IS NULL", "X::INT")),
        ("select distinct a || 'q', t.*, * from t", ("A || 'Q'", "*", "*")),
        ("select top 3 null, current_date, date '2024-01-01' from t",
         ("NULL", "CURRENT_DATE", "DATE '2024-01-01'")),
        ("with q as (select 1, 2 from r) select extract(year from d) from q union select 2",
         ("EXTRACT(YEAR FROM D)",)),
        ("(select 1)", ()),
    ],
)  # fmt: skip
def test_parse__select_list__headings(text: str, names: tuple[str | None, ...]) -> None:
    assert query(text).headings == names

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
        ("show tables in schema s", "SHOW", "TABLES"),
        ("show primary keys in t", "SHOW", "PRIMARY KEYS"),
        ("copy into t from @st", "COPY", ""),
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
    assert query(text) == c.Query(text=text, verb="SELECT")


def test_parse__unknown_variable__fault() -> None:
    with pytest.raises(Fault, match=r"\$NOPE"):
        parse("select $nope from t")


@pytest.mark.parametrize("text", ["select ?", "select 1 + 1", "select $v", "select a, current_role() from t"])
def test_parse__select_beyond_constants__query(text: str) -> None:
    assert query(text, Inputs(binds=(1,), variables={"V": 1})).verb == "SELECT"

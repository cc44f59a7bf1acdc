"""A session's place, role, parameters and variables."""

from __future__ import annotations

import pytest

from handled import Account

OK = "Statement executed successfully."


def test_use__database_schema_role_warehouse__the_session_moves(account: Account) -> None:
    account.run("create database d1")
    account.run("create schema s1")
    assert (account.session.database, account.session.schema) == ("D1", "S1")
    assert account.text("use database d1") == OK
    assert (account.session.database, account.session.schema) == ("D1", "PUBLIC")
    account.run("use schema local.public")
    account.run("create warehouse w2")
    account.run("use warehouse compute_wh")
    account.run("use role sysadmin")
    assert account.rows(
        "select current_database() d, current_schema() s, current_role() r, current_warehouse() w"
    ) == [{"D": "LOCAL", "S": "PUBLIC", "R": "SYSADMIN", "W": "COMPUTE_WH"}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("use database nope", "002043"),
        ("use schema nope", "002043"),
        ("use schema nope.public", "002043"),
        ("use warehouse nope", "002043"),
        ("use role nope", "002043"),
        ("alter session set nope = 1", "001008"),
        ("alter session set timezone = 'Nowhere/City'", "001008"),
        ("alter session set autocommit = 'perhaps'", "001008"),
    ],
)
def test_session__wrong_value__fault_and_nothing_changed(account: Account, text: str, code: str) -> None:
    before = repr(account.session)
    assert account.code(text) == code
    assert repr(account.session) == before


def test_use_role__not_granted_to_the_user__003013(account: Account) -> None:
    account.run("create user u")
    account.run("create role r")
    session = account.login(role="PUBLIC", session=2, user="U")
    assert account.code("use role r", session=session) == "003013"
    account.run("grant role r to user u")
    account.run("use role r", session=session)
    assert session.role == "R"


def test_alter_session__parameter__typed_and_shown(account: Account) -> None:
    account.run("alter session set query_tag = 'x', autocommit = 'false', timezone = 'Europe/Berlin'")
    assert account.session.parameters == {"QUERY_TAG": "x", "AUTOCOMMIT": False, "TIMEZONE": "Europe/Berlin"}
    (row,) = account.rows("show parameters like 'query_tag'")
    assert (row["key"], row["value"], row["default"], row["level"]) == ("QUERY_TAG", "x", "", "SESSION")
    account.run("alter session unset query_tag")
    (row,) = account.rows("show parameters like 'query_tag' in session")
    assert (row["value"], row["level"]) == ("", "")
    (row,) = account.rows("show parameters like 'event_table' in account")
    assert row["value"] == "snowflake.telemetry.events"


def test_alter_session__switch_of_what_is_always_on__only_to_that(account: Account) -> None:
    name = "SNOWSERVICES_ENABLE_SPCS_JOB_CANCELLATION"
    account.run(f"alter session set {name} = true")
    assert account.code(f"alter session set {name} = false") == "001008"
    (row,) = account.rows(f"show parameters like '{name}' in account")
    assert (row["value"], row["level"]) == ("true", "")


def test_regions__the_current_one__is_shown_with_a_cloud_that_clients_know(account: Account) -> None:
    (row,) = account.rows("show regions")
    assert row["snowflake_region"] == account.text("select current_region()")
    assert row["cloud"] in ("aws", "azure", "gcp")


def test_show__filtered_by_age_as_a_query__created_on_is_a_moment(account: Account) -> None:
    account.run("show schemas like 'PUB%'")
    shown = account.session.query_ids[-1]
    query = f"""select "name" from table(result_scan('{shown}')) where "created_on" < dateadd"""
    assert account.rows(f"{query}('hour', -1, current_timestamp())") == []
    assert account.rows(f"{query}('hour', 1, current_timestamp())") == [{"name": "PUBLIC"}]


def test_information_schema_packages__none_here(account: Account) -> None:
    assert account.rows("select package_name, version from information_schema.packages") == []


def test_variables__set_use_unset__replaced_in_later_statements(account: Account) -> None:
    account.run("set (n, name) = (40 + 2, 'loc' || 'al')")
    assert account.text("select $n + 1 as a") == 43
    account.run("use database identifier($name)")
    assert [row["name"] for row in account.rows("show variables")] == ["N", "NAME"]
    account.run("unset n")
    assert account.code("select $n") == "002211"


def test_context_functions__alone_and_inside_a_query__same_values(account: Account) -> None:
    alone = account.rows(
        "select current_user() u, current_account() a, current_region() r, current_session() s"
    )
    inside = account.rows(
        "select current_user() u, current_account() a, current_region() r, current_session() s"
        " from (select 1) where 1 = 1"
    )
    assert alone == inside == [{"U": "LOCAL", "A": "LOCAL", "R": "AWS_US_WEST_2", "S": "1"}]


def test_last_query_id__positions__from_both_ends(account: Account) -> None:
    first, second = (account.run("select 1"), account.session.query_ids[-1])[1], None
    account.run("select 2")
    second = account.session.query_ids[-1]
    assert account.text("select last_query_id()") == second
    assert account.text("select last_query_id(1)") == first
    assert account.text("select last_query_id(-99)") is None


def test_constants__simple_select__engine_not_loaded(account: Account) -> None:
    assert account.rows("select 1, 'x' as y, null, true, -1.50 d") == [
        {"1": 1, "Y": "x", "NULL": None, "TRUE": True, "D": pytest.approx(-1.5)}
    ]
    account.run("show databases")
    account.run("create database d")
    assert account.backend.engine._loaded is None

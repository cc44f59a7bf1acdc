"""Statements through the one entrance of the handlers, on a real catalog, stages and engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfml.emulator import handlers
from sfml.emulator.auth.credentials import Door, ServiceTokens
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.engine import Engine
from sfml.emulator.faults import Fault
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.passwords import password_matches
from sfml.emulator.queries import Query, QueryLog
from sfml.emulator.registry.front import Registry
from sfml.emulator.request import Bind
from sfml.emulator.results import Direction, Rows, Transfer
from sfml.emulator.seed import seed
from sfml.emulator.settings import Settings
from sfml.emulator.stages import Stages


def registry(state: Path, catalog: Catalog) -> Registry:
    """One that nobody logs in to: the program starts when an address is asked for, and not before."""
    now = time.time
    tokens = ServiceTokens(lifetime=60, clock=lambda: datetime.now(UTC))
    door = Door(account="LOCAL", catalog=catalog, service_tokens=tokens, clock=lambda: datetime.now(UTC))
    sessions = Sessions(session_lifetime=60, master_lifetime=60, clock=now)
    return Registry(
        state / "registry", catalog=catalog, door=door, sessions=sessions,
        address=lambda: ("127.0.0.1", 0), token_lifetime=60,
    )  # fmt: skip


class Account:
    """A backend without its HTTP side."""

    def __init__(self, state: Path) -> None:
        settings = Settings(state=state)
        catalog = Catalog(state / "catalog.sqlite")
        seed(catalog, settings)
        self.queries = QueryLog(workers=1)
        self.backend = Backend(
            settings=settings,
            catalog=catalog,
            stages=Stages(state / "stages"),
            engine=Engine(state / "engine", catalog),
            services=None,
            images=registry(state, catalog),
            queries=self.queries,
            clock=lambda: datetime.now(UTC),
            issue_service_token=lambda name, role, user: "",
            endpoint=lambda: ("127.0.0.1", 0),
            ingress_address=lambda service, endpoint: f"127.0.0.1:{service}",
        )
        self.session = self.login()

    def login(self, role: str = "ACCOUNTADMIN", session: int = 1, user: str = "LOCAL") -> Context:
        return Context(
            session_id=session,
            user=user,
            role=role,
            database="LOCAL",
            schema="PUBLIC",
            warehouse="COMPUTE_WH",
        )

    def run(self, text: str, *binds: object, session: Context | None = None, describe: bool = False) -> Any:
        session = session or self.session
        number = f"q{len(session.query_ids) + 1}-{session.session_id}"
        request = Request(
            text=text,
            binds=tuple(
                Bind(type="TEXT" if isinstance(value, str) else "FIXED", value=value) for value in binds
            ),
            describe_only=describe,
            query_id=number,
            cancelled=Cancellation(),
        )
        answer = handlers.execute(request, session, self.backend)
        session.query_ids.append(number)
        self.queries.add_finished(Query(id=number, context=session, text=text), answer)
        return answer

    def rows(self, text: str, *binds: object, session: Context | None = None) -> list[dict[str, object]]:
        answer = self.run(text, *binds, session=session)
        assert isinstance(answer, Rows)
        return [
            dict(zip([column.name for column in answer.columns], row, strict=True)) for row in answer.rows
        ]

    def text(self, text: str, *binds: object, session: Context | None = None) -> object:
        (row,) = self.rows(text, *binds, session=session)
        return next(iter(row.values()))

    def code(self, text: str, *binds: object, session: Context | None = None) -> str:
        with pytest.raises(Fault) as caught:
            self.run(text, *binds, session=session)
        return caught.value.code

    def close(self) -> None:
        self.backend.engine.close()
        self.queries.close()
        self.backend.catalog.close()


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    found = Account(tmp_path)
    yield found
    found.close()


OK = "Statement executed successfully."


# --- sessions


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


# --- databases, schemas, warehouses


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


# --- stages


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


# --- queries


def test_result_scan__of_show__whole_and_inside_a_query(account: Account) -> None:
    account.run("show databases")
    shown = account.session.query_ids[-1]
    assert account.rows("select * from table(result_scan(last_query_id()))") == account.rows(
        f"select * from table(result_scan('{shown}'))"
    )
    text = f"""select "name" as n from table(result_scan('{shown}')) where "kind" = ? order by 1"""
    found = account.rows(text, "STANDARD")
    assert found == [{"N": "LOCAL"}, {"N": "SNOWFLAKE"}]
    assert account.code("select * from table(result_scan('nope'))") == "000709"


def test_show_tables__and_views__what_the_engine_holds(account: Account) -> None:
    account.run("create table t as select 1 a union all select 2")
    account.run("create view v as select a from t")
    (table,) = account.rows("show tables in schema local.public")
    assert (table["name"], table["rows"], table["kind"], table["schema_name"]) == ("T", 2, "TABLE", "PUBLIC")
    assert [row["name"] for row in account.rows("show views")] == ["V"]
    assert [row["kind"] for row in account.rows("show terse objects in account")] == ["TABLE", "VIEW"]
    assert account.rows("show tables like 'nope'") == []
    assert [row["name"] for row in account.rows("describe schema local.public")] == ["T", "V"]


def test_copy_into__from_a_stage__loads_and_purges(account: Account) -> None:
    account.run("create stage st")
    record = account.backend.catalog.find(Kind.STAGE)[0]
    place = account.backend.stages.directory(record)
    for number in (1, 2):
        (place / f"{number}.csv").write_text(f"{number},x\n")
    account.run("create table t (a int, b text)")
    assert account.rows("copy into t from @st pattern = '.*none.*'") == [
        {"status": "Copy executed with 0 files processed."}
    ]
    loaded = account.rows("copy into t from @st files = ('2.csv') purge = true")
    assert [(row["file"], row["status"], row["rows_loaded"]) for row in loaded] == [("st/2.csv", "LOADED", 1)]
    assert [row["name"] for row in account.rows("ls @st")] == ["st/1.csv"]
    (place / "3.csv").write_text("3,007\n")
    account.run("copy into t from '@st/'")
    assert account.text("select b from t where a = 3") == "007"
    assert account.rows("select $2 as b, count(*) n from @st/3.csv group by 1") == [{"B": "007", "N": 1}]
    assert account.code("select $1 from @st/nope") == "091016"
    assert account.text("select sum(a) from t") == 6


def test_describe_only__anything__columns_and_nothing_done(account: Account) -> None:
    answer = account.run("create stage st", describe=True)
    assert ([column.name for column in answer.columns], list(answer.rows)) == (["status"], [])
    assert account.rows("show stages") == []
    answer = account.run("show databases", describe=True)
    assert (len(answer.columns), list(answer.rows)) == (13, [])
    answer = account.run("select 1 as x", describe=True)
    assert ([column.name for column in answer.columns], list(answer.rows)) == (["X"], [])


def test_transaction__through_statements__undone(account: Account) -> None:
    account.run("create table t (a int)")
    account.run("begin")
    account.run("insert into t values (1)")
    account.run("rollback")
    assert account.text("select count(*) from t") == 0
    account.run("commit")


def test_service_functions__unknown__unknown_function(account: Account) -> None:
    assert account.code("select system$nope()") == "002140"
    assert account.code("call nope()") == "002140"
    assert account.code("select a, system$nope() from (select 1 a)") == "002140"


# --- roles, users, privileges


def test_users__password_and_key__stored_as_login_reads_them(account: Account) -> None:
    account.run("create user u password = 'secret-1' default_role = r rsa_public_key = 'MII\nBIj'")
    record = account.backend.catalog.get(Kind.USER, Name(name="U"))
    assert record is not None
    assert password_matches("secret-1", str(record.properties["password"]))
    assert record.properties["rsa_public_key"] == "MIIBIj"
    assert "secret" not in str(account.rows("show users")) + str(account.rows("describe user u"))
    account.run("alter user u set disabled = true")
    (row,) = account.rows("show users like 'U'")
    assert (row["disabled"], row["has_password"], row["default_role"]) == ("true", "true", "R")


def test_roles__counts_and_removal__consistent(account: Account) -> None:
    account.run("create role r")
    account.run("create role s")
    account.run("grant role r to role s")
    account.run("grant role s to user local")
    assert account.code("grant role s to role r") == "003023"
    (row,) = account.rows("show roles like 'R'")
    assert (row["granted_to_roles"], row["assigned_to_users"], row["owner"]) == (1, 0, "ACCOUNTADMIN")
    account.run("use role s")
    (row,) = account.rows("show roles like 'R'")
    assert row["is_inherited"] == "Y"
    account.run("use role accountadmin")
    account.run("drop role r")
    (row,) = account.rows("show roles like 'S'")
    assert row["granted_roles"] == 0
    assert account.code("drop role sysadmin") == "003001"


@pytest.fixture
def limited(account: Account) -> Context:
    """A session of user U in role R, which has nothing yet."""
    account.run("create role r")
    account.run("create user u")
    account.run("grant role r to user u")
    account.run("create stage local.public.st")
    return account.login(role="R", session=9, user="U")


@pytest.mark.parametrize(
    ("text", "code", "grant"),
    [
        ("create database d", "003001", "create database on account"),
        ("create warehouse w", "003001", "create warehouse on account"),
        ("create role q", "003001", "create role on account"),
        ("create user v", "003001", "create user on account"),
        ("create schema s", "003001", "create schema on database local"),
        ("create stage s2", "003001", "create stage on schema local.public"),
        ("list @st", "002003", "read on stage st"),
        ("list @st", "002003", "read on all stages in schema local.public"),
        ("put file:///tmp/x @st", "002003", "write on stage st"),
        ("rm @st", "002003", "all on stage st"),
        ("alter warehouse compute_wh suspend", "002003", "operate on warehouse compute_wh"),
    ],
)
def test_privileges__missing_then_granted__refused_then_done(
    account: Account, limited: Context, text: str, code: str, grant: str
) -> None:
    assert account.code(text, session=limited) == code
    account.run(f"grant {grant} to role r")
    account.run(text, session=limited)
    account.run(f"revoke {grant} from role r")
    if text.startswith("list"):
        assert account.code(text, session=limited) == code


@pytest.mark.parametrize("what", ["user u", "role public", "warehouse compute_wh", "database local"])
def test_or_replace__someone_elses__needs_ownership(account: Account, limited: Context, what: str) -> None:
    account.run(f"grant create {what.split()[0]} on account to role r")
    assert account.code(f"create or replace {what}", session=limited) in ("002003", "003001")


def test_privileges__some_but_not_this__003001(account: Account, limited: Context) -> None:
    account.run("grant read on stage st to role r")
    assert account.code("drop stage st", session=limited) == "003001"
    account.run("grant ownership on stage st to role r")
    account.run("drop stage st", session=limited)


def test_privileges__future_grant__holds_for_what_comes_after(account: Account, limited: Context) -> None:
    account.run("grant read on future stages in schema local.public to role r")
    account.run("create stage later")
    assert account.code("list @st", session=limited) == "002003"
    assert account.rows("list @later", session=limited) == []


def test_privileges__inherited_and_secondary_roles__count(account: Account, limited: Context) -> None:
    account.run("create role q")
    account.run("grant read on stage st to role q")
    account.run("grant role q to user u")
    assert account.code("list @st", session=limited) == "002003"
    account.run("use secondary roles all", session=limited)
    assert account.rows("list @st", session=limited) == []
    account.run("use secondary roles none", session=limited)
    account.run("grant role q to role r")
    assert account.rows("list @st", session=limited) == []


def test_grants__only_by_who_may__and_shown(account: Account, limited: Context) -> None:
    assert account.code("grant read on stage st to role public", session=limited) == "003001"
    account.run("grant read on stage st to role r with grant option")
    account.run("grant read on stage st to role public", session=limited)
    shown = {
        (row["privilege"], row["granted_on"], row["name"]) for row in account.rows("show grants to role r")
    }
    assert shown == {("READ", "STAGE", "LOCAL.PUBLIC.ST")}
    owners = [
        row["grantee_name"]
        for row in account.rows("show grants on stage st")
        if row["privilege"] == "OWNERSHIP"
    ]
    assert owners == ["ACCOUNTADMIN"]
    assert [row["role"] for row in account.rows("show grants to user u")] == ["R"]
    assert account.code("grant read on stage nope to role r") == "002003"
    assert account.code("grant select on table t to role r") == "000002"

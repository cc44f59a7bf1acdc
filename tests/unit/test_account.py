from __future__ import annotations

from typing import Any

import pytest

from sfml import account, steps
from sfml.errors import InputError
from sfml.steps import Rows, State

GUIDE: dict[str, Any] = {
    "user": "ana", "owner_role": "monad_role", "database": "monad_db", "schema": "data_schema",
    "stage": "monad_stage", "repository": "image_repository", "pool": "monad_compute_pool_gpu",
    "family": "GPU_NV_S",
}  # fmt: skip


def test_plan__names_of_the_guide__is_this_sql() -> None:
    sql = steps.script(account.plan(account.resolve(**GUIDE, public_endpoints=True)))
    assert [line for line in sql.splitlines() if not line.startswith("--")] == [
        "CREATE ROLE IF NOT EXISTS MONAD_ROLE;",
        "GRANT ROLE MONAD_ROLE TO USER ANA;",
        "CREATE DATABASE IF NOT EXISTS MONAD_DB;",
        "CREATE SCHEMA IF NOT EXISTS MONAD_DB.DATA_SCHEMA;",
        (
            "CREATE STAGE IF NOT EXISTS MONAD_DB.DATA_SCHEMA.MONAD_STAGE "
            "ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE') DIRECTORY = (ENABLE = TRUE);"
        ),
        "CREATE IMAGE REPOSITORY IF NOT EXISTS MONAD_DB.DATA_SCHEMA.IMAGE_REPOSITORY;",
        (
            "CREATE COMPUTE POOL IF NOT EXISTS MONAD_COMPUTE_POOL_GPU MIN_NODES = 1 MAX_NODES = 1 "
            "INSTANCE_FAMILY = GPU_NV_S "
            "AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE AUTO_SUSPEND_SECS = 300;"
        ),
        "GRANT USAGE ON DATABASE MONAD_DB TO ROLE MONAD_ROLE;",
        "GRANT USAGE, CREATE SERVICE, CREATE STAGE ON SCHEMA MONAD_DB.DATA_SCHEMA TO ROLE MONAD_ROLE;",
        "GRANT READ, WRITE ON STAGE MONAD_DB.DATA_SCHEMA.MONAD_STAGE TO ROLE MONAD_ROLE;",
        "GRANT USAGE, MONITOR ON COMPUTE POOL MONAD_COMPUTE_POOL_GPU TO ROLE MONAD_ROLE;",
        "GRANT READ, WRITE ON IMAGE REPOSITORY MONAD_DB.DATA_SCHEMA.IMAGE_REPOSITORY TO ROLE MONAD_ROLE;",
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE MONAD_ROLE;",
    ]


def test_plan__no_public_endpoints__does_not_touch_the_account() -> None:
    assert "ON ACCOUNT" not in steps.script(account.plan(account.resolve(**GUIDE)))


def test_plan__no_repository__leaves_images_out() -> None:
    sql = steps.script(account.plan(account.resolve(**{**GUIDE, "repository": None})))
    assert "IMAGE" not in sql
    assert "CREATE COMPUTE POOL" in sql


def test_plan__undone__drops_what_it_made() -> None:
    undo = steps.undo_script(account.plan(account.resolve(**GUIDE))).splitlines()
    assert undo[1] == (
        "REVOKE READ, WRITE ON IMAGE REPOSITORY MONAD_DB.DATA_SCHEMA.IMAGE_REPOSITORY FROM ROLE MONAD_ROLE;"
    )
    assert undo[-1] == "DROP ROLE IF EXISTS MONAD_ROLE;"


@pytest.mark.parametrize(
    "role", ["ACCOUNTADMIN", "accountadmin", '"ACCOUNTADMIN"', "SECURITYADMIN", "ORGADMIN"]
)
def test_resolve__role_that_cannot_own_services__is_refused(role: str) -> None:
    with pytest.raises(InputError, match="cannot own services"):
        account.resolve(user="ana", owner_role=role)


@pytest.mark.parametrize("pool", ["SYSTEM_COMPUTE_POOL_CPU", "system_compute_pool_gpu"])
def test_refuse_system_pool__snowflakes_own__is_refused(pool: str) -> None:
    with pytest.raises(InputError, match="system pool"):
        account.refuse_system_pool(pool)


@pytest.mark.parametrize("pool", ["ML_DEV_POOL", "MY_SYSTEM_COMPUTE_POOL_CPU"])
def test_refuse_system_pool__own_pool__is_accepted(pool: str) -> None:
    account.refuse_system_pool(pool)


@pytest.mark.parametrize(
    "names",
    [
        {"user": "ana'; DROP USER x; --"},
        {"database": "a.b"},
        {"stage": "st; DROP"},
        {"pool": "größe"},
        {"family": "GPU NV"},
        {"schema": ""},
        {"max_nodes": 0},
    ],
)
def test_resolve__bad_name__is_refused(names: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        account.resolve(**{"user": "ana", **names})


def test_plan__quoted_names__stay_quoted_everywhere() -> None:
    setup = account.resolve(user='"ana@corp.com"', owner_role='"ML role"', database='"My Db"')
    sql = steps.script(account.plan(setup))
    assert 'GRANT ROLE "ML role" TO USER "ana@corp.com";' in sql
    assert 'CREATE STAGE IF NOT EXISTS "My Db".PUBLIC.DEV_STAGE ' in sql


def found(title: str, rows: Rows, **options: Any) -> tuple[State, str]:
    """The verdict of the step whose title starts so, on the given rows."""
    plan = account.plan(account.resolve(**{**GUIDE, **options}))
    step = next(s for s in plan if s.title.startswith(title))
    verdict = step.judge(rows)
    return verdict.state, verdict.note


POOL = {
    "name": "MONAD_COMPUTE_POOL_GPU",
    "instance_family": "GPU_NV_S",
    "max_nodes": 1,
    "auto_suspend_secs": 300,
}


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([], (State.ABSENT, "")),
        ([{**POOL, "name": "MONADXCOMPUTE_POOL_GPU"}], (State.ABSENT, "")),
        ([POOL], (State.PRESENT, "")),
        ([{**POOL, "max_nodes": "1"}], (State.PRESENT, "")),
        (
            [{**POOL, "instance_family": "CPU_X64_S", "auto_suspend_secs": 3600}],
            (State.DIFFERS, "left as it is: instance_family is CPU_X64_S, auto_suspend_secs is 3600"),
        ),
    ],
)
def test_pool__rows_of_show__are_judged(rows: Rows, verdict: tuple[State, str]) -> None:
    assert found("compute pool", rows) == verdict


def grant(privilege: str, on: str, name: str) -> dict[str, str]:
    return {"privilege": privilege, "granted_on": on, "name": name}


SCHEMA = "MONAD_DB.DATA_SCHEMA"
NEEDED = ("USAGE", "CREATE SERVICE", "CREATE STAGE")


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([grant(p, "SCHEMA", SCHEMA) for p in NEEDED], State.PRESENT),
        ([grant(p, "SCHEMA", SCHEMA) for p in NEEDED[1:]], State.ABSENT),
        ([grant(p, "SCHEMA", "OTHER.DATA_SCHEMA") for p in NEEDED], State.ABSENT),
        ([grant("OWNERSHIP", "SCHEMA", SCHEMA)], State.PRESENT),
        ([grant("OWNERSHIP", "DATABASE", SCHEMA)], State.ABSENT),
    ],
)
def test_grant_on_schema__rows_of_show_grants__are_judged(rows: Rows, state: State) -> None:
    assert found("USAGE, CREATE SERVICE, CREATE STAGE", rows) == (state, "")


@pytest.mark.parametrize("on", ["COMPUTE_POOL", "COMPUTE POOL"])
def test_grant_on_pool__either_spelling_of_its_kind__is_found(on: str) -> None:
    rows = [grant(p, on, "MONAD_COMPUTE_POOL_GPU") for p in ("USAGE", "MONITOR")]
    assert found("USAGE, MONITOR", rows) == (State.PRESENT, "")


def test_bind_endpoint__granted_on_the_account_by_any_name__is_found() -> None:
    rows = [grant("BIND SERVICE ENDPOINT", "ACCOUNT", "XY12345")]
    assert found("BIND SERVICE ENDPOINT", rows, public_endpoints=True) == (State.PRESENT, "")
    assert found("BIND SERVICE ENDPOINT", [], public_endpoints=True) == (State.ABSENT, "")


@pytest.mark.parametrize("row", [{"role": "MONAD_ROLE"}, {"privilege": "USAGE", "name": "MONAD_ROLE"}])
def test_role_of_user__either_shape_of_show_grants__is_found(row: dict[str, str]) -> None:
    assert found("role MONAD_ROLE for", [row]) == (State.PRESENT, "")


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([{"key": "EVENT_TABLE", "value": "DB.S.EVENTS"}], (State.PRESENT, "DB.S.EVENTS")),
        ([{"key": "EVENT_TABLE", "value": ""}], (State.PRESENT, "snowflake.telemetry.events")),
        ([], (State.NOTE, "cannot be seen by this role; logs may be kept nowhere")),
    ],
)
def test_event_table__parameter__is_told(rows: Rows, verdict: tuple[State, str]) -> None:
    assert found("event table", rows) == verdict


def test_default_role__accountadmin__is_warned_of_with_the_statement_to_run() -> None:
    state, note = found(
        "default role", [{"property": "DEFAULT_ROLE", "value": "ACCOUNTADMIN"}], public_endpoints=True
    )
    assert state is State.NOTE
    assert note.endswith("ALTER USER ANA SET DEFAULT_ROLE = MONAD_ROLE")
    assert found("default role", [{"property": "DEFAULT_ROLE", "value": "ML"}], public_endpoints=True) == (
        State.PRESENT, "ML",
    )  # fmt: skip


def test_script__name_with_a_line_break__cannot_leave_its_comment() -> None:
    setup = account.resolve(user="ana", database='"x\nDROP DATABASE y; --"')
    assert '-- database "x DROP DATABASE y; --"\nCREATE DATABASE' in steps.script(account.plan(setup))

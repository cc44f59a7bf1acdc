"""Compute pools, and jobs as SQL sees them, through the connector."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from snowflake.connector.cursor import DictCursor
from snowflake.connector.errors import ProgrammingError

Connect = Callable[..., Any]
FAMILY = "INSTANCE_FAMILY = CPU_X64_XS"


@pytest.fixture
def rows(connection: Any) -> Callable[..., list[dict[str, Any]]]:
    """The rows of a statement as mappings."""

    def fetch(statement: str, *binds: object) -> list[dict[str, Any]]:
        return list(connection.cursor(DictCursor).execute(statement, binds or None).fetchall())

    return fetch


@pytest.fixture
def pool(cursor: Any) -> Iterator[str]:
    """A pool of this test's own, with one node or two."""
    name = f"POOL_{uuid.uuid4().hex[:8].upper()}"
    cursor.execute(f"create compute pool {name} min_nodes=1 max_nodes=2 {FAMILY} comment='mine'")
    yield name
    cursor.execute(f"drop compute pool if exists {name}")


def refused(cursor: Any, statement: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(statement)
    return caught.value


def test_create__options__are_shown(rows: Any, pool: str) -> None:
    (row,) = rows(f"show compute pools like '{pool.lower()}'")
    assert (row["name"], row["min_nodes"], row["max_nodes"]) == (pool, 1, 2)
    assert (row["instance_family"], row["auto_suspend_secs"], row["auto_resume"]) == (
        "CPU_X64_XS",
        3600,
        "true",
    )
    assert (row["state"] in ("STARTING", "IDLE"), row["target_nodes"], row["active_nodes"]) == (True, 1, 0)
    assert (row["comment"], row["owner"], row["is_exclusive"]) == ("mine", "ACCOUNTADMIN", "false")
    assert row["resumed_on"] is not None


def test_show__system_pools__are_there_from_the_start(rows: Any) -> None:
    found = {row["name"]: row["instance_family"] for row in rows("show compute pools starts with 'SYSTEM_'")}
    assert found == {"SYSTEM_COMPUTE_POOL_CPU": "CPU_X64_S", "SYSTEM_COMPUTE_POOL_GPU": "GPU_NV_S"}


def test_show__as_public__sees_the_system_pools_only(cursor: Any, rows: Any, pool: str) -> None:
    cursor.execute("use role public")
    names = {row["name"] for row in rows("show compute pools")}
    cursor.execute("use role accountadmin")
    assert pool not in names
    assert {"SYSTEM_COMPUTE_POOL_CPU", "SYSTEM_COMPUTE_POOL_GPU"} <= names


@pytest.mark.parametrize(
    ("options", "number", "words"),
    [
        ("min_nodes=1 max_nodes=1 instance_family=CPU_X64_XXS", 1008, "CPU_X64_XXS"),
        (f"min_nodes=0 max_nodes=1 {FAMILY}", 1008, "MIN_NODES"),
        (f"min_nodes=3 max_nodes=2 {FAMILY}", 1008, "MAX_NODES"),
        (f"min_nodes=many max_nodes=2 {FAMILY}", 1008, "MIN_NODES"),
        ("min_nodes=1 max_nodes=1", 1429, "INSTANCE_FAMILY"),
        (f"min_nodes=1 max_nodes=1 {FAMILY} size=large", 1420, "SIZE"),
    ],
)
def test_create__value_that_cannot_be__is_refused_and_nothing_is_made(
    cursor: Any, rows: Any, options: str, number: int, words: str
) -> None:
    error = refused(cursor, f"create compute pool not_made {options}")
    assert (error.errno, words in str(error.msg)) == (number, True)
    assert rows("show compute pools like 'NOT_MADE'") == []


def test_create__name_is_taken__is_refused_unless_that_is_said(cursor: Any, pool: str) -> None:
    again = f"compute pool {{}} {pool} min_nodes=1 max_nodes=1 {FAMILY}"
    assert refused(cursor, "create " + again.format("")).errno == 2002
    cursor.execute("create " + again.format("if not exists"))
    assert cursor.fetchone() == (f"{pool} already exists, statement succeeded.",)


def test_alter__set_and_unset__change_what_is_shown(cursor: Any, rows: Any, pool: str) -> None:
    cursor.execute(f"alter compute pool {pool} set max_nodes=5 auto_suspend_secs=60 comment='new'")
    (row,) = rows(f"describe compute pool {pool}")
    assert (row["max_nodes"], row["auto_suspend_secs"], row["comment"]) == (5, 60, "new")
    cursor.execute(f"alter compute pool {pool} unset auto_suspend_secs, comment")
    (row,) = rows(f"describe compute pool {pool}")
    assert (row["max_nodes"], row["auto_suspend_secs"], row["comment"]) == (5, 3600, None)


def test_alter__instance_family__only_of_a_suspended_pool(cursor: Any, rows: Any, pool: str) -> None:
    change = f"alter compute pool {pool} set instance_family=CPU_X64_M"
    assert "suspended" in str(refused(cursor, change).msg)
    cursor.execute(f"alter compute pool {pool} suspend")
    cursor.execute(change)
    (row,) = rows(f"describe compute pool {pool}")
    assert (row["state"], row["instance_family"], row["target_nodes"]) == ("SUSPENDED", "CPU_X64_M", 0)


def test_status__as_a_function__is_json(cursor: Any, pool: str) -> None:
    cursor.execute(f"alter compute pool {pool} suspend")
    answer = cursor.execute(f"call system$get_compute_pool_status('{pool}')").fetchone()[0]
    assert json.loads(answer)["status"] == "SUSPENDED"


def test_pool__unknown__is_missing_everywhere(cursor: Any) -> None:
    for statement in (
        "describe compute pool nowhere",
        "alter compute pool nowhere suspend",
        "drop compute pool nowhere",
        "call system$get_compute_pool_status('NOWHERE')",
        "call system$get_ml_job_runtime('NOWHERE', '')",
    ):
        error = refused(cursor, statement)
        assert (error.errno, "Compute Pool 'NOWHERE' does not exist" in str(error.msg)) == (2003, True)
    cursor.execute("drop compute pool if exists nowhere")
    assert cursor.fetchone() == ("Drop statement executed successfully (NOWHERE already dropped).",)


def test_families__as_a_list__have_their_sizes(rows: Any) -> None:
    (row,) = rows("show compute pool instance families like 'GPU_NV_S'")
    assert (row["vcpu"], row["memory_gib"], row["gpu"], row["gpu_count"]) == (6, 28, "A10G", 1)


# --- jobs


def execute(cursor: Any, pool: str, *command: str, name: str = "job_", **settings: object) -> str:
    """Starts a job as the client does; its id."""
    spec = {"STAGE_PATH": "@payload/x", "ARGS": list(command), "RUNTIME": "/images/run:1"}
    job = {"ASYNC": True, "GENERATE_SUFFIX": name.endswith("_"), **settings}
    call = "call system$execute_ml_job(?, ?, ?, ?)"
    return str(cursor.execute(call, (name, pool, json.dumps(spec), json.dumps(job))).fetchone()[0])


@pytest.fixture
def payload(cursor: Any) -> None:
    cursor.execute("create stage payload")


@pytest.mark.usefixtures("payload")
def test_job__two_instances__are_told_apart(cursor: Any, rows: Any, pool: str) -> None:
    job = execute(cursor, pool, "bash", "-c", "echo I am $SNOWFLAKE_JOB_INDEX", TARGET_INSTANCES=2)
    cursor.execute(f"call {job}!spcs_wait_for('DONE', 60)")
    seen = rows(f"show service instances in service {job}")
    assert [(row["instance_id"], row["status"]) for row in seen] == [("0", "SUCCEEDED"), ("1", "SUCCEEDED")]
    (logs,) = rows(f"select system$get_service_logs('{job}', 1, 'main') as logs")
    assert logs["LOGS"] == "I am 1"
    lines = rows(f"select instance_id, log from table({job}!spcs_get_logs()) order by timestamp")
    assert sorted((row["INSTANCE_ID"], row["LOG"]) for row in lines) == [(0, "I am 0"), (1, "I am 1")]


@pytest.mark.usefixtures("payload")
def test_job__waits_for_a_node__containers_are_blank_and_logs_say_pending(
    cursor: Any, rows: Any, pool: str
) -> None:
    running = [execute(cursor, pool, "sleep", "600") for _ in range(2)]
    job = execute(cursor, pool, "true")
    (row,) = rows(f"show service containers in service {job}")
    assert (row["service_status"], row["instance_id"], row["container_name"]) == ("PENDING", None, None)
    error = refused(cursor, f"call system$get_service_logs('{job}', 0, 'main')")
    assert "Container Status: PENDING" in str(error.msg)
    (described,) = rows(f"describe compute pool {pool}")
    assert described["error_code"] == "392508"
    cursor.execute(f"alter compute pool {pool} stop all")
    for other in (*running, job):
        assert rows(f"describe service {other}")[0]["status"] in ("CANCELLING", "CANCELLED")


@pytest.mark.usefixtures("payload")
def test_job__ends_otherwise__waiting_for_it_is_an_error_with_the_status(cursor: Any, pool: str) -> None:
    job = execute(cursor, pool, "false")
    error = refused(cursor, f"call {job}!spcs_wait_for('DONE', 60)")
    assert "Current status: FAILED" in str(error.msg)
    assert "FAILED" in str(refused(cursor, f"call {job}!spcs_cancel_job()").msg)


@pytest.mark.usefixtures("payload")
def test_job__named_without_suffix__name_can_be_used_once(cursor: Any, rows: Any, pool: str) -> None:
    assert execute(cursor, pool, "true", name="once").endswith(".PUBLIC.ONCE")
    with pytest.raises(ProgrammingError) as caught:
        execute(cursor, pool, "true", name="once")
    assert caught.value.errno == 2002
    cursor.execute("drop service once")
    assert rows("show services") == []
    assert [row["DELETED_TIME"] is None for row in rows(HISTORY)] == [False]


HISTORY = "select * from table(snowflake.spcs.get_job_history()) where name = 'ONCE'"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("job_", "NOWHERE", "{}", "{}"), "Compute Pool 'NOWHERE' does not exist"),
        (("job_", "{pool}", "{{", "{}"), "Invalid specification options"),
        (("job_", "{pool}", "[]", "{}"), "expected a JSON object"),
        (("no job", "{pool}", "{}", "{}"), "Invalid identifier 'no job'"),
        (("elsewhere.job_", "{pool}", '{"STAGE_PATH": "@payload"}', "{}"), "ELSEWHERE' does not exist"),
        (("job_", "{pool}", '{"STAGE_PATH": "@nothing/x"}', "{}"), "NOTHING' does not exist"),
        (("job_", "{pool}", '{"STAGE_PATH": "@payload/../../x"}', "{}"), "leaves the stage"),
        (("job_", "{pool}", '{"STAGE_PATH": "@payload"}', "{}"), "Missing ARGS"),
        (("job_", "{pool}", '{"STAGE_PATH": "@payload"}', '{"TARGET_INSTANCES": 0}'), "TARGET_INSTANCES '0'"),
        (("job_", "{pool}", '{"STAGE_PATH": "@payload"}', '{"QUERY_WAREHOUSE": "NONE"}'), "ARGS"),
    ],
)
@pytest.mark.usefixtures("payload")
def test_execute__cannot_be__is_refused_and_leaves_nothing(
    cursor: Any, rows: Any, pool: str, arguments: tuple[str, ...], words: str
) -> None:
    given = [pool if argument == "{pool}" else argument for argument in arguments]
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("call system$execute_ml_job(?, ?, ?, ?)", given)
    assert words in str(caught.value.msg)
    assert rows("show services") == []


@pytest.mark.slow
@pytest.mark.usefixtures("payload")
def test_jobs__fifty_from_ten_sessions__none_is_lost_and_none_runs_twice(
    connect: Connect, database: str, cursor: Any, rows: Any, pool: str
) -> None:
    cursor.execute(f"alter compute pool {pool} set max_nodes=8")

    def submit(number: int) -> None:
        own = connect(database=database, schema="PUBLIC").cursor()
        for turn in range(5):
            execute(own, pool, "bash", "-c", f"echo {number} {turn}", name=f"load_{number}_{turn}_")

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = [row["name"] for row in rows("show services")]
    for job in jobs:
        cursor.execute(f"call {job}!spcs_wait_for('DONE', 120)")
    said = [rows(f"select system$get_service_logs('{job}', 0, 'main') as logs")[0]["LOGS"] for job in jobs]
    assert sorted(said) == sorted(f"{number} {turn}" for number in range(10) for turn in range(5))
    (row,) = rows(f"show compute pools like '{pool}'")
    assert (row["num_jobs"], row["active_nodes"]) == (0, 0)

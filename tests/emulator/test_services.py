"""Services and job services through the connector, on the process executor."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from snowflake.connector.errors import ProgrammingError

WITHIN = 120.0
POOL = "SERVICES_POOL"


@pytest.fixture
def cursor(connection: Any) -> Any:
    """In a database with an image repository and a stage, beside a pool for all tests here."""
    opened = connection.cursor()
    opened.execute(
        f"create compute pool if not exists {POOL} min_nodes=1 max_nodes=20 instance_family=CPU_X64_XS"
    )
    opened.execute("create image repository repo")
    opened.execute("create stage specs")
    return opened


def spec(*command: str, **more: Any) -> str:
    container = {"name": "main", "image": "{image}", "command": list(command), **more.pop("container", {})}
    return json.dumps({"spec": {"containers": [container], **more}})


@pytest.fixture
def run(cursor: Any, database: str) -> Callable[..., list[Any]]:
    """Runs a statement in which ``$spec`` stands for a specification."""

    def execute(statement: str, text: str = "", *binds: Any) -> list[Any]:
        image = f"/{database.lower()}/public/repo/app:1"
        found: list[Any] = cursor.execute(
            statement.replace("$spec", "$$" + text.replace("{image}", image) + "$$"), binds or None
        ).fetchall()
        return found

    return execute


def rows(cursor: Any, statement: str) -> list[dict[str, Any]]:
    found = cursor.execute(statement).fetchall()
    return [dict(zip((column.name for column in cursor.description), row, strict=True)) for row in found]


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` returns once that is true."""
    deadline = time.monotonic() + WITHIN
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return value


def status(cursor: Any, name: str) -> str:
    return str(rows(cursor, f"describe service {name}")[0]["status"])


def wait(cursor: Any, name: str, wanted: str) -> None:
    cursor.execute(f"call {name}!spcs_wait_for('{wanted}', {WITHIN:g})")


def refusal(run: Callable[..., Any], statement: str, text: str = "") -> ProgrammingError:
    with pytest.raises(ProgrammingError) as caught:
        run(statement, text)
    return caught.value


JOB = f"execute job service in compute pool {POOL} name=job1"


def test_job__synchronous_and_good__answers_when_it_is_done(cursor: Any, run: Callable[..., Any]) -> None:
    assert run(f"{JOB} from specification $spec", spec("echo", "hello")) == [
        ("Job JOB1 completed successfully with status: DONE.",)
    ]
    found = rows(cursor, "describe service job1")[0]
    assert (found["status"], found["is_job"], found["is_async_job"]) == ("DONE", "true", "false")
    assert run("call system$get_service_logs('job1', '0', 'main', 10)") == [("hello",)]
    stamped = run("call system$get_service_logs('job1', '0', 'main', 10, false, '', true)")[0][0]
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d+Z hello", stamped)
    assert [row["name"] for row in rows(cursor, "show job services")] == ["JOB1"]
    assert rows(cursor, "show services exclude jobs") == []


def test_job__properties_stand_after_the_specification__is_the_same(run: Callable[..., Any]) -> None:
    statement = f"execute job service in compute pool {POOL} from specification $spec name = job1 async=false"
    assert run(statement, spec("true"))[0][0].startswith("Job JOB1 completed")


def test_job__synchronous_and_bad__fails_with_status_and_exit_code(run: Callable[..., Any]) -> None:
    error = refusal(run, f"{JOB} from specification $spec", spec("bash", "-c", "exit 3"))
    assert "Job JOB1 ended with status: FAILED" in str(error)
    assert "exit code 3" in str(error)


def test_job__asynchronous_with_replicas__each_instance_has_its_index(
    cursor: Any, run: Callable[..., Any]
) -> None:
    text = spec("bash", "-c", "echo $SNOWFLAKE_JOB_INDEX of $SNOWFLAKE_JOBS_COUNT")
    started = run(f"{JOB} async=true replicas=2 from specification $spec", text)
    assert started == [("Started Snowpark Container Services Job 'JOB1'.",)]
    wait(cursor, "job1", "DONE")
    instances = rows(cursor, "show service instances in service job1")
    assert [(row["instance_id"], row["status"]) for row in instances] == [
        ("0", "SUCCEEDED"),
        ("1", "SUCCEEDED"),
    ]
    assert run("call system$get_service_logs('job1', 1, 'main')") == [("1 of 2",)]


def test_job__no_name__gets_one_of_the_query(cursor: Any, run: Callable[..., Any]) -> None:
    run(f"execute job service in compute pool {POOL} from specification $spec", spec("true"))
    assert rows(cursor, "show job services")[0]["name"].startswith("JOB_")


def test_job__template_on_a_stage__is_rendered_with_its_values(
    cursor: Any, run: Callable[..., Any], tmp_path: Any, database: str
) -> None:
    image = f"/{database.lower()}/public/repo/app:{{{{ tag | default('1') }}}}"
    template = {"name": "main", "image": image, "command": ["echo", "{{ word }}"]}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump({"spec": {"containers": [template]}}))
    cursor.execute(f"put file://{tmp_path}/job.yaml @specs/a auto_compress=false")
    run(f"{JOB} from @specs/a specification_template_file='job.yaml' using (word => 'rendered')")
    assert run("call system$get_service_logs('job1', 0, 'main')") == [("rendered",)]
    error = refusal(run, f"{JOB}2 from @specs/a specification_template_file='job.yaml'")
    assert "395069" in str(error)
    assert "'word' is undefined" in str(error)


def test_service__created__runs_and_shows_everything(cursor: Any, run: Callable[..., Any]) -> None:
    text = spec(
        "bash", "-c", "echo up; sleep 600",
        container={"env": {"PORT": 8085, "DEBUG": True}},
        endpoints=[
            {"name": "web", "port": 8085, "public": True}, {"name": "tcp", "port": 9, "protocol": "TCP"}
        ],
    )  # fmt: skip
    made = run(f"create service svc in compute pool {POOL} from specification $spec comment='mine'", text)
    assert made == [("Service SVC successfully created.",)]
    wait(cursor, "svc", "RUNNING")
    found = rows(cursor, "describe service svc")[0]
    assert found["dns_name"].startswith("svc.")
    assert (found["current_instances"], found["target_instances"], found["is_job"]) == (1, 1, "false")
    assert (found["comment"], found["auto_resume"], found["suspended_on"]) == ("mine", "true", None)
    container = yaml.safe_load(found["spec"])["spec"]["containers"][0]
    assert container["env"] == {"PORT": "8085", "DEBUG": "true"}
    assert container["resources"] == {
        "limits": {"memory": "6Gi", "cpu": "1"},
        "requests": {"memory": "0.5Gi", "cpu": "0.5"},
    }
    assert container["sha256"].startswith("@sha256:")
    endpoints = rows(cursor, "show endpoints in service svc")
    assert [(row["name"], row["port"], row["protocol"], row["is_public"]) for row in endpoints] == [
        ("web", 8085, "HTTP", "true"),
        ("tcp", 9, "TCP", "false"),
    ]
    assert re.search(r"(localhost|127\.0\.0\.1):\d+$", endpoints[0]["ingress_url"])
    assert endpoints[1]["ingress_url"] is None
    shown = rows(cursor, "show service containers in service svc")[0]
    assert (shown["status"], shown["message"], shown["restart_count"]) == ("READY", "Running", 0)
    assert shown["last_exit_code"] is None
    roles = rows(cursor, "show roles in service svc")
    assert [row["name"] for row in roles] == ["ALL_ENDPOINTS_USAGE"]
    until(lambda: run("call system$get_service_logs('svc', '0', 'main', 500, false, '', false)") == [("up",)])
    asked = json.loads(run("call system$get_service_status('svc')")[0][0])
    assert asked[0]["status"] == "READY"
    assert rows(cursor, f"describe compute pool {POOL}")[0]["num_services"] >= 1
    assert run("drop service svc") == [("SVC successfully dropped.",)]
    assert rows(cursor, "show services") == []


def test_service__its_program_ends__is_started_again_and_keeps_the_previous_log(
    cursor: Any, run: Callable[..., Any]
) -> None:
    run(
        f"create service svc in compute pool {POOL} from specification $spec",
        spec("bash", "-c", "echo run $BASHPID; sleep 0.2; exit 7"),
    )

    def restarted() -> Any:
        shown = rows(cursor, "show service containers in service svc")[0]
        return shown if shown["restart_count"] else None

    shown = until(restarted)
    assert (shown["last_exit_code"], bool(shown["last_restart_time"])) == (7, True)
    previous = run("call system$get_service_logs('svc', 0, 'main', 10, true)")[0][0]
    assert previous.startswith("run ")
    run("drop service svc")


def test_service__suspended_and_resumed__stops_and_runs_again(cursor: Any, run: Callable[..., Any]) -> None:
    run(f"create service svc in compute pool {POOL} from specification $spec", spec("sleep", "600"))
    wait(cursor, "svc", "RUNNING")
    assert run("alter service svc suspend") == [("Statement executed successfully.",)]
    wait(cursor, "svc", "SUSPENDED")
    shown = rows(cursor, "show service containers in service svc")
    assert [(row["service_status"], row["instance_id"]) for row in shown] == [("SUSPENDED", None)]
    assert rows(cursor, "describe service svc")[0]["suspended_on"] is not None
    run("alter service svc resume")
    wait(cursor, "svc", "RUNNING")
    assert rows(cursor, "describe service svc")[0]["suspended_on"] is not None


def test_service__set_and_unset__are_shown(cursor: Any, run: Callable[..., Any]) -> None:
    run(f"create service svc in compute pool {POOL} from specification $spec", spec("sleep", "600"))
    run("alter service svc set min_instances = 2 max_instances = 3 auto_resume = false comment = 'now'")
    found = rows(cursor, "describe service svc")[0]
    assert (found["min_instances"], found["max_instances"], found["auto_resume"]) == (2, 3, "false")
    assert found["comment"] == "now"
    until(lambda: len(rows(cursor, "show service instances in service svc")) == 2)
    run("alter service svc unset min_instances, max_instances, comment, auto_resume")
    found = rows(cursor, "describe service svc")[0]
    assert (found["min_instances"], found["max_instances"], found["comment"]) == (1, 1, None)
    assert len(rows(cursor, "show service instances in service svc")) == 1


def test_service__upgraded__its_instances_run_the_new_specification(
    cursor: Any, run: Callable[..., Any]
) -> None:
    statement = f"create service svc in compute pool {POOL} from specification $spec min_instances=2"
    run(statement, spec("bash", "-c", "echo old; sleep 600"))
    wait(cursor, "svc", "RUNNING")
    before = rows(cursor, "describe service svc")[0]["spec_digest"]
    run("alter service svc from specification $spec", spec("bash", "-c", "echo new; sleep 600"))
    after = rows(cursor, "describe service svc")[0]["spec_digest"]
    assert before != after

    def replaced() -> bool:
        instances = rows(cursor, "show service instances in service svc")
        return all(row["spec_digest"] == after and row["status"] == "READY" for row in instances)

    until(replaced)
    assert rows(cursor, "describe service svc")[0]["is_upgrading"] == "false"
    until(lambda: run("call system$get_service_logs('svc', 1, 'main')")[0][0].endswith("new"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"spec": {"containers": [], "x": 1}}', "invalid 'containers'. Expected 1 to 20 items, found 0."),
        (
            '{"spec": {"containers": [{"name": "a", "image": "/a/b/c/d"}], "serviceRoles": []}}',
            "Invalid spec: unknown option 'serviceRoles' for 'spec'.",
        ),
        (
            '{"spec": {"containers": [{"name": "a", "image": "/a/b/c/d", "readinessProbe": {"path": "/"}}]}}',
            "Invalid spec: missing 'port' for 'readinessProbe'.",
        ),
        ("spec: [", "Invalid spec: the text is not valid YAML at line 1, column 8"),
    ],
)
def test_create__specification_is_wrong__is_395018_with_its_place(
    run: Callable[..., Any], text: str, message: str
) -> None:
    error = refusal(run, f"create service svc in compute pool {POOL} from specification $spec", text)
    assert error.errno == 395018
    assert message in str(error)


def test_create__repository_is_missing__is_397012(run: Callable[..., Any]) -> None:
    text = spec("true").replace("{image}", "/no/such/repo/app:1")
    error = refusal(run, f"create service svc in compute pool {POOL} from specification $spec", text)
    assert error.errno == 397012
    assert "Image /no/such/repo/app:1 not found" in str(error)


def test_create__needs_containers__is_refused_and_names_the_executor(run: Callable[..., Any]) -> None:
    text = '{"spec": {"containers": [{"name": "main", "image": "{image}"}]}}'
    error = refusal(run, f"create service svc in compute pool {POOL} from specification $spec", text)
    assert "executor: docker" in str(error)


def test_create__more_than_a_node__is_refused_or_never_scheduled(
    cursor: Any, run: Callable[..., Any]
) -> None:
    create = f"create service svc in compute pool {POOL} from specification $spec"
    asked = {"resources": {"requests": {"cpu": 1.5}}}
    error = refusal(run, create, spec("sleep", "600", container=asked))
    assert "invalid value 1.5 for 'total containers.requests.cpu'. Requirement exceeds compute pool" in str(
        error
    )
    run(create, spec("sleep", "600", container={"resources": {"limits": {"memory": "60Gi"}}}))
    assert status(cursor, "svc") == "PENDING"
    asked_status = json.loads(run("call system$get_service_status('svc')")[0][0])
    assert asked_status[0]["message"] == "Unschedulable due to insufficient memory resources"


def test_create__exists__is_2002_or_left_alone(run: Callable[..., Any]) -> None:
    create = f"create service {{}} svc in compute pool {POOL} from specification $spec"
    run(create.format(""), spec("sleep", "600"))
    assert refusal(run, create.format(""), spec("true")).errno == 2002
    assert run(create.format("if not exists"), spec("true")) == [
        ("SVC already exists, statement succeeded.",)
    ]


def test_events__of_a_job__are_told_in_order(cursor: Any, run: Callable[..., Any]) -> None:
    run(f"{JOB} from specification $spec", spec("true"))
    found = cursor.execute(
        "select event_name, event_details['status']::text, instance_id, container_name, severity"
        " from table(job1!spcs_get_events()) order by timestamp"
    ).fetchall()
    told = [(name, state) for name, state, *_ in found if name != "CONTAINER.STATUS_CHANGE"]
    assert told[0] == ("SERVICE.STATUS_CHANGE", "PENDING")
    assert ("SERVICE.STATUS_CHANGE", "DONE") in told
    assert ("SERVICE_INSTANCE.STATUS_CHANGE", "SUCCEEDED") in told
    containers = [row for row in found if row[0] == "CONTAINER.STATUS_CHANGE"]
    assert [row[1] for row in containers][-1] == "DONE"
    assert {row[2:] for row in containers} == {(0, "main", "INFO")}


def test_metrics__asked_for__are_refused(run: Callable[..., Any]) -> None:
    run(f"{JOB} from specification $spec", spec("true"))
    error = refusal(run, "select * from table(job1!spcs_get_metrics())")
    assert "Unsupported feature 'SPCS_GET_METRICS'" in str(error)


def test_service_role__granted_and_revoked__unknown_ones_are_refused(
    cursor: Any, run: Callable[..., Any]
) -> None:
    text = json.loads(spec("sleep", "600", endpoints=[{"name": "web", "port": 8000}]))
    text["serviceRoles"] = [{"name": "web_user", "endpoints": ["web"]}]
    run(f"create service svc in compute pool {POOL} from specification $spec", json.dumps(text))
    shown = [row["name"] for row in rows(cursor, "show roles in service svc")]
    assert shown == ["ALL_ENDPOINTS_USAGE", "WEB_USER"]
    assert run("grant service role svc!web_user to role public") == [("Statement executed successfully.",)]
    assert run("revoke service role svc!web_user from role public") == [("Statement executed successfully.",)]
    assert refusal(run, "grant service role svc!nobody to role public").errno == 2003


def test_pool__has_a_service__is_not_dropped_until_it_is_stopped(
    cursor: Any, run: Callable[..., Any]
) -> None:
    pool = "services_own_pool"
    cursor.execute(f"create compute pool {pool} min_nodes=1 max_nodes=2 instance_family=CPU_X64_XS")
    run(f"create service svc in compute pool {pool} from specification $spec", spec("sleep", "600"))
    assert "drop its services first (SVC)" in str(refusal(run, f"drop compute pool {pool}"))
    run(f"alter compute pool {pool} suspend")
    wait(cursor, "svc", "SUSPENDED")
    run(f"alter compute pool {pool} stop all")
    assert rows(cursor, "show services") == []
    run(f"drop compute pool {pool}")


def test_job__altered__is_refused(run: Callable[..., Any]) -> None:
    run(f"{JOB} from specification $spec", spec("true"))
    assert "cannot be altered" in str(refusal(run, "alter service job1 suspend"))


def test_block_volume__service_suspended_and_dropped__is_kept_and_needs_force(
    cursor: Any, run: Callable[..., Any]
) -> None:
    text = spec(
        "bash",
        "-c",
        'echo x >> "$DATA/seen"; wc -l < "$DATA/seen"; sleep 600',
        container={"volumeMounts": [{"name": "data", "mountPath": "/data"}], "env": {"DATA": "/data"}},
        volumes=[{"name": "data", "source": "block", "size": "1Gi"}],
    )
    run(f"create service svc in compute pool {POOL} from specification $spec", text)
    wait(cursor, "svc", "RUNNING")
    run("alter service svc suspend")
    wait(cursor, "svc", "SUSPENDED")
    run("alter service svc resume")
    wait(cursor, "svc", "RUNNING")
    until(lambda: run("call system$get_service_logs('svc', 0, 'main', 1)") == [("2",)])
    error = refusal(run, "drop service svc")
    assert error.errno == 395085
    assert "Please use DROP SERVICE SVC FORCE" in str(error)
    assert run("drop service svc force") == [("SVC successfully dropped.",)]


def test_event_table__asked_as_snow_does__has_the_events_of_the_service(
    cursor: Any, run: Callable[..., Any], database: str
) -> None:
    run(f"{JOB} from specification $spec", spec("true"))
    found = cursor.execute(
        "select record['name']::text, value['status']::text from snowflake.telemetry.events"
        " where upper(resource_attributes:\"snow.service.name\") = upper('job1')"
        ' and resource_attributes:"snow.database.name" = current_database()'
        " and record_type = 'EVENT' and scope['name'] = 'snow.spcs.platform' order by timestamp desc limit 3"
    ).fetchall()
    assert ("SERVICE.STATUS_CHANGE", "DONE") in found


def test_tags__set_and_unset__are_told(cursor: Any, run: Callable[..., Any]) -> None:
    for tag in ("cost", "team"):
        assert run(f"create tag {tag}") == [(f"Tag {tag.upper()} successfully created.",)]
    make = f"create service svc in compute pool {POOL} from specification $spec"
    assert refusal(run, f"{make} with tag (nothing = 'x')", spec("sleep", "600")).errno == 2003
    run(f"{make} min_instances = 1 with tag (cost = 'low', team = 'a')", spec("sleep", "600"))

    def told(tag: str) -> Any:
        return run(f"select system$get_tag('{tag}', 'svc', 'service')")[0][0]

    assert (told("cost"), told("team")) == ("low", "a")
    wait(cursor, "svc", "RUNNING")
    run("alter service svc set tag cost = 'high'")
    run("alter service svc unset tag team")
    assert (told("cost"), told("team")) == ("high", None)
    assert [row["name"] for row in rows(cursor, "show tags")] == ["COST", "TEAM"]
    run("drop tag cost")
    assert refusal(run, "alter service svc set tag cost = 'x'").errno == 2003

"""Job services and services in containers, through the connector."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError

from pods import api, left
from service_world import POOL, World, world
from sfml.emulator.executors import words

__all__ = ["api"]
WITHIN = 240


@pytest.fixture(scope="module")
def account(api: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    state = tmp_path_factory.mktemp("backend") / "state"
    with world(state, api) as made:
        yield made
    assert left(api, state) == []


def until(what: Callable[[], Any]) -> Any:
    """What it answers once that is true."""
    deadline = time.monotonic() + WITHIN
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.2)
    return found


def test_job__two_containers__share_memory_and_write_to_the_stage(account: World) -> None:
    account.sql("CREATE STAGE local.public.out")
    mounts = [{"name": "memory", "mountPath": "/shared"}, {"name": "out", "mountPath": "/out"}]
    answer = account.run(
        "two",
        {
            "containers": [
                account.container("echo $GREETING > /shared/word; echo told", name="a", volumeMounts=mounts,
                                  env={"GREETING": "hello"}),
                account.container("until [ -s /shared/word ]; do sleep 0.1; done; cp /shared/word /out/",
                                  name="b", volumeMounts=mounts),
            ],
            "volumes": [
                {"name": "memory", "source": "memory", "size": "16Mi"},
                {"name": "out", "source": "stage", "stageConfig": {"name": "@local.public.out"}},
            ],
        },
    )  # fmt: skip
    assert answer == "Job TWO completed successfully with status: DONE."
    assert account.log("two", "a") == "told"
    assert [row[0] for row in account.sql("LIST @local.public.out")] == ["out/word"]


LOGIN = """
body='{"data": {"ACCOUNT_NAME": "'$SNOWFLAKE_ACCOUNT'", "LOGIN_NAME": "", "AUTHENTICATOR": "OAUTH",
 "TOKEN": "'$(cat /snowflake/session/token)'", "CLIENT_APP_ID": "bash", "CLIENT_APP_VERSION": "1"}}'
exec 3<>/dev/tcp/$SNOWFLAKE_HOST/$SNOWFLAKE_PORT
printf 'POST /session/v1/login-request HTTP/1.0\\r\\nContent-Type: application/json\\r\\n' >&3
printf 'Content-Length: %d\\r\\n\\r\\n%s' ${#body} "$body" >&3
cat <&3 | grep -oE '"(success|roleName)": ?[^,}]*'
"""


def test_job__logs_in_from_inside__is_its_owner(account: World) -> None:
    account.run("inside", {"containers": [account.container(LOGIN)]})
    said = sorted(line.replace(" ", "") for line in account.log("inside").splitlines())
    assert said == ['"roleName":"ACCOUNTADMIN"', '"success":true']


def test_job__secrets__are_in_a_variable_and_in_files(account: World) -> None:
    account.sql("CREATE SECRET local.public.word TYPE=GENERIC_STRING SECRET_STRING='hidden'")
    account.sql("CREATE SECRET local.public.door TYPE=PASSWORD USERNAME='ana' PASSWORD='p w'")
    given = [
        {"snowflakeSecret": "word", "envVarName": "WORD", "secretKeyRef": "secret_string"},
        {"snowflakeSecret": "door", "directoryPath": "/keys/door"},
    ]
    script = 'echo "$WORD"; cd /keys/door; for file in *; do echo "$file=$(cat $file)"; done'
    account.run("secretive", {"containers": [account.container(script, secrets=given)]})
    assert account.log("secretive").splitlines() == ["hidden", "password=p w", "username=ana"]


def test_service__container_ends__its_previous_log_can_be_had(account: World) -> None:
    spec = {"containers": [account.container("echo run $RANDOM; trap 'exit 0' TERM; sleep 2 & wait")]}
    text = json.dumps({"spec": spec})
    account.sql(f"CREATE SERVICE again IN COMPUTE POOL {POOL} FROM SPECIFICATION $${text}$$")
    until(lambda: account.rows("SHOW SERVICE CONTAINERS IN SERVICE again")[0]["restart_count"])
    previous = account.one("CALL SYSTEM$GET_SERVICE_LOGS('again', 0, 'main', 10, TRUE)")
    assert previous.startswith("run ")
    account.sql("DROP SERVICE again")


def test_job__container_fails__statement_fails_and_says_the_code(account: World) -> None:
    with pytest.raises(ProgrammingError, match="FAILED"):
        account.run("bad", {"containers": [account.container("echo why >&2; exit 17")]})
    (row,) = account.rows("SHOW SERVICE CONTAINERS IN SERVICE bad")
    assert (row["status"], row["last_exit_code"]) == ("FAILED", 17)
    assert account.log("bad") == "why"


def test_job__more_memory_than_its_limit__was_oomkilled(account: World) -> None:
    limits = {"limits": {"memory": "32Mi"}, "requests": {"memory": "32Mi"}}
    hungry = account.container("head -c 200000000 /dev/zero | tail -c 200000000 >/dev/null", resources=limits)
    with pytest.raises(ProgrammingError):
        account.run("hungry", {"containers": [hungry]})
    (row,) = account.rows("SHOW SERVICE CONTAINERS IN SERVICE hungry")
    assert row["message"] == "Container was OOMKilled due to resource usage"


def test_service__is_found_by_name_restarts_and_suspends(account: World) -> None:
    script = "echo up; trap 'exit 0' TERM; while :; do sleep 0.1; done"
    account.sql(
        f"CREATE SERVICE local.public.my_echo IN COMPUTE POOL {POOL} FROM SPECIFICATION $$"
        '{"spec": {"containers": [%s]}}$$' % json.dumps(account.container(script))
    )
    until(lambda: account.rows("SHOW SERVICES LIKE 'MY_ECHO'")[0]["status"] == "RUNNING")
    (row,) = account.rows("SHOW SERVICES LIKE 'MY_ECHO'")
    names = f"getent hosts my-echo && getent hosts {row['dns_name']}"
    account.run("asker", {"containers": [account.container(names)]})
    account.sql("ALTER SERVICE local.public.my_echo SUSPEND")
    until(lambda: account.rows("SHOW SERVICES LIKE 'MY_ECHO'")[0]["status"] == "SUSPENDED")
    account.sql("DROP SERVICE local.public.my_echo")


def test_job__pending_for_a_gpu__says_what_it_waits_for(account: World, tmp_path: Path) -> None:
    if any(Path("/dev").glob("nvidia[0-9]*")):
        pytest.skip("optional: this machine has GPUs")
    account.sql("CREATE COMPUTE POOL gpus MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=GPU_NV_S")
    wants = {"limits": {"nvidia.com/gpu": 1}, "requests": {"nvidia.com/gpu": 1}}
    spec = json.dumps({"spec": {"containers": [account.container("true", resources=wants)]}})
    account.one(
        f"EXECUTE JOB SERVICE IN COMPUTE POOL gpus NAME=fast ASYNC=TRUE FROM SPECIFICATION $${spec}$$"
    )
    (status,) = json.loads(account.one("SELECT SYSTEM$GET_SERVICE_STATUS('fast')"))
    assert (status["status"], status["message"]) == ("PENDING", words.UNSCHEDULABLE.format("GPU"))
    account.sql("DROP SERVICE fast")

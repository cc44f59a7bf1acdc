"""The life of jobs, with real processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from job_server import Server
from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.faults import Fault
from sfml.emulator.services.lifecycle import LOST
from sfml.emulator.services.model import Service
from sfml.emulator.services.pools import PoolState
from sfml.emulator.services.states import InstanceStatus, Status


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A job that reads it waits until the test opens it."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


def waiting(gate: Path) -> tuple[str, ...]:
    return ("bash", "-c", f"read -r _ < {gate}")


def test_job__script_succeeds__is_done_with_times_and_message(server: Server) -> None:
    job = server.over(server.submit("bash", "-c", "echo hello"))
    assert (job.status, job.message) == (Status.DONE, "Job completed successfully.")
    assert job.instances[0].status is InstanceStatus.SUCCEEDED
    assert job.instances[0].exit_code == 0
    assert job.resumed_on
    assert job.completed_on
    assert job.resumed_on <= job.completed_on
    assert server.log(job) == "hello\n"


def test_job__script_fails__is_failed_with_its_exit_code_in_the_message(server: Server) -> None:
    job = server.over(server.submit("bash", "-c", "exit 3"))
    assert job.status is Status.FAILED
    assert job.message == "Job has failed: User application error, check container logs (exit code 3)"
    assert job.instances[0].exit_code == 3


def test_job__program_is_missing__is_failed_and_says_so(server: Server) -> None:
    job = server.over(server.submit("no-such-program"))
    assert job.status is Status.FAILED
    assert "no-such-program" in job.message


def test_environment__container_variables__are_those_of_the_service(server: Server) -> None:
    job = server.submit("env", options={"ENV_VARS": {"MINE": 5}}, TARGET_INSTANCES=1)
    lines = server.over(job) and server.log(job).splitlines()
    for line in [
        "SNOWFLAKE_HOST=127.0.0.1",
        "SNOWFLAKE_PORT=1",
        "SNOWFLAKE_PROTOCOL=http",
        "SNOWFLAKE_ACCOUNT=LOCAL",
        "SNOWFLAKE_DATABASE=DB1",
        "SNOWFLAKE_SCHEMA=PUBLIC",
        f"SNOWFLAKE_SERVICE_NAME={job.name.name}",
        "SNOWFLAKE_JOBS_COUNT=1",
        "SNOWFLAKE_JOB_INDEX=0",
        "MLRS_RESULT_PATH=mljob_result",
        "MINE=5",
    ]:
        assert line in lines


def test_token__job_reads_its_file__it_is_the_one_issued_for_it(server: Server) -> None:
    job = server.over(server.submit("bash", "-c", 'cat "${SNOWFLAKE_TOKEN_FILE:-/snowflake/session/token}"'))
    assert server.log(job) == f"token of DB1.PUBLIC.{job.name.name} for ACCOUNTADMIN as {job.name.name}"


def test_token__job_is_over__the_file_is_gone(server: Server) -> None:
    job = server.over(server.submit("true"))
    server.jobs.close()
    assert not (server.jobs.launcher.directory(job) / "0" / "session").exists()


def test_result_volume__job_writes_there__file_is_on_the_stage_below_the_jobs_name(server: Server) -> None:
    job = server.over(server.submit("bash", "-c", 'echo 42 > "$MLRS_STAGE_RESULT_PATH/mljob_result"'))
    stage = server.catalog.get(Kind.STAGE, Name(name="PAYLOAD", schema="PUBLIC", database="DB1"))
    assert stage
    result = server.stages.directory(stage) / "job" / job.name.name / "mljob_result"
    assert result.read_text() == "42\n"


def test_job__more_than_the_pool_has_nodes__waits_and_starts_when_one_is_free(
    server: Server, gate: Path
) -> None:
    first, second = server.submit(*waiting(gate)), server.submit("sleep", "600")
    third = server.submit("echo", "third")
    assert third.status is Status.PENDING
    assert third.instances[0].placed_on is None
    pool = server.jobs.pool("POOL")
    assert (pool.usage.nodes, pool.usage.jobs, pool.usage.waiting, pool.target_nodes) == (2, 3, 1, 2)
    gate.write_text("\n")
    assert server.over(first).status is Status.DONE
    assert server.over(third).status is Status.DONE
    server.jobs.cancel(second.name)


def test_job__pool_is_suspended_without_auto_resume__waits_until_it_is_resumed(server: Server) -> None:
    record = server.jobs.pools.change(server.jobs.pools.get("POOL"), {"auto_resume": False})
    server.jobs.pools.suspend(record)
    job = server.submit("true")
    assert job.status is Status.PENDING
    assert server.jobs.pool("POOL").state is PoolState.SUSPENDED
    server.jobs.pools.resume(server.jobs.pools.get("POOL"), now=job.record.created_on)
    server.jobs.schedule()
    assert server.over(job).status is Status.DONE


def test_job__pool_is_suspended_with_auto_resume__resumes_it(server: Server) -> None:
    server.jobs.pools.suspend(server.jobs.pools.get("POOL"))
    assert server.over(server.submit("true")).status is Status.DONE
    assert server.jobs.pool("POOL").state is not PoolState.SUSPENDED


def test_instances__two_wanted__each_has_its_index_and_all_must_succeed(server: Server) -> None:
    job = server.over(server.submit("bash", "-c", "exit $SNOWFLAKE_JOB_INDEX", TARGET_INSTANCES=2))
    assert job.status is Status.FAILED
    assert "instance 1: " in job.message
    assert job.instances[1].exit_code == 1


def test_instances__one_fails__the_others_are_killed(server: Server) -> None:
    script = 'if [ "$SNOWFLAKE_JOB_INDEX" = 1 ]; then exit 4; else sleep 600; fi'
    job = server.over(server.submit("bash", "-c", script, TARGET_INSTANCES=2))
    assert job.status is Status.FAILED
    assert "(exit code 4)" in job.message
    assert job.instances[0].exit_code == 137


def test_cancel__job_runs__is_cancelled_and_its_processes_are_dead(server: Server, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    job = server.submit("bash", "-c", f"exec 9>{tmp_path}/held; echo up >&9; sleep 600")
    with (tmp_path / "held").open("rb") as held:
        assert held.readline() == b"up\n"
        server.jobs.cancel(job.name)
        assert held.read() == b""
    ended = server.over(job)
    assert (ended.status, ended.message) == (Status.CANCELLED, "Job has been canceled")


def test_cancel__job_waits_for_a_node__is_cancelled_at_once(server: Server) -> None:
    for _ in range(2):
        server.submit("sleep", "600")
    assert server.jobs.cancel(server.submit("true").name).status is Status.CANCELLED


def test_cancel__job_is_over__stays_as_it_is(server: Server) -> None:
    job = server.over(server.submit("true"))
    assert server.jobs.cancel(job.name).status is Status.DONE


def test_drop__job_runs__is_gone_but_for_its_history(server: Server) -> None:
    job = server.submit("sleep", "600")
    server.jobs.drop(job.name)
    with pytest.raises(Fault, match=r"Service 'DB1.PUBLIC.JOB_.*' does not exist") as caught:
        server.jobs.get(job.name)
    assert caught.value.code == "002003"
    (kept,) = server.jobs.find(dropped=True)
    assert kept.status is Status.DELETED
    assert kept.record.dropped_on
    server.jobs.close()
    assert server.jobs.launcher.directory(job).exists() is False


def test_wait_for__job_ends__returns_at_once(server: Server, gate: Path) -> None:
    job, woken = server.submit(*waiting(gate)), threading.Event()

    def wait() -> None:
        server.jobs.wait_for(job.name, Status.DONE, seconds=30, cancelled=Cancellation())
        woken.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    gate.write_text("\n")
    assert woken.wait(30)
    waiter.join()
    assert server.jobs.get(job.name).status is Status.DONE


def test_wait_for__status_cannot_come__returns_before_the_time_is_over(server: Server) -> None:
    job = server.over(server.submit("false"))
    found = server.jobs.wait_for(job.name, Status.DONE, seconds=600, cancelled=Cancellation())
    assert found.status is Status.FAILED


def test_wait_for__time_is_over__returns_the_job_as_it_is(server: Server) -> None:
    job = server.submit("sleep", "600")
    found = server.jobs.wait_for(job.name, Status.DONE, seconds=0, cancelled=Cancellation())
    assert not found.over


def test_wait_for__statement_is_cancelled__raises_at_once(server: Server) -> None:
    job, cancelled, raised = server.submit("sleep", "600"), Cancellation(), threading.Event()

    def wait() -> None:
        with pytest.raises(Fault, match="canceled"):
            server.jobs.wait_for(job.name, Status.DONE, seconds=600, cancelled=cancelled)
        raised.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    cancelled.set()
    assert raised.wait(30)
    waiter.join()


def test_name__taken__is_refused(server: Server) -> None:
    server.submit("true", name="same")
    with pytest.raises(Fault) as caught:
        server.submit("true", name="SAME")
    assert caught.value.code == "002002"


def test_close__job_runs__fails_with_the_reason(boot: Callable[[], Server]) -> None:
    server = boot()
    job = server.submit("sleep", "600")
    server.jobs.close()
    ended = server.jobs.get(job.name)
    assert (ended.status, ended.message) == (Status.FAILED, LOST)


def kill(server: Server) -> None:
    """The server ends without a word: it writes nothing any more, and its runs lose it."""
    with server.jobs._book.changed:
        server.jobs._runs.closing.set()
        server.jobs._book.live.clear()
    server.jobs.executor.close()


def test_restart__job_ran__it_has_failed_with_the_reason_and_its_log_is_there(
    boot: Callable[[], Server], tmp_path: Path
) -> None:
    server = boot()
    os.mkfifo(tmp_path / "held")
    job = server.submit("bash", "-c", f"echo begun; exec 9>{tmp_path}/held; echo up >&9; sleep 600")
    with (tmp_path / "held").open("rb") as held:
        assert held.readline() == b"up\n"
        kill(server)
        assert held.read() == b""
    again = boot()
    found = again.jobs.get(job.name)
    assert (found.status, found.message) == (Status.FAILED, LOST)
    assert found.completed_on
    assert again.log(job) == "begun\n"


def test_restart__job_was_over__nothing_of_it_changed(boot: Callable[[], Server]) -> None:
    server = boot()
    job = server.over(server.submit("echo", "kept"))
    server.jobs.close()
    again = boot()
    assert again.jobs.get(job.name) == job
    assert again.log(job) == "kept\n"


def test_restart__job_waited_for_a_node__starts(boot: Callable[[], Server]) -> None:
    server = boot()
    blocking = [server.submit("sleep", "600") for _ in range(2)]
    job = server.submit("echo", "at last")
    kill(server)
    again = boot()
    assert again.over(job).status is Status.DONE
    assert {again.jobs.get(other.name).status for other in blocking} == {Status.FAILED}


def test_restart__directory_of_a_dropped_job_is_left__is_removed(boot: Callable[[], Server]) -> None:
    server = boot()
    left = server.jobs.launcher.services_directory() / "999"
    left.mkdir(parents=True)
    server.jobs.close()
    boot()
    assert not left.exists()


def test_jobs__many_from_many_threads__all_are_done(server: Server) -> None:
    found: list[Service] = []

    def submit() -> None:
        found.extend(server.submit("true") for _ in range(3))

    threads = [threading.Thread(target=submit) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {server.over(job).status for job in found} == {Status.DONE}
    assert len({job.name for job in found}) == 15
    assert server.jobs.active() == 0


def test_tokens__renewed__running_job_finds_the_new_one(server: Server, gate: Path) -> None:
    job = server.submit(
        "bash", "-c", f'read -r _ < {gate}; cat "${{SNOWFLAKE_TOKEN_FILE:-/snowflake/session/token}}"'
    )
    object.__setattr__(server.jobs.launcher, "issue_token", lambda *_: "new token")
    server.jobs.launcher.renew_token(job, 0)
    gate.write_text("\n")
    server.over(job)
    assert server.log(job) == "new token"

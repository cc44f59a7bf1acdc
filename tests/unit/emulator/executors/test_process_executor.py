"""The process executor with real processes, with and without namespaces."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sfml.emulator.executors.base import Container, Ended, LogFiles, Mount, Report, Run, Started
from sfml.emulator.executors.process import ProcessExecutor

TIMEOUT = 30


class Watched:
    """Collects one run's reports."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.started = threading.Event()
        self.ended = threading.Event()

    def __call__(self, report: Report) -> None:
        self.reports.append(report)
        (self.ended if isinstance(report, Ended) else self.started).set()

    def end(self) -> Ended:
        assert self.ended.wait(TIMEOUT), f"no end reported: {self.reports}"
        last = self.reports[-1]
        assert isinstance(last, Ended)
        return last


@pytest.fixture(params=["namespace", "rewrite"])
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProcessExecutor]:
    if request.param == "namespace" and not ProcessExecutor(tmp_path / "probe").isolates():
        pytest.skip("this kernel gives us no namespaces")
    made = ProcessExecutor(tmp_path / "executor", provide=request.param)
    yield made
    made.close()


@pytest.fixture
def able(tmp_path: Path) -> None:
    """Skips where a run can have no namespaces."""
    if not ProcessExecutor(tmp_path / "probe").isolates():
        pytest.skip("this kernel gives us no namespaces")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Run]:
    def make(*command: str, within: Path = tmp_path, **changes: object) -> Run:
        directory = within / "run"
        only = Container(name="main", log=directory / "log", command=tuple(command))
        changed = replace(only, **changes)  # type: ignore[arg-type]
        return Run(key="1-0", directory=directory, containers=(changed,))

    return make


def test_run__exits_with_a_code__is_reported_with_it(
    executor: ProcessExecutor, run: Callable[..., Run]
) -> None:
    watched = Watched()
    executor.start(run("bash", "-c", "exit 7"), watched)
    assert watched.end().code == 7
    assert [type(report) for report in watched.reports] == [Started, Ended]


def test_run__dies_by_sigkill__has_the_code_of_a_shell(
    executor: ProcessExecutor, run: Callable[..., Run]
) -> None:
    watched = Watched()
    executor.start(run("bash", "-c", "kill -9 $$"), watched)
    assert watched.end().code == 137


def test_run__program_is_missing__ends_without_code_and_says_so(
    executor: ProcessExecutor, run: Callable[..., Run]
) -> None:
    watched = Watched()
    executor.start(run("no-such-program"), watched)
    end = watched.end()
    assert end.code is None
    assert "no-such-program" in end.reason
    assert watched.reports == [end]


def test_run__argument_holds_a_nul_byte__ends_without_code(
    executor: ProcessExecutor, run: Callable[..., Run]
) -> None:
    watched = Watched()
    executor.start(run("echo", "a\0b"), watched)
    assert watched.end().code is None


def test_output__both_streams_and_bytes_that_are_no_text__lands_in_one_log_with_times(
    executor: ProcessExecutor, run: Callable[..., Run]
) -> None:
    watched, wanted = Watched(), run("bash", "-c", r"echo out; echo err >&2; printf '\xff\xfe\n'")
    executor.start(wanted, watched)
    watched.end()
    assert wanted.container.log.read_bytes() == b"out\nerr\n\xff\xfe\n"
    assert LogFiles(text=wanted.container.log).times.stat().st_size > 0


def test_mounts__fixed_paths_in_command_and_environment__lead_to_the_sources(
    executor: ProcessExecutor, run: Callable[..., Run], tmp_path: Path
) -> None:
    stage, session = tmp_path / "stage", tmp_path / "session"
    stage.mkdir()
    session.mkdir()
    (stage / "file").write_text("from the stage\n")
    (session / "token").write_text("from the session\n")
    watched = Watched()
    wanted = run(
        "bash",
        "-c",
        'cat /mnt/job_stage/file "$DATA/file" "${SNOWFLAKE_TOKEN_FILE:-/snowflake/session/token}";'
        " echo made > /mnt/job_stage/made",
        environment={"DATA": "/mnt/job_stage"},
        mounts=(
            Mount(target="/mnt/job_stage", source=stage),
            Mount(target="/snowflake/session", source=session),
        ),
    )
    executor.start(wanted, watched)
    assert watched.end().code == 0, wanted.container.log.read_text()
    assert wanted.container.log.read_text() == "from the stage\nfrom the stage\nfrom the session\n"
    assert (stage / "made").read_text() == "made\n"


def test_mounts__directory_has_a_space__paths_need_no_quotes(
    executor: ProcessExecutor, run: Callable[..., Run], tmp_path: Path
) -> None:
    stage = tmp_path / "a b" / "stage"
    stage.mkdir(parents=True)
    (stage / "file").write_text("read\n")
    watched = Watched()
    wanted = run(
        "bash",
        "-c",
        "cat $DATA/file",
        within=tmp_path / "a b",
        environment={"DATA": "/mnt/job_stage"},
        mounts=(Mount(target="/mnt/job_stage", source=stage),),
    )
    executor.start(wanted, watched)
    assert watched.end().code == 0
    assert wanted.container.log.read_text() == "read\n"


def test_environment__server_has_secrets__run_does_not_see_them(
    executor: ProcessExecutor, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNOWFLAKE_PASSWORD", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    watched, wanted = Watched(), run("env")
    executor.start(wanted, watched)
    watched.end()
    assert "hunter2" not in wanted.container.log.read_text()


def test_home__run_writes_into_it__nothing_reaches_the_users_home(
    executor: ProcessExecutor, run: Callable[..., Run]
) -> None:
    watched, wanted = Watched(), run("bash", "-c", 'touch ~/mark; echo "$HOME"')
    executor.start(wanted, watched)
    watched.end()
    assert Path(wanted.container.log.read_text().strip()) == wanted.directory / "home"
    assert not (Path.home() / "mark").exists()


def test_kill__process_that_ignores_signals_and_its_daemon__both_die(
    executor: ProcessExecutor, run: Callable[..., Run], tmp_path: Path
) -> None:
    pipe = tmp_path / "held"
    os.mkfifo(pipe)
    script = (
        f"trap '' TERM INT HUP; (setsid bash -c 'exec 9>{pipe}; echo up >&9; exec sleep 600' &) ; sleep 600"
    )
    watched = Watched()
    handle = executor.start(run("bash", "-c", script), watched)
    with pipe.open("rb") as held:
        assert held.readline() == b"up\n"
        handle.kill()
        assert held.read() == b""  # the end of the file: no process holds it open any more
    assert watched.end().code == 137


def test_end__run_leaves_a_daemon__the_daemon_dies_with_it(
    executor: ProcessExecutor, run: Callable[..., Run], tmp_path: Path
) -> None:
    pipe = tmp_path / "held"
    os.mkfifo(pipe)
    script = f"(setsid bash -c 'exec 9>{pipe}; echo up >&9; exec sleep 600' &) ; read -r _ < {tmp_path}/go"
    os.mkfifo(tmp_path / "go")
    watched = Watched()
    executor.start(run("bash", "-c", script), watched)
    with pipe.open("rb") as held:
        assert held.readline() == b"up\n"
        (tmp_path / "go").write_text("\n")
        assert held.read() == b""
    assert watched.end().code == 0


def test_supervisor__is_killed__the_run_dies_and_its_end_is_reported(
    executor: ProcessExecutor, run: Callable[..., Run], tmp_path: Path
) -> None:
    pipe = tmp_path / "held"
    os.mkfifo(pipe)
    watched = Watched()
    wanted = run("bash", "-c", f"exec 9>{pipe}; echo up >&9; sleep 600")
    handle = executor.start(wanted, watched)
    with pipe.open("rb") as held:
        assert held.readline() == b"up\n"
        os.kill(handle._process.pid, 9)
        assert held.read() == b""
    assert watched.end().reason == "the run's supervisor was killed"


def test_clear__processes_of_a_dead_servers_run__are_killed(
    executor: ProcessExecutor, run: Callable[..., Run], tmp_path: Path
) -> None:
    pipe = tmp_path / "held"
    os.mkfifo(pipe)
    watched = Watched()
    wanted = run("bash", "-c", f"exec 9>{pipe}; echo up >&9; sleep 600")
    executor.start(wanted, watched)
    with pipe.open("rb") as held:
        assert held.readline() == b"up\n"
        ProcessExecutor(tmp_path / "another").clear(wanted.directory)
        assert held.read() == b""
    assert watched.end().code != 0


def test_tidy__run_is_over__only_its_log_stays(executor: ProcessExecutor, run: Callable[..., Run]) -> None:
    watched, wanted = Watched(), run("true")
    executor.start(wanted, watched)
    watched.end()
    executor.close()
    assert sorted(path.name for path in wanted.directory.iterdir()) == ["log", "log.times"]


def test_mount__source_is_missing__run_ends_with_the_reason(
    run: Callable[..., Run], tmp_path: Path, able: None
) -> None:
    executor = ProcessExecutor(tmp_path / "executor", provide="namespace")
    watched = Watched()
    executor.start(run("true", mounts=(Mount(target="/mnt/x", source=tmp_path / "none"),)), watched)
    end = watched.end()
    assert end.code is None
    assert "/mnt/x" in end.reason
    executor.close()

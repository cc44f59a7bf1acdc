"""Specs as jobs and services from the command line, black box, on the local backend's processes."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from programs import SFML, Run

EXAMPLES = Path(__file__).parents[2] / "examples" / "services"
SETTINGS = """\
connection: local
database: ML_DEV
schema: PUBLIC
stage: ML_DEV.PUBLIC.DEV_STAGE
compute_pool: ML_DEV_POOL
"""
SPEC = """\
spec:
  containers:
  - name: main
    image: /ml_dev/public/images/dev:1.0
    command: [bash, -c, "$COMMAND"]
"""


@pytest.fixture(autouse=True, scope="module")
def _account(project: Path, sfml: Run) -> None:
    done = sfml("account", "setup", "--apply", "--connection", "local")
    assert done.returncode == 0, done.stderr
    (project / "sfml.yaml").write_text(SETTINGS)


def spec(project: Path, command: str, *, name: str = "job.yaml", more: str = "") -> str:
    text = SPEC.replace("$COMMAND", command.replace("\\", "\\\\").replace('"', '\\"')) + more
    (project / name).write_text(text)
    return name


def test_run__example__its_files_are_put_and_its_result_is_on_the_stage(sfml: Run, project: Path) -> None:
    puts = ("--put", f"{EXAMPLES / 'scripts'}:@ml_dev.public.dev_stage/scripts")
    done = sfml("run", EXAMPLES / "job.yaml", *puts)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "the squares below 1000 sum up to 332833500"
    assert "0.06 credits/h" in done.stderr
    (result,) = (project / ".sfml/local/stages").rglob("squares.json")
    assert json.loads(result.read_text()) == {"total": 332833500}


def test_run__program_fails__exit_code_and_explanation(sfml: Run, project: Path) -> None:
    file = spec(project, "echo before; exit 3")
    done = sfml("run", file)
    assert (done.returncode, done.stdout) == (100, "before\n")
    assert "failed: main failed (exit code 3)" in done.stderr
    assert sfml("run", file, "--propagate-exit-code").returncode == 3


def test_run__as_json__one_document(sfml: Run, project: Path) -> None:
    done = sfml("submit", spec(project, "kill -9 $$"), "-o", "json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["status"], answer["exit_code"], answer["cause"]) == (
        100, "FAILED", 137, "memory",
    )  # fmt: skip
    assert "a pool of a larger family" in done.stderr


def test_run__command_is_not_there__names_it(sfml: Run) -> None:
    done = sfml("run", "--image", "/ml_dev/public/images/dev:1.0", "--", "no-such-program", "--help")
    assert done.returncode == 100
    assert "the image has no no-such-program" in done.stderr


def test_run__shared_memory_is_too_small__names_the_volume(sfml: Run, project: Path) -> None:
    more = "    volumeMounts: [{name: shm, mountPath: /dev/shm}]\n"
    more += "  volumes: [{name: shm, source: memory, size: 64Mi}]\n"
    line = "RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error."
    done = sfml("run", spec(project, f"echo '{line}'; exit 1", more=more))
    assert "main: /dev/shm is too small (exit code 1)" in done.stderr
    assert "give the volume shm more than 64Mi:    size: 1843Mi" in done.stderr


def test_run__repository_is_not_there__is_refused_and_nothing_is_left(sfml: Run, project: Path) -> None:
    file = spec(project, "true")
    (project / file).write_text((project / file).read_text().replace("/images/", "/nowhere/"))
    done = sfml("run", file)
    assert done.returncode in (4, 102), done.stderr
    assert "/ml_dev/public/nowhere/dev:1.0 not found" in done.stderr


def test_run__interrupted__the_job_goes_on_and_can_be_waited_for(
    sfml: Run, project: Path, clean_environment: dict[str, str]
) -> None:
    file = spec(project, "echo begun; sleep 8; echo ended", name="slow.yaml")
    environment = {**clean_environment, "HOME": str(project.parent / "home")}
    process = subprocess.Popen(
        [SFML, "run", file], cwd=project, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    back = re.search(r"come back to it: sfml (service wait \S+)", err)
    assert back is not None, err
    done = sfml(*back[1].split())
    assert (done.returncode, done.stdout.splitlines()) == (0, ["begun", "ended"])


def test_run__time_is_over__exits_101_and_the_job_goes_on(sfml: Run, project: Path) -> None:
    done = sfml("run", spec(project, "sleep 60"), "--timeout", "2s")
    assert done.returncode == 101
    name = re.search(r"sfml service drop (\S+)", done.stderr)
    assert name is not None, done.stderr
    assert sfml("service", "drop", name[1]).returncode == 0
    assert sfml("service", "describe", name[1]).returncode == 102


def test_run__replicas__each_line_says_which(sfml: Run, project: Path) -> None:
    pool = sfml("pool", "create", "wide", "--family", "CPU_X64_XS", "--max-nodes", "2")
    assert pool.returncode == 0, pool.stderr
    file = spec(project, "echo index $SNOWFLAKE_JOB_INDEX")
    done = sfml("run", file, "--replicas", "2", "--compute-pool", "wide")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["[0] index 0", "[1] index 1"]


def test_run__detached__prints_the_name_and_ps_shows_it(sfml: Run, project: Path) -> None:
    done = sfml("run", spec(project, "sleep 60"), "--detach", "--name", "sleeper")
    assert (done.returncode, done.stdout) == (0, "ML_DEV.PUBLIC.SLEEPER\n")
    (row,) = [row for row in json.loads(sfml("ps", "-o", "json").stdout) if row["name"].endswith("SLEEPER")]
    assert (row["kind"], row["compute_pool"], row["pool_credits_per_hour"]) == ("job", "ML_DEV_POOL", 0.06)
    assert sfml("jobs", "cancel", "ML_DEV.PUBLIC.SLEEPER").returncode == 0


def test_service__whole_life__of_the_example(sfml: Run) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    put = ("--put", f"{EXAMPLES / 'scripts'}:@ml_dev.public.dev_stage/scripts")
    assert sfml("run", *put, "--image", "/ml_dev/public/images/dev:1.0", "--", "true").returncode == 0
    template = (EXAMPLES / "web.yaml.j2", "--set", f"port={port}")
    created = sfml("service", "create", "web", *template)
    assert created.returncode == 0, created.stderr
    assert clock(port)
    again = sfml("service", "create", "web", *template)
    assert again.returncode == 1
    assert "sfml service upgrade ML_DEV.PUBLIC.WEB" in again.stderr
    (endpoint,) = json.loads(sfml("service", "endpoints", "web", "-o", "json").stdout)
    assert (endpoint["name"], endpoint["port"], endpoint["public"]) == ("web", str(port), False)
    assert f"listening on {port}" in sfml("service", "logs", "web").stdout
    assert [row["name"] for row in json.loads(sfml("service", "list", "-o", "json").stdout)] == [
        "ML_DEV.PUBLIC.WEB"
    ]
    held = sfml("pool", "drop", "ML_DEV_POOL")
    assert held.returncode == 1
    assert "holds a service" in held.stderr
    assert sfml("service", "drop", "web").returncode == 0


def test_service__suspend_resume_upgrade_drop__change_its_state(sfml: Run, project: Path) -> None:
    file = spec(project, "echo version $VERSION; sleep 600")
    assert sfml("service", "create", "worker", file, "--env", "VERSION=1").returncode == 0
    assert "SUSPEND" in sfml("service", "suspend", "worker").stdout
    assert sfml("service", "resume", "worker").returncode == 0
    assert sfml("service", "wait", "worker").returncode == 0
    upgraded = sfml("service", "upgrade", "worker", file, "--env", "VERSION=2")
    assert upgraded.returncode == 0, upgraded.stderr
    deadline = time.monotonic() + 120
    while "version 2" not in sfml("service", "logs", "worker").stdout:
        assert time.monotonic() < deadline
    shown = json.loads(sfml("service", "describe", "worker", "-o", "json").stdout)
    assert (shown["kind"], shown["status"], shown["containers"][0]["name"]) == ("service", "RUNNING", "main")
    assert "CONTAINER.STATUS_CHANGE" in sfml("service", "events", "worker").stdout
    assert sfml("service", "drop", "worker").stdout == "dropped ML_DEV.PUBLIC.WORKER\n"


def clock(port: int) -> str:
    """What the example answers, once it listens."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)

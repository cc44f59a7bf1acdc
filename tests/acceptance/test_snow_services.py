"""`snow spcs service …` against a local backend that runs containers: what conformance tests leave out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_backend import LocalBackend, start

SNOW = os.environ.get("SFML_TEST_SNOW") or shutil.which("snow")
IMAGES = Path(__file__).parents[1] / "conformance" / "images"
WITHIN = 120.0
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SNOW is None, reason="snow is not on PATH (pip install snowflake-cli)"),
    pytest.mark.skipif(
        shutil.which("docker-registry") is None,
        reason="no registry program (docker-registry)",
    ),
]

Snow = Callable[..., Any]


@pytest.fixture(scope="module")
def backend(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    server = start(tmp_path_factory.mktemp("backend") / "state", "--executor", "docker")
    yield server
    assert server.stop() == 0
    log = (server.state / "server.log").read_text()
    assert "Traceback" not in log, f"the server's log has tracebacks:\n{log[-4000:]}"


@pytest.fixture(scope="module")
def snow(backend: LocalBackend, tmp_path_factory: pytest.TempPathFactory) -> Snow:
    """Runs ``snow … --format json`` in a folder of its own; returns what it printed, parsed or not."""
    folder = tmp_path_factory.mktemp("snow")
    parameters = backend.parameters(database="DB1", schema="PUBLIC")
    lines = [f"{key} = {json.dumps(value)}" for key, value in parameters.items() if "timeout" not in key]
    config = folder / "config.toml"
    config.touch(mode=0o600)
    config.write_text("[cli]\nignore_new_version_warning = true\n[connections.local]\n" + "\n".join(lines))
    own = {"HOME": str(folder), "SNOWFLAKE_HOME": str(folder), "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true"}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | own

    def run(*arguments: str, fails: bool = False, parsed: bool = True) -> Any:
        command = [str(SNOW), *arguments, "-c", "local", *(["--format", "json"] if parsed else [])]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=folder, timeout=300, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return json.loads(done.stdout) if parsed and not fails else done.stdout + done.stderr

    def started(*arguments: str) -> subprocess.Popen[str]:
        """The command, running; its output in lines."""
        command = [str(SNOW), *arguments, "-c", "local"]
        own = {**environment, "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(command, env=own, cwd=folder, stdout=subprocess.PIPE, text=True)

    run.folder = folder  # type: ignore[attr-defined]
    run.started = started  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="module")
def account(backend: LocalBackend, engine: str, snow: Snow) -> str:
    """A database, a pool, and a repository with the two images; the images' path."""
    snow("sql", "-q", "create database if not exists db1; create warehouse if not exists xsmall")
    nodes = ("--min-nodes", "1", "--max-nodes", "5")
    snow("spcs", "compute-pool", "create", "pool", "--family", "CPU_X64_S", *nodes)
    snow("spcs", "image-repository", "create", "repo")
    url = snow("spcs", "image-repository", "url", "repo", parsed=False).strip()
    snow("spcs", "image-registry", "login")
    login = snow.folder / ".docker"  # type: ignore[attr-defined]
    environment = {**os.environ, "DOCKER_CONFIG": str(login)}
    for folder, name in (("echo", "echo:1"), ("counter", "counter:1")):
        image = f"{url}/{name}"
        build = [engine, "build", "--quiet", "--tag", image, str(IMAGES / folder)]
        for command in (build, [engine, "push", "--quiet", image], [engine, "rmi", image]):
            subprocess.run(command, env=environment, check=True, capture_output=True)
    return "/db1/public/repo"


def spec(snow: Snow, name: str, container: dict[str, Any], **more: Any) -> str:
    path = snow.folder / name  # type: ignore[attr-defined]
    path.write_text(yaml.safe_dump({"spec": {"containers": [container], **more}}))
    return name


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WITHIN
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(1)
    return value


def status(snow: Snow, name: str) -> str:
    return str(snow("spcs", "service", "describe", name)[0]["status"])


def test_job__executed_and_dropped__answers_logs_and_leaves_nothing(snow: Snow, account: str) -> None:
    service = ("spcs", "service")
    path = spec(snow, "job.yaml", {"name": "main", "image": f"{account}/counter:1", "args": ["0"]})
    done = snow(*service, "execute-job", "job1", "--compute-pool", "pool", "--spec-path", path)
    assert done == {"status": "Job JOB1 completed successfully with status: DONE."}
    assert "processing 9" in snow(
        *service, "logs", "job1", "--container-name", "main", "--instance-id", "0", parsed=False
    )
    assert snow(*service, "list-containers", "job1")[0]["last_exit_code"] == 0
    assert snow(*service, "drop", "job1") == {"status": "JOB1 successfully dropped."}
    assert "does not exist" in snow(*service, "describe", "job1", fails=True)


def test_service__created_and_asked_for_everything__answers(snow: Snow, account: str) -> None:
    service = ("spcs", "service")
    echo = {
        "name": "echo",
        "image": f"{account}/echo:1",
        "env": {"SERVER_PORT": 8000},
        "readinessProbe": {"port": 8000, "path": "/healthcheck"},
    }
    endpoints = [{"name": "web", "port": 8000, "public": True}]
    path = spec(snow, "service.yaml", echo, endpoints=endpoints)
    made = snow(*service, "create", "svc", "--compute-pool", "pool", "--spec-path", path)
    assert made == {"status": "Service SVC successfully created."}
    until(lambda: status(snow, "svc") == "RUNNING")
    assert [row["name"] for row in snow(*service, "list")] == ["SVC"]
    assert snow(*service, "list-instances", "svc")[0]["status"] == "READY"
    assert snow(*service, "list-containers", "svc")[0]["message"] == "Running"
    assert snow(*service, "list-endpoints", "svc")[0]["name"] == "web"
    assert snow(*service, "list-roles", "svc")[0]["name"] == "ALL_ENDPOINTS_USAGE"
    logs = (*service, "logs", "svc", "--container-name", "echo", "--instance-id", "0")
    assert "Serving Flask app" in snow(*logs, parsed=False)
    told = snow(*service, "events", "svc", "--container-name", "echo", "--instance-id", "0")
    assert {"CONTAINER.STATUS_CHANGE"} == {row["EVENT NAME"] for row in told}
    metrics = snow(*service, "metrics", "svc", "--container-name", "echo", "--instance-id", "0")
    assert metrics == {"message": "No metrics found."}
    assert snow(*service, "drop", "svc") == {"status": "SVC successfully dropped."}


def test_service__followed_and_changed__shows_each_change(
    snow: Snow, account: str, backend: LocalBackend
) -> None:
    from snowflake.connector import connect

    service = ("spcs", "service")
    done = {"status": "Statement executed successfully."}
    echo = {"name": "echo", "image": f"{account}/echo:1", "env": {"SERVER_PORT": 8000}}
    newer = spec(snow, "newer.yaml", {**echo, "env": {"SERVER_PORT": 8000, "UPGRADED": "yes"}})
    logs = (*service, "logs", "changing", "--container-name", "echo", "--instance-id", "0")
    with connect(**backend.parameters(database="DB1", schema="PUBLIC")) as connection:

        def becomes(state: str) -> None:  # snow itself has no waiting
            connection.cursor().execute(f"call changing!spcs_wait_for('{state}', {WITHIN:g})")

        path = spec(snow, "changing.yaml", echo)
        snow(*service, "create", "changing", "--compute-pool", "pool", "--spec-path", path)
        becomes("RUNNING")
        with snow.started(*logs, "--follow", "--follow-interval", "1") as following:  # type: ignore[attr-defined]
            assert any("Serving Flask app" in line for line in following.stdout)
            following.kill()
        assert snow(*service, "set", "changing", "--comment", "mine", "--max-instances", "2") == done
        assert snow(*service, "suspend", "changing") == done
        becomes("SUSPENDED")
        assert snow(*service, "upgrade", "changing", "--spec-path", newer) == done
        assert snow(*service, "resume", "changing") == done
        becomes("RUNNING")
        (shown,) = snow(*service, "describe", "changing")
        assert (shown["comment"], shown["max_instances"]) == ("mine", 2)
        assert 'UPGRADED: "yes"' in shown["spec"]
        assert snow(*service, "unset", "changing", "--comment", "--max-instances") == done
        (shown,) = snow(*service, "describe", "changing")
        assert (shown["comment"], shown["max_instances"]) == (None, 1)
        assert snow(*service, "drop", "changing") == {"status": "CHANGING successfully dropped."}

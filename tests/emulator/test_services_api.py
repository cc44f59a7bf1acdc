"""Specs run from Python: ``sfml.services``, on the process executor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import connect

from local_backend import LocalBackend
from sfml import services
from sfml.errors import InputError, JobFailedError, NotFoundError

POOL = "API_POOL"


@pytest.fixture
def account(backend: LocalBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A project folder with a connection to the server; the arguments that all calls share."""
    parameters = backend.parameters(database="LOCAL", schema="PUBLIC")
    with connect(**parameters) as connection:
        for statement in (
            f"create compute pool if not exists {POOL} min_nodes=1 max_nodes=9 instance_family=CPU_X64_S",
            "create image repository if not exists local.public.api_images",
            "create stage if not exists local.public.api_files",
        ):
            connection.cursor().execute(statement)
    lines = [f"{key} = {value!r}" for key, value in parameters.items() if "timeout" not in key]
    file = tmp_path / "connections.toml"
    file.touch(mode=0o600)
    file.write_text("[api]\n" + "\n".join(lines).replace("'", '"') + "\n")
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return {"compute_pool": POOL, "connection_name": "api"}


def spec(script: str, **more: Any) -> dict[str, Any]:
    image = "/local/public/api_images/app:1"
    container = {"name": "main", "image": image, "command": ["bash", "-c", script]}
    return {"spec": {"containers": [container], **more}}


def test_run_job__good_spec__has_its_lines_and_its_end(account: dict[str, Any]) -> None:
    lines: list[str] = []
    done = services.run_job(spec("echo $WORD"), env={"WORD": "hello"}, name="api_good", show=lines.append,
                            timeout=120, **account)  # fmt: skip
    assert done == {"name": "LOCAL.PUBLIC.API_GOOD", "status": "DONE", "exit_code": 0}
    assert lines == ["hello"]
    found = services.get_service("api_good", connection_name="api")
    assert (found["name"], found["status"]) == ("LOCAL.PUBLIC.API_GOOD", "DONE")
    assert services.drop_service("api_good", connection_name="api")["status"] == "DELETED"
    with pytest.raises(NotFoundError):
        services.get_service("api_good", connection_name="api")


def test_run_job__file_and_what_it_needs__are_read_and_put(account: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "word.txt").write_text("from a file\n")
    volume = {"name": "files", "source": "stage", "stageConfig": {"name": "@local.public.api_files"}}
    inner = spec("cat $FILES/in/word.txt", volumes=[volume])
    inner["spec"]["containers"][0] |= {
        "volumeMounts": [{"name": "files", "mountPath": "/files"}], "env": {"FILES": "/files"},
    }  # fmt: skip
    (tmp_path / "job.json").write_text(json.dumps(inner))
    lines: list[str] = []
    put = [f"{tmp_path / 'word.txt'}:@local.public.api_files/in"]
    services.run_job(tmp_path / "job.json", put=put, show=lines.append, timeout=120, **account)
    assert lines == ["from a file"]


def test_run_job__program_fails__is_raised_with_its_code(account: dict[str, Any]) -> None:
    with pytest.raises(JobFailedError, match=r"failed: main failed \(exit code 3\)") as raised:
        services.run_job(spec("exit 3"), timeout=120, **account)
    assert raised.value.script_code == 3


def test_run_job__spec_is_wrong__is_refused_before_anything_is_sent(account: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        services.run_job({"spec": {"containers": []}}, **{**account, "connection_name": "no_such"})


def test_create_service__good_spec__is_running_until_it_is_dropped(account: dict[str, Any]) -> None:
    made = services.create_service("api_svc", spec("sleep 600"), comment="mine", timeout=120, **account)
    assert made == {"name": "LOCAL.PUBLIC.API_SVC", "status": "RUNNING"}
    services.drop_service("api_svc", connection_name="api")

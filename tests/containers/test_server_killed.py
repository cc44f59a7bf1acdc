"""A server that is killed while its containers run: what the next one makes of them, and what stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local_backend import LocalBackend, start
from pods import api, left, mark
from service_world import POOL, World, furnished, joined
from sfml.session import backend as client

__all__ = ["api"]
WITHIN = 120


def run_all(account: World) -> None:
    """A service with a block volume and a job, both running."""
    volume = {"name": "data", "source": "block", "size": "1Gi"}
    web = account.container("echo x >> /data/seen; wc -l < /data/seen; sleep 1000",
                            volumeMounts=[{"name": "data", "mountPath": "/data"}])  # fmt: skip
    spec = json.dumps({"spec": {"containers": [web], "volumes": [volume]}})
    account.sql(f"CREATE SERVICE svc IN COMPUTE POOL {POOL} FROM SPECIFICATION $${spec}$$")
    account.run("job", {"containers": [account.container("echo begun; sleep 1000")]}, asynchronous=True)
    for name in ("svc", "job"):
        account.sql(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', {WITHIN})")


def killed(state: Path, api: Any) -> LocalBackend:
    backend = start(state, "--executor", "docker")
    with furnished(backend, api) as account:
        run_all(account)
    backend.kill()
    return backend


def test_server__killed__next_one_ends_the_job_and_runs_the_service_on(api: Any, tmp_path: Path) -> None:
    state = tmp_path / "state"
    killed(state, api)
    backend = start(state, "--executor", "docker")
    with joined(backend) as account:
        (job,) = account.rows("DESCRIBE SERVICE job")
        assert job["status"] == "FAILED"
        told = account.rows("SHOW SERVICE CONTAINERS IN SERVICE job")[0]["message"]
        assert "The local backend stopped while the job was running" in told
        account.sql(f"CALL svc!SPCS_WAIT_FOR('RUNNING', {WITHIN})")
        running = [one["Names"][0] for one in api.containers(filters={"label": mark(state)})]
        assert len(running) == 2, running  # the sandbox and the container, once
        account.sql("DROP SERVICE svc FORCE")
        account.sql("DROP DATABASE local")
    assert backend.stop() == 0
    assert left(api, state) == []


def test_server__killed__stop_and_reset_leave_nothing(api: Any, tmp_path: Path) -> None:
    state = tmp_path / "state"
    killed(state, api)
    assert client.stop(state) is None
    client.sweep(state, volumes=False)
    assert [name.rpartition("-")[2] for name in left(api, state)] == ["data"]
    client.sweep(state, volumes=True)
    assert left(api, state) == []

"""What a service in a container costs until it runs, beside `docker run` of the same image and program."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from measure import Row

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from pods import IMAGE
from service_world import POOL, World, world

TIMES = 7
SCRIPT = "trap 'exit 0' TERM; echo up; sleep 1000 & wait $!"
_NUMBERS = itertools.count()


def rows() -> Iterator[Row]:
    """Nothing where there is no container engine."""
    import docker

    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        print(f"services: no container engine that has {IMAGE}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        api = docker.APIClient(version="auto")
        with world(Path(folder) / "state", api) as account:
            services, bare = [], []
            for _ in range(TIMES):  # by turns: the machine's load is then the same for both
                services.append(_service(account))
                bare.append(_docker_run())
        api.close()
    ours, peer = median(services), median(bare)
    detail = f"medians of {TIMES}: {ours:.2f} s, {peer:.2f} s"
    what = "CREATE SERVICE to RUNNING / docker run to its first line"
    yield Row(what=what, figure=ours / peer, unit="x", detail=detail)


def _service(account: World) -> float:
    """Seconds from the statement to RUNNING."""
    name = f"bench{next(_NUMBERS)}"
    spec = json.dumps({"spec": {"containers": [account.container(SCRIPT)]}})
    took = _timed(lambda: _until_running(account, name, spec))
    account.sql(f"DROP SERVICE {name}")
    return took


def _until_running(account: World, name: str, spec: str) -> Any:
    account.sql(f"CREATE SERVICE {name} IN COMPUTE POOL {POOL} FROM SPECIFICATION $${spec}$$")
    return account.sql(f"CALL {name}!SPCS_WAIT_FOR('RUNNING', 60)")


def _docker_run() -> float:
    """Seconds from the command to the program's first line."""
    name = f"sfml-bench-{next(_NUMBERS)}-{time.time_ns()}"
    command = ["docker", "run", "--rm", "--name", name, IMAGE, "bash", "-c", SCRIPT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        took = _timed(process.stdout.readline)
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)
    return took


def _timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began

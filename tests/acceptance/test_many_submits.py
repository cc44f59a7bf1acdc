"""A hundred submits of one script from eight processes: one upload, a hundred jobs, each with its result."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from programs import Run
from slow import SlowProxy

JOBS, PROCESSES = 100, 8
JOB = "import sys\n\n__return__ = int(sys.argv[1])\n"
SUBMIT = """import sys
from sfml import jobs, session

opened = session.get_session("proxied")
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    job = jobs.submit_file("job.py", compute_pool="MANY", args=[str(number)], session=opened)
    print(job["job_id"], number, flush=True)
opened.connection.close()
"""
# One instance takes one node, so that two jobs run at a time and the others wait.
POOL = """from sfml import session

opened = session.get_session("proxied")
opened.sql("CREATE COMPUTE POOL MANY MIN_NODES = 1 MAX_NODES = 2 INSTANCE_FAMILY = CPU_X64_XS").collect()
opened.connection.close()
"""
PROXIED = ("--connection", "proxied")


@pytest.fixture(scope="module")
def proxy(sfml: Run, project: Path) -> Iterator[SlowProxy]:
    """The way to the backend, of the connection ``proxied``."""
    assert sfml("local", "start").returncode == 0
    settings = json.loads(sfml("local", "env", "-o", "json").stdout)
    proxy = SlowProxy((settings["host"], settings["port"]), delay=0)
    home = project.parent / "home" / ".snowflake"
    home.mkdir(mode=0o700)
    lines = [f"{key} = {json.dumps(value)}" for key, value in {**settings, "port": proxy.port}.items()]
    file = home / "connections.toml"
    file.touch(mode=0o600)
    file.write_text("[proxied]\n" + "\n".join(lines) + "\n")
    yield proxy
    proxy.close()


def submitted(project: Path, env: Mapping[str, str]) -> dict[str, int]:
    """The jobs that the processes submitted, each with the number that it was given."""
    bounds = [JOBS * part // PROCESSES for part in range(PROCESSES + 1)]
    started = [
        subprocess.Popen(
            [sys.executable, "submit.py", str(first), str(end)],
            cwd=project,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first, end in itertools.pairwise(bounds)
    ]
    outputs = [process.communicate(timeout=600)[0] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES
    return {line.split()[0]: int(line.split()[1]) for text in outputs for line in text.splitlines()}


def states(sfml: Run) -> dict[str, str]:
    listed = sfml("jobs", "list", *PROXIED, "--limit", "200", "-o", "json")
    assert listed.returncode == 0, listed.stderr
    return {job["job_id"]: job["status"] for job in json.loads(listed.stdout)}


def test_submit__a_hundred_from_eight_processes__one_upload_and_every_result(
    sfml: Run, project: Path, proxy: SlowProxy, clean_environment: Mapping[str, str]
) -> None:
    for name, text in {"job.py": JOB, "submit.py": SUBMIT, "pool.py": POOL}.items():
        (project / name).write_text(text)
    env = {**clean_environment, "HOME": str(project.parent / "home")}
    subprocess.run([sys.executable, "pool.py"], cwd=project, env=env, check=True)

    numbers = submitted(project, env)
    assert sorted(numbers.values()) == list(range(JOBS))
    sent = [path.partition("?")[0] for method, path in proxy.requests if method == "PUT"]
    assert sent
    assert len(sent) == len(set(sent)), "a file was sent twice"

    deadline = time.monotonic() + 600
    while set((found := states(sfml)).values()) != {"DONE"}:
        assert "FAILED" not in found.values(), found
        assert time.monotonic() < deadline, found
        time.sleep(5)  # a look costs more than a job
    assert found.keys() == numbers.keys()

    first, *others = numbers
    assert sfml("jobs", "delete", *PROXIED, first).returncode == 0
    assert states(sfml).keys() == set(others)
    for job_id in (others[0], others[-1]):
        answer = sfml("jobs", "result", *PROXIED, job_id)
        assert (answer.returncode, answer.stdout) == (0, f"{numbers[job_id]}\n"), answer.stderr

"""Payloads by content: sent once, used by many jobs, never run before they are whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sfml import jobs
from sfml.errors import InputError
from sfml.jobs import depot
from sfml.services import status
from sfml.session import backend
from slow import SlowProxy

pytestmark = pytest.mark.xdist_group("client-jobs")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a project, and a backend of its own for the tests of this file."""
    folder = tmp_path_factory.mktemp("payloads")
    yield folder
    backend.stop(folder / "state" / "local")


@pytest.fixture
def proxy(place: Path) -> Iterator[SlowProxy]:
    """The way to the backend, of the connection ``slow``."""
    server = backend.ensure(place / "state" / "local")
    proxy = SlowProxy((server.host, server.port), delay=0)
    home = place / "snowflake"
    home.mkdir(exist_ok=True)
    settings = {**server.parameters, "port": proxy.port, "login_timeout": 20, "network_timeout": 30}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    file = home / "connections.toml"
    file.touch(mode=0o600)
    file.write_text("[slow]\n" + "\n".join(lines) + "\n")
    yield proxy
    proxy.close()


@pytest.fixture(autouse=True)
def _environment(place: Path, proxy: SlowProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(place / "snowflake"))
    monkeypatch.setenv("SFML_CONNECTION", "slow")
    monkeypatch.setenv("SFML_STATE", str(place / "state"))
    monkeypatch.setenv("SFML_USER", "tester")


@pytest.fixture
def project(place: Path, request: pytest.FixtureRequest) -> Path:
    """A project whose content is the test's own."""
    folder = place / request.node.name
    for name, text in {
        "main.py": f"import helper\n__return__ = helper.NAME\n# {request.node.name}\n",
        "helper.py": "NAME = 'helper'\n",
        "data/in.csv": "1,2\n",
        "data/big.bin": "x" * 1000,
        ".gitignore": "*.bin\nout/\n",
        "out/result.txt": "old",
        ".git/HEAD": "ref: refs/heads/main\n",
        ".venv/pyvenv.cfg": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def payloads(opened: Any, *names: str) -> dict[str, set[str]]:
    """Of each payload on the stage that has one of these files: its files, without results and scripts."""
    cursor = opened.connection.cursor()
    cursor.execute("CREATE STAGE IF NOT EXISTS SFML_JOBS_TESTER")
    found: dict[str, set[str]] = {}
    for row in cursor.execute("LIST @SFML_JOBS_TESTER").fetchall():
        _, folder, _, inner = row[0].split("/", 3)
        found.setdefault(folder, set()).add(inner)
    return found


def uploads(proxy: SlowProxy) -> int:
    return sum(method == "PUT" for method, _ in proxy.requests)


def ended(job_ids: list[str], opened: Any) -> list[str]:
    deadline = time.monotonic() + 120
    while True:
        states = [jobs.get_job_status(job_id, session=opened)["status"] for job_id in job_ids]
        if all(state in status.TERMINAL for state in states):
            return states
        assert time.monotonic() < deadline, states
        time.sleep(0.5)


def test_submit__same_files_again__few_requests_and_no_upload(
    project: Path, proxy: SlowProxy, opened: Any
) -> None:
    before = payloads(opened)
    first = jobs.submit_directory(project, "main.py", session=opened)["job_id"]
    new = {folder: names for folder, names in payloads(opened).items() if folder not in before}
    ((folder, names),) = new.items()
    assert folder.startswith("tester-")
    app = {name for name in names if name.startswith("app/")}
    assert app == {"app/main.py", "app/helper.py", "app/data/in.csv", "app/.gitignore"}
    assert depot.MARKER in names

    os.utime(project / "helper.py")
    proxy.requests.clear()
    second = jobs.submit_directory(project, "main.py", session=opened)["job_id"]
    assert uploads(proxy) == 0
    asked = [path for _, path in proxy.requests if not path.startswith(("/session", "/telemetry"))]
    assert len(asked) <= 5, asked
    assert ended([first, second], opened) == ["DONE", "DONE"]

    (project / "helper.py").write_text("NAME = 'other'\n")
    third = jobs.submit_directory(project, "main.py", wait=True, session=opened)
    assert third["result"] == "other"
    jobs.delete_job(first, session=opened)
    assert depot.MARKER in payloads(opened)[folder]
    jobs.delete_job(second, session=opened)
    assert folder not in payloads(opened)
    again = jobs.submit_directory(project, "main.py", wait=True, session=opened)
    assert again["result"] == "other"


COVERED = """
CREATE OR REPLACE NETWORK RULE ROWS_RULE TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('rows.example:1');
CREATE OR REPLACE EXTERNAL ACCESS INTEGRATION ROWS_EAI ALLOWED_NETWORK_RULES = (ROWS_RULE) ENABLED = TRUE
"""


def test_submit_command__same_files_again__five_requests_with_its_plan(
    project: Path, proxy: SlowProxy, opened: Any, sfml: Any
) -> None:
    (project / "main.py").write_text(
        "import urllib.request\nimport helper\n"
        "try:\n    urllib.request.urlopen('https://rows.example:1/', timeout=1)\n"
        "except OSError:\n    __return__ = helper.NAME\n"
    )
    for statement in COVERED.split(";"):
        opened.connection.cursor().execute(statement)
    command = ("submit", str(project), "--entrypoint", "main.py", "--detach")
    first = sfml(*command)
    assert first[0] == 0, first[2]
    proxy.requests.clear()
    code, job_id, plan = sfml(*command)
    assert code == 0, plan
    assert "ROWS_EAI" in plan
    assert "unchanged since the last submit" not in first[2]
    assert "unchanged since the last submit" in plan
    asked = [path for _, path in proxy.requests]
    login = ("/session/v1/login-request", "/session?delete=true", "/telemetry")
    assert len([path for path in asked if not path.startswith(login)]) <= 5, asked
    assert uploads(proxy) == 0
    assert ended([first[1].strip(), job_id.strip()], opened) == ["DONE", "DONE"]


def test_submit_command__create_pool__runs_the_job_on_a_pool_of_its_own(
    project: Path, opened: Any, sfml: Any
) -> None:
    code, job_id, shown = sfml(
        "submit", str(project), "--entrypoint", "main.py", "--create-pool", "--detach", "--hardware", "cpu"
    )
    assert code == 0, shown
    assert "CREATE COMPUTE POOL" in shown
    pool = jobs.get_job(job_id.strip(), session=opened)["compute_pool"]
    assert pool not in {"SYSTEM_COMPUTE_POOL_CPU", "SYSTEM_COMPUTE_POOL_GPU"}
    rows = opened.connection.cursor().execute("SHOW COMPUTE POOLS").fetchall()
    assert pool in {row[0] for row in rows}
    assert ended([job_id.strip()], opened) == ["DONE"]


def test_submit__connection_breaks_during_the_upload__nothing_incomplete_runs(
    project: Path, proxy: SlowProxy, opened: Any
) -> None:
    proxy.cut["PUT"] = 3
    answer = jobs.submit_directory(project, "main.py", wait=True, session=opened)
    assert answer["result"] == "helper"
    assert proxy.cut["PUT"] == 0


def test_submit__upload_was_cut_off__the_next_one_sends_all_of_it(
    project: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is left when the marker never came: a helper that is empty, as a broken client might leave it.
    first = jobs.submit_directory(project, "main.py", wait=True, session=opened)["job_id"]
    cursor = opened.connection.cursor()
    (row,) = (
        r for r in cursor.execute("LIST @SFML_JOBS_TESTER").fetchall() if first.rpartition(".")[2] in r[0]
    )
    folder = "/".join(row[0].split("/")[1:3])
    cursor.execute(f"REMOVE @SFML_JOBS_TESTER/{folder}/{depot.MARKER}")
    cursor.execute(f"REMOVE @SFML_JOBS_TESTER/{folder}/app/helper.py")
    answer = jobs.submit_directory(project, "main.py", wait=True, session=opened)
    assert answer["result"] == "helper"


def test_submit__secrets_and_too_much__are_refused_before_anything_is_asked(
    project: Path, proxy: SlowProxy, opened: Any
) -> None:
    proxy.requests.clear()
    (project / ".env").write_text("TOKEN=hunter2\n")
    with pytest.raises(InputError, match=r"\.env") as caught:
        jobs.submit_directory(project, "main.py", session=opened)
    assert "hunter2" not in str(caught.value)
    (project / ".env").unlink()
    with pytest.raises(InputError, match="too many") as caught:
        jobs.submit_directory(project, "main.py", max_payload=10, session=opened)
    assert "main.py" in str(caught.value.hint)
    assert not [path for _, path in proxy.requests if path.startswith("/queries")]


def test_submit__two_users_of_one_stage__do_not_share(
    project: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = jobs.submit_directory(project, "main.py", session=opened)["job_id"]
    monkeypatch.setenv("SFML_USER", "other")
    others = jobs.submit_directory(project, "main.py", stage_name="SFML_JOBS_TESTER", session=opened)[
        "job_id"
    ]
    assert ended([mine, others], opened) == ["DONE", "DONE"]
    jobs.delete_job(mine, session=opened)
    again = jobs.submit_directory(
        project, "main.py", stage_name="SFML_JOBS_TESTER", wait=True, session=opened
    )
    assert again["result"] == "helper"


def test_clean__only_what_nobody_uses__goes(project: Path, place: Path, opened: Any) -> None:
    from datetime import timedelta

    from sfml.jobs import clean
    from sfml.session import opened as given

    used = jobs.submit_directory(project, "main.py", wait=True, session=opened)["job_id"]
    cursor = opened.connection.cursor()
    stray = f"SFML_JOBS_TESTER/tester-{'0' * 24}/train/app"
    cursor.execute(f"PUT 'file://{project}/helper.py' @{stray} AUTO_COMPRESS = FALSE")
    cursor.execute(f"PUT 'file://{project}/helper.py' @SFML_JOBS_TESTER/mine AUTO_COMPRESS = FALSE")

    def plan(older_than: timedelta) -> clean.Cleaning:
        return clean.plan(opened.connection, stage="SFML_JOBS_TESTER", user="tester", older_than=older_than)

    assert not plan(timedelta(days=14)).jobs
    assert not plan(timedelta(days=14)).folders
    found = plan(timedelta(0))
    assert used in [str(job.name) for job in found.jobs]
    expected = clean.Unused(folder=f"tester-{'0' * 24}", files=1, size=1, why="")
    found = clean.Cleaning(jobs=found.jobs, folders=(expected,))
    clean.carry_out(given(opened), found, stage="SFML_JOBS_TESTER", state=place / "state", local=True)
    left = {row[0] for row in cursor.execute("LIST @SFML_JOBS_TESTER").fetchall()}
    assert not any("tester-" in name for name in left if used.rpartition(".")[2] in name or "0" * 24 in name)
    assert "sfml_jobs_tester/mine/helper.py" in left


MANY = """
import sys
from sfml import jobs, session
opened = session.get_session()
for _ in range(int(sys.argv[2])):
    print(jobs.submit_directory(sys.argv[1], "main.py", session=opened)["job_id"], flush=True)
opened.connection.close()
"""


@pytest.mark.slow
def test_submit__many_processes_at_once__one_upload_and_no_clash(
    project: Path, proxy: SlowProxy, opened: Any
) -> None:
    processes, each = 3, 2
    proxy.requests.clear()
    started = [
        subprocess.Popen([sys.executable, "-c", MANY, project, str(each)], stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    outputs = [process.communicate(timeout=300)[0].split() for process in started]
    assert [process.returncode for process in started] == [0] * processes
    job_ids = [job_id for output in outputs for job_id in output]
    assert len(set(job_ids)) == processes * each
    files = [path.partition("?")[0] for method, path in proxy.requests if method == "PUT"]
    assert len(files) == len(set(files))
    assert set(ended(job_ids, opened)) == {"DONE"}
    jobs.delete_job(job_ids[0], session=opened)
    assert jobs.submit_directory(project, "main.py", wait=True, session=opened)["result"] == "helper"
    from snowflake.ml.jobs import get_job

    assert get_job(job_ids[-1], session=opened).result() == "helper"

"""Jobs through sfml's own Python API, on a local backend that it started itself."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark.session import _get_active_sessions

from sfml import config, jobs, session
from sfml.errors import (
    InputError,
    JobFailedError,
    NoConnectionError,
    NotFinishedError,
    NotFoundError,
)
from sfml.jobs import follow
from sfml.jobs.follow import Follower, read_once
from sfml.session import backend

pytestmark = [pytest.mark.xdist_group("client-jobs"), pytest.mark.usefixtures("in_place")]

SCRIPTS = {
    "value": "import sys\nprint('hello')\n__return__ = {'args': sys.argv[1:], 'n': 6 * 7}\n",
    "raises": "def inner():\n    raise ValueError('no number')\n\ninner()\n",
    "exits": "import sys\nsys.exit(3)\n",
    "leaves": "import os\nprint('bye', flush=True)\nos._exit(3)\n",
    "killed": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "endless": "import time\nwhile True:\n    time.sleep(0.1)\n",
    "vector": "import numpy\n__return__ = numpy.arange(3)\n",
    "chatty": "for n in range(20_000):\n    print('line', n)\n__return__ = n\n",
    "package": "import rich\n__return__ = rich.__name__\n",
}


def files_on_stage(opened: Any) -> set[str]:
    cursor = opened.connection.cursor()
    cursor.execute("CREATE STAGE IF NOT EXISTS SFML_JOBS_TESTER")
    return {row[0] for row in cursor.execute("LIST @SFML_JOBS_TESTER").fetchall()}


def until_over(job_id: str, opened: Any) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = jobs.get_job_status(job_id, session=opened)["status"]
        if status in ("DONE", "FAILED", "CANCELLED"):
            return str(status)
        time.sleep(0.3)
    pytest.fail(f"{job_id} did not end")


def test_submit_file__wait__has_the_value(place: Path) -> None:
    answer = jobs.submit_file("value.py", args=["--epochs", "3"], wait=True)
    assert answer["status"] == "DONE"
    assert answer["result"] == {"args": ["--epochs", "3"], "n": 42}
    assert answer["job_id"].startswith("LOCAL.PUBLIC.VALUE_")
    assert answer["compute_pool"] == "SYSTEM_COMPUTE_POOL_CPU"


@pytest.mark.parametrize(("script", "code"), [("exits", 3), ("leaves", 3), ("killed", 137)])
def test_submit_file__script_crashes__never_looks_like_success(script: str, code: int, opened: Any) -> None:
    with pytest.raises(JobFailedError) as caught:
        jobs.submit_file(f"{script}.py", wait=True, session=opened)
    assert caught.value.script_code == code
    (newest, *_) = jobs.list_jobs(limit=1, session=opened)
    assert newest["status"] == "FAILED"
    assert newest["job_id"] in str(caught.value)


def test_submit_file__exception__brings_the_remote_traceback(opened: Any) -> None:
    with pytest.raises(JobFailedError, match="ValueError: no number") as caught:
        jobs.submit_file("raises.py", wait=True, session=opened)
    assert caught.value.script_code == 1
    hint = str(caught.value.hint)
    assert 'raises.py", line 2, in inner' in hint
    assert "mljob_launcher" not in hint
    assert "runpy" not in hint


@pytest.mark.parametrize(
    "args",
    [
        [
            "it's",
            'say "hi"',
            "two\nlines",
            "$$",
            "'; DROP TABLE x; --",
            "",
            "\\ back",
            "ä ✓",
            "$HOME",
            "{{x}}",
        ],
        ["--help", "--", "-h", "--s", "1", "--function_args=x", "it's"],
    ],
)
def test_submit_file__any_argument__reaches_the_script(args: list[str], opened: Any) -> None:
    assert jobs.submit_file("value.py", args=args, wait=True, session=opened)["result"]["args"] == args


def test_submit_file__value_that_json_cannot_hold__arrives(opened: Any) -> None:
    value = jobs.submit_file("vector.py", wait=True, session=opened)["result"]
    assert value.tolist() == [0, 1, 2]


def test_submit_file__max_runtime__cancels_without_a_client(opened: Any) -> None:
    answer = jobs.submit_file("endless.py", max_runtime=1, session=opened)
    assert until_over(answer["job_id"], opened) == "CANCELLED"
    assert "--max-runtime" in "\n".join(read_once(opened.connection, answer["job_id"]))


def test_submit_file__timeout__leaves_the_job_running(opened: Any) -> None:
    with pytest.raises(NotFinishedError) as caught:
        jobs.submit_file("endless.py", wait=True, timeout=0.5, session=opened)
    job_id = str(caught.value).split()[2]
    assert jobs.get_job_status(job_id, session=opened)["status"] in ("PENDING", "RUNNING")
    opened.sql(f"CALL {job_id}!SPCS_CANCEL_JOB()").collect()
    assert until_over(job_id, opened) == "CANCELLED"


def test_submit_directory__real_project__leaves_tools_folders_at_home(place: Path, opened: Any) -> None:
    project = place / "project"
    for name, text in {
        "main.py": "from pkg.sub import X\n__return__ = open('data/.hidden').read() + X\n",
        "pkg/__init__.py": "",
        "pkg/sub.py": "X = 'x'\n",
        "data/.hidden": "h",
        "data/no suffix": "n",
        ".gitignore": "",
        ".git/HEAD": "ref: refs/heads/main\n",
        ".venv/pyvenv.cfg": "",
    }.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    before = files_on_stage(opened)
    answer = jobs.submit_directory("project", "main.py", wait=True, session=opened)
    assert answer["result"] == "hx"
    new = {name.split("/main/")[1] for name in files_on_stage(opened) - before}
    app = {name.removeprefix("app/") for name in new if name.startswith("app/")}
    expected = {"main.py", "pkg/__init__.py", "pkg/sub.py", "data/.hidden", "data/no suffix", ".gitignore"}
    assert app == expected


def test_submit__clients_scripts__arrive_byte_by_byte(place: Path, opened: Any) -> None:
    import snowflake.ml.jobs._utils

    jobs.submit_file("value.py", wait=True, session=opened)
    folder = Path(snowflake.ml.jobs._utils.__file__).parent / "scripts"
    sent = place / "downloaded"
    sent.mkdir()
    newest = sorted(name for name in files_on_stage(opened) if "/value/system/" in name)[0].rsplit("/", 1)[0]
    path = newest.partition("/")[2]
    opened.connection.cursor().execute(f"GET @SFML_JOBS_TESTER/{path}/ file://{sent}/")
    for script in folder.iterdir():
        if script.is_file():
            assert digest(sent / script.name) == digest(script), script.name


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_submit__requirements__are_installed_for_the_job(opened: Any) -> None:
    answer = jobs.submit_file("package.py", pip_requirements=["rich"], wait=True, session=opened)
    assert answer["result"] == "rich"


def test_submit__unknown_pool__names_the_nearest_and_uploads_nothing(opened: Any) -> None:
    before = files_on_stage(opened)
    with pytest.raises(NotFoundError, match="no compute pool SYSTEM_COMPUTE_POOL_CP,") as caught:
        jobs.submit_file("value.py", "SYSTEM_COMPUTE_POOL_CP", session=opened)
    assert "SYSTEM_COMPUTE_POOL_CPU" in str(caught.value.hint)
    assert files_on_stage(opened) == before


def test_submit__gpu_on_a_pool_without__is_refused(opened: Any) -> None:
    with pytest.raises(InputError, match="has no GPU"):
        jobs.submit_file("value.py", "SYSTEM_COMPUTE_POOL_CPU", gpu=True, session=opened)


def test_submit__more_nodes_than_the_pool_has__is_refused(opened: Any) -> None:
    with pytest.raises(InputError, match="more than the pool"):
        jobs.submit_directory(".", "value.py", target_instances=1000, session=opened)


def test_submit__refused_after_the_upload__leaves_nothing_behind(opened: Any) -> None:
    before = files_on_stage(opened)
    with pytest.raises(NotFoundError, match="NO_SUCH_SCHEMA"):
        jobs.submit_file("value.py", database="LOCAL", schema="NO_SUCH_SCHEMA", session=opened)
    assert files_on_stage(opened) == before


def test_submit__database_that_is_not_there__says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # A login names what it was asked for, whether or not it exists; the first statement tells.
    monkeypatch.setenv("SFML_DATABASE", "NO_SUCH_DATABASE")
    monkeypatch.setenv("SFML_SCHEMA", "PUBLIC")
    with pytest.raises(NotFoundError, match="no database NO_SUCH_DATABASE"):
        jobs.submit_file("value.py")


def test_get_job__unknown__is_not_found(opened: Any) -> None:
    for look in (jobs.get_job, jobs.get_job_status):
        with pytest.raises(NotFoundError, match=r"no job LOCAL\.PUBLIC\.NOPE"):
            look("nope", session=opened)


def test_list_jobs__newest_first__with_everything_about_them(opened: Any) -> None:
    first = jobs.submit_file("value.py", session=opened)
    second = jobs.submit_file("value.py", session=opened)
    listed = jobs.list_jobs(limit=2, session=opened)
    assert [job["job_id"] for job in listed] == [second["job_id"], first["job_id"]]
    until_over(second["job_id"], opened)
    done = jobs.get_job(second["job_id"], session=opened)
    assert (done["status"], done["nodes"], done["compute_pool"]) == ("DONE", 1, "SYSTEM_COMPUTE_POOL_CPU")
    assert done["created"] <= done["ended"]


def test_follow__more_lines_than_a_window__each_once_and_in_order(opened: Any) -> None:
    answer = jobs.submit_file("chatty.py", session=opened)
    shown: list[str] = []
    follower = Follower(
        connection=opened.connection, job_id=answer["job_id"], show=shown.append, notice=lambda _: None
    )
    ended = follower.run(timeout=60)
    assert ended.status.status == "DONE"
    assert shown == [f"line {n}" for n in range(20_000)]


def test_follow__pool_is_full__says_what_the_job_waits_for(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_FIRST_NOTICE", 0.3)
    opened.sql(
        "CREATE COMPUTE POOL IF NOT EXISTS ONE_NODE MIN_NODES = 1 MAX_NODES = 1 INSTANCE_FAMILY = CPU_X64_XS"
    ).collect()
    first = jobs.submit_file("endless.py", "one_node", session=opened)["job_id"]
    second = jobs.submit_file("value.py", "one_node", session=opened)["job_id"]
    notices: list[str] = []
    follower = Follower(
        connection=opened.connection, job_id=second, show=lambda _: None, notice=notices.append
    )
    with pytest.raises(NotFinishedError):
        follower.run(timeout=1.5)
    assert notices
    assert notices[0].startswith("waiting for a node of ONE_NODE")
    assert "1 of 1 nodes in use" in notices[0]
    for job_id in (second, first):
        opened.sql(f"CALL {job_id}!SPCS_CANCEL_JOB()").collect()


def test_api__opens_its_own_session__takes_it_out_of_snowparks_list(place: Path) -> None:
    # The client's telemetry takes any listed session, and with a dead one doubles what it holds at each call.
    before = set(_get_active_sessions(require_at_least_one=False))
    assert jobs.submit_file("value.py")["job_id"]
    assert set(_get_active_sessions(require_at_least_one=False)) == before


def test_get_session__given_session__stays_open(opened: Any) -> None:
    jobs.list_jobs(session=opened)
    assert opened.sql("select 1").collect()[0][0] == 1


def test_ensure__two_at_once__share_one_server(tmp_path: Path) -> None:
    found: list[backend.Endpoint] = []
    threads = [threading.Thread(target=lambda: found.append(backend.ensure(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert len(found) == 2
        assert found[0].pid == found[1].pid
    finally:
        assert backend.stop(tmp_path) is not None
    assert backend.find(tmp_path) is None


def test_ensure__server_was_killed__a_new_one_starts(tmp_path: Path) -> None:
    import os
    import signal

    first = backend.ensure(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    while backend.find(tmp_path) is not None:
        time.sleep(0.02)
    assert (tmp_path / "endpoint.json").exists()  # left behind
    second = backend.ensure(tmp_path)
    assert second.pid != first.pid
    backend.stop(tmp_path)


def connection_named(name: str, home: Path, **settings: object) -> None:
    home.mkdir(parents=True, exist_ok=True)
    lines = [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in settings.items())]
    path = home / "connections.toml"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
    return tmp_path / "snowflake"


def test_get_session__host_that_nobody_listens_on__fails_at_once(home: Path) -> None:
    connection_named("dev", home, account="a", user="u", password="p", host="127.0.0.1", port=1)
    started = time.monotonic()
    with pytest.raises(NoConnectionError, match=r"cannot reach 127\.0\.0\.1"):
        session.get_session("dev")
    assert time.monotonic() - started < 90  # retried, it takes 300


def test_get_session__wrong_password__says_so_without_it(place: Path, home: Path) -> None:
    endpoint = backend.ensure(place / "state" / "local")
    connection_named("dev", home, **{**endpoint.parameters, "password": "hunter2"})
    with pytest.raises(NoConnectionError) as caught:
        session.get_session("dev")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_get_session__connection_of_connections_toml__is_used(place: Path, home: Path) -> None:
    endpoint = backend.ensure(place / "state" / "local")
    connection_named("dev", home, **endpoint.parameters)
    opened = session.get_session("dev")
    assert opened.sql("select current_user()").collect()[0][0] == "LOCAL"
    opened.connection.close()


def test_connect__no_connection__names_both_choices(
    monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(NoConnectionError) as caught:
        session.connect(config.resolve({}, {"SNOWFLAKE_HOME": str(home)}, tmp_path))
    assert "--connection local" in str(caught.value.hint)

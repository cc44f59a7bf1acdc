"""ML Jobs through the unmodified client: one suite for all executors.

A test module imports all of it, or some, and brings a ``backend`` fixture that says where jobs run.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import pytest
from snowflake.ml import jobs
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_backend import LocalBackend, start

POOL = "JOBS_POOL"
STAGE = "jobs_payload"
Submit = Callable[..., "jobs.MLJob[None]"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that jobs see too, wherever they run: pip looks for packages there, and it has one."""
    folder = tmp_path_factory.mktemp("shared")
    wheel(folder, "sfml_sample", 42)
    return folder


def serve(shared: Path, state: Path, *options: str) -> Iterator[LocalBackend]:
    """A server whose pip has nothing but that folder; stopped when the caller goes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(shared))
        server = start(state, *options)
    yield server
    assert server.stop() == 0
    assert "Traceback" not in (server.state / "server.log").read_text()


@pytest.fixture
def gates(shared: Path) -> Path:
    """A folder for named pipes that both the test and its job can open."""
    return Path(tempfile.mkdtemp(dir=shared))


@pytest.fixture(scope="module")
def session(backend: LocalBackend) -> Iterator[Session]:
    made = connect(backend)
    yield made
    made.close()


def connect(backend: LocalBackend) -> Session:
    """A session on a server that has a pool of three nodes."""
    session = Session.builder.configs(backend.parameters()).create()
    options = "MIN_NODES=1 MAX_NODES=3 INSTANCE_FAMILY=CPU_X64_XS"
    session.sql(f"CREATE COMPUTE POOL IF NOT EXISTS {POOL} {options}").collect()
    return session


@pytest.fixture
def submit(session: Session, tmp_path: Path) -> Submit:
    """Submits a script given as text."""

    def send(code: str, **options: object) -> jobs.MLJob[None]:
        script = tmp_path / "train.py"
        script.write_text(code)
        return jobs.submit_file(str(script), POOL, stage_name=STAGE, session=session, **options)

    return send


def wheel(directory: Path, name: str, value: int) -> None:
    """A package with one module that has one value."""
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(directory / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"VALUE = {value}\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


HOSTILE = ["it's", 'say "hi"', "a\nb", "$$ ; DROP TABLE x; --", "back\\slash", "$HOME `id`", "", "ünï", "%s"]


def test_submit_file__hostile_arguments__arrive_as_they_are(submit: Submit) -> None:
    job = submit("import sys\n__return__ = sys.argv[1:]", args=HOSTILE)
    assert job.result() == HOSTILE
    assert job.status == "DONE"


def test_submit_file__value_in_a_file_of_its_own__comes_back(submit: Submit) -> None:
    job = submit("import numpy\n__return__ = {'weights': numpy.arange(3)}")

    assert job.result()["weights"].tolist() == [0, 1, 2]


def test_submit_file__fails__exception_and_traceback_come_back(submit: Submit) -> None:
    job = submit("def deep():\n    raise KeyError('no such column')\n\ndeep()")
    assert job.wait() == "FAILED"
    with pytest.raises(RuntimeError, match="no such column") as caught:
        job.result()
    assert isinstance(caught.value.__cause__, KeyError)
    assert "in deep" in job.get_logs()


def test_scripts__in_the_job__are_the_clients_own_byte_for_byte(submit: Submit) -> None:
    code = (
        "import hashlib, os, pathlib\n"
        "system = pathlib.Path(os.environ['MLRS_STAGE_MOUNT_PATH']) / 'system'\n"
        "files = [path for path in system.iterdir() if path.is_file()]\n"
        "__return__ = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}"
    )
    found = submit(code).result()
    scripts = resources.files("snowflake.ml.jobs._utils").joinpath("scripts")
    for script in scripts.iterdir():
        if script.is_file():
            assert found[script.name] == hashlib.sha256(script.read_bytes()).hexdigest()


def test_environment__variables_and_overrides__reach_the_script(submit: Submit) -> None:
    over = {"spec": {"containers": [{"name": "main", "env": {"OVER": "laid"}}]}}
    job = submit(
        "import os\n__return__ = [os.environ[name] for name in ('MINE', 'OVER', 'SNOWFLAKE_JOBS_COUNT')]",
        env_vars={"MINE": "a 'b' $c", "OVER": "below"},
        spec_overrides=over,
    )
    assert job.result() == ["a 'b' $c", "laid", "1"]


def test_runtime_environment__of_another_python__is_refused_with_a_reason(submit: Submit) -> None:
    with pytest.raises(SnowparkSQLException, match=r"Python 2\.7"):
        submit("pass", runtime_environment="2.6.0-py27")


def test_pip_requirements__package_of_an_index__is_installed_once_for_all_jobs(
    submit: Submit, backend: LocalBackend
) -> None:
    code = "import sfml_sample\n__return__ = sfml_sample.VALUE"
    first = submit(code, pip_requirements=["sfml-sample"])
    assert first.result() == 42, first.get_logs(verbose=True)
    second = submit(code, pip_requirements=["sfml-sample"])
    assert second.result() == 42
    assert "Successfully installed sfml-sample-1.0" in second.get_logs(verbose=True)
    layers = list((backend.state / "executor" / "environments").glob("*-*"))
    assert len(layers) == 1
    with pytest.raises(ModuleNotFoundError):
        __import__("sfml_sample")


def test_pip_requirements__unknown_package__fails_with_pips_words(submit: Submit) -> None:
    job = submit("pass", pip_requirements=["no-such-package-anywhere"])
    assert job.wait() == "FAILED"
    assert "No matching distribution found for no-such-package-anywhere" in job.get_logs(verbose=True)


def test_job__leaves_a_daemon__ends_and_the_daemon_is_dead(submit: Submit, gates: Path) -> None:
    os.mkfifo(gates / "held")
    code = (
        "import subprocess, sys\n"
        f"subprocess.Popen(['bash', '-c', 'exec 9>{gates}/held; echo up >&9; exec sleep 600'],\n"
        "                 start_new_session=True, stdin=subprocess.DEVNULL)\n"
        f"open({str(gates / 'gate')!r}).read()"
    )
    os.mkfifo(gates / "gate")
    job = submit(code)
    with (gates / "held").open("rb") as held:
        assert held.readline() == b"up\n"
        (gates / "gate").write_text("")
        assert job.wait() == "DONE"
        assert held.read() == b""


def test_job__dies_by_sigkill__has_failed_with_that_code(submit: Submit, session: Session) -> None:
    job = submit("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert job.wait() == "FAILED"
    (row,) = session.sql(f"SHOW SERVICE CONTAINERS IN SERVICE {job.id}").collect()
    assert row["last_exit_code"] == 137


def test_job__prints_bytes_that_are_no_text__logs_can_be_read(submit: Submit) -> None:
    job = submit(r"import sys; sys.stdout.buffer.write(b'before \xff\xfe after\n')")
    assert job.wait() == "DONE"
    assert job.get_logs().startswith("before ")


def test_logs__while_the_job_runs__grow(submit: Submit, gates: Path) -> None:
    os.mkfifo(gates / "gate")
    job = submit(f"print('first')\nopen({str(gates / 'gate')!r}).read()\nprint('second')")
    with (gates / "gate").open("w"):  # opens when the job has come this far
        assert job.status == "RUNNING"
        assert job.get_logs() == "first"
    assert job.wait() == "DONE"
    assert job.get_logs() == "first\nsecond"


def test_logs__more_than_the_limit__end_is_kept(submit: Submit) -> None:
    job = submit("for number in range(100_000):\n    print('line', number)")
    assert job.wait() == "DONE"
    lines = job.get_logs(verbose=True).splitlines()
    assert sum(len(line) + 1 for line in lines) <= 100 * 1024
    assert "line 99999" in lines


def test_wait__job_ends__client_knows_at_once(submit: Submit, gates: Path) -> None:
    os.mkfifo(gates / "gate")
    job = submit(f"open({str(gates / 'gate')!r}).read()\nimport os; os._exit(0)")
    ended: list[float] = []
    waiter = threading.Thread(target=lambda: (job.wait(), ended.append(time.monotonic())))
    with (gates / "gate").open("w"):
        waiter.start()
    begin = time.monotonic()
    waiter.join(60)
    assert ended
    assert ended[0] - begin < 5, "the client polled instead of being woken"


def test_wait__timeout__raises_and_the_job_goes_on(submit: Submit) -> None:
    job = submit("import time; time.sleep(600)")
    with pytest.raises(TimeoutError):
        job.wait(timeout=0)
    assert job.status in ("PENDING", "RUNNING")
    job.cancel()
    assert job.wait() == "CANCELLED"


def test_definition__called_synchronously__answers_when_it_is_done(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "once.py"
    script.write_text("__return__ = 'done'")
    definition = jobs.MLJobDefinition.register(str(script), POOL, STAGE, session=session)
    job_id = session.sql(definition.to_sql()).collect()[0][0]
    job = jobs.get_job(job_id, session=session)
    assert job.status == "DONE"
    assert job.result() == "done"


def test_synchronous_job__fails__statement_fails(session: Session, tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("raise SystemExit(9)")
    definition = jobs.MLJobDefinition.register(str(script), POOL, STAGE, session=session)
    with pytest.raises(SnowparkSQLException, match="FAILED"):
        session.sql(definition.to_sql()).collect()


def test_get_job__after_delete__status_comes_from_the_history(submit: Submit, session: Session) -> None:
    job = submit("__return__ = 1")
    assert job.wait() == "DONE"
    jobs.delete_job(job)
    again = jobs.get_job(job.id, session=session)
    assert again.status == "DONE"
    with pytest.raises(SnowparkSQLException, match="does not exist"):
        session.sql(f"DESCRIBE SERVICE {job.id}").collect()


def test_pool__nodes_follow_the_jobs__and_a_job_too_many_waits(submit: Submit, session: Session) -> None:
    running = [submit("import time; time.sleep(600)") for _ in range(3)]
    late = submit("__return__ = 'late'")
    (row,) = session.sql(f"SHOW COMPUTE POOLS LIKE '{POOL}'").collect()
    assert (row["state"], row["active_nodes"], row["idle_nodes"], row["num_jobs"]) == ("ACTIVE", 3, 0, 4)
    assert late.status == "PENDING"
    assert late.get_logs() == ""
    for job in running:
        job.cancel()
    assert late.result() == "late"


def test_session_in_the_job__warehouse_and_identity__are_those_of_the_service(submit: Submit) -> None:
    code = (
        "from snowflake.snowpark.context import get_active_session\n"
        "__return__ = list(get_active_session().sql('SELECT CURRENT_DATABASE(), CURRENT_SCHEMA(),"
        " CURRENT_ROLE(), CURRENT_WAREHOUSE()').collect()[0])"
    )
    assert submit(code).result() == ["LOCAL", "PUBLIC", "ACCOUNTADMIN", "COMPUTE_WH"]

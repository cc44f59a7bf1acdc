"""What Snowflake's own guides to ML Jobs show, on the local backend with the unmodified client.

One test per documented use. Corrected slips of the guides: a missing comma after the source of
submit_from_stage, `Session` and `list_jobs` used without their import, an absolute entrypoint for a relative
directory, `iterrows()::`, a folder of a stage among the imports (the client takes single files from a stage,
and puts them beside the script), a session argument left out of the call, and model code (XGBClassifier)
replaced by arithmetic. Left out: what needs Ray (several nodes, its dashboard) and task graphs.
"""

import base64
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from snowflake.ml import jobs
from snowflake.ml.jobs import (
    MLJobDefinition,
    delete_job,
    get_job,
    list_jobs,
    remote,
    submit_directory,
    submit_file,
    submit_from_stage,
)
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

from local_backend import LocalBackend

POOL = "DEMO_POOL_CPU"
STAGE = "payload_stage"
FINISHED = {"DONE", "FAILED", "CANCELLED"}
LIST_COLUMNS = (
    "name", "status", "message", "database_name", "schema_name",
    "owner", "compute_pool", "target_instances", "created_time", "completed_time",
)  # fmt: skip


@pytest.fixture(scope="module")
def session(backend: LocalBackend) -> Iterator[Session]:
    made = Session.builder.configs(backend.parameters()).create()
    made.sql("CREATE OR REPLACE DATABASE GUIDES").collect()
    yield made
    made.sql("DROP DATABASE GUIDES").collect()
    made.close()


@pytest.fixture(scope="module", autouse=True)
def pool(session: Session) -> str:
    session.sql(
        f"CREATE COMPUTE POOL IF NOT EXISTS {POOL} -- Customize as desired\n"
        "  MIN_NODES = 1\n  MAX_NODES = 4 -- Increase if more concurrency desired\n"
        "  INSTANCE_FAMILY = CPU_X64_S -- See the documentation"
    ).collect()
    return POOL


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A directory with a script that says hello and a module that it imports."""
    folder = tmp_path / "repo"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "__init__.py").write_text("GREETING = 'Hello from pkg'\n")
    (folder / "my_script.py").write_text(
        "import sys\n\n\ndef main(*args):\n    print('Hello world', *args)\n    return list(args)\n\n\n"
        "if __name__ == '__main__':\n    __return__ = main(*sys.argv[1:])\n"
    )
    (folder / "with_package.py").write_text("from pkg import GREETING\n\n__return__ = GREETING\n")
    return folder


@pytest.fixture
def staged(session: Session, repository: Path) -> str:
    """The same directory on a stage."""
    session.sql("CREATE STAGE IF NOT EXISTS test_stage").collect()
    for file in repository.rglob("*.py"):
        folder = file.relative_to(repository).parent.as_posix()
        target = f"@test_stage/path/to/repo/{'' if folder == '.' else folder}"
        session.file.put(str(file), target, auto_compress=False, overwrite=True)
    return "@test_stage/path/to/repo/"


def test_remote__function_with_argument__runs_and_logs(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session)
    def hello_world(name: str = "world") -> None:
        from datetime import datetime

        print(f"{datetime.now()} Hello {name}!")  # noqa: DTZ005

    job = hello_world("developer")

    assert job.id
    assert job.wait(timeout=60) == "DONE"
    assert "Hello developer!" in job.get_logs()


def test_remote__session_parameter__is_injected(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session)
    def where(session: Session, name: str = "world") -> list[str | None]:
        return [session.get_current_database(), name]

    assert where(session).result() == [session.get_current_database(), "world"]


def test_remote__session_from_context__both_ways_are_the_same_session(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session)
    def my_ml_job() -> tuple[bool, int]:
        from snowflake.snowpark import Session as JobSession
        from snowflake.snowpark.context import get_active_session

        job_session = JobSession.builder.getOrCreate()
        answer = job_session.sql("SELECT 40 + 2").collect()[0][0]
        return job_session is get_active_session(), answer

    assert my_ml_job().result() == [True, 42]  # tuples travel as JSON arrays


def test_remote__returned_object__is_a_copy_of_it(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session)
    def train_model(data_table: str) -> dict[str, object]:
        import numpy as np

        return {"table": data_table, "weights": np.arange(3)}

    model = train_model("my_training_data").result()

    assert model["table"] == "my_training_data"
    assert model["weights"].tolist() == [0, 1, 2]


def test_submit_file__arguments__are_passed_as_they_are(session: Session, repository: Path) -> None:
    job = submit_file(
        str(repository / "my_script.py"),
        POOL,
        stage_name=STAGE,
        args=["arg1", "--arg2_key", "arg2_value"],
        session=session,
    )

    assert job.result() == ["arg1", "--arg2_key", "arg2_value"]
    assert "Hello world arg1 --arg2_key arg2_value" in job.get_logs()


def test_submit_directory__entrypoint_importing_its_package__runs(session: Session, repository: Path) -> None:
    job = submit_directory(
        str(repository), POOL, entrypoint="with_package.py", stage_name=STAGE, session=session
    )

    assert job.result() == "Hello from pkg"


@pytest.mark.parametrize("entrypoint", ["@test_stage/path/to/repo/my_script.py", "my_script.py"])
def test_submit_from_stage__absolute_or_relative_entrypoint__runs(
    session: Session, staged: str, entrypoint: str
) -> None:
    job = submit_from_stage(
        staged, POOL, entrypoint=entrypoint, stage_name=STAGE, args=["arg1", "arg2"], session=session
    )

    assert job.result() == ["arg1", "arg2"]


def test_get_job__by_id__blocks_for_the_result(session: Session, repository: Path) -> None:
    submitted = submit_file(str(repository / "my_script.py"), POOL, stage_name=STAGE, session=session)

    assert get_job(submitted.id, session=session).result() == []


def test_list_jobs__after_a_job__has_the_documented_columns(session: Session, repository: Path) -> None:
    job = submit_file(str(repository / "my_script.py"), POOL, stage_name=STAGE, session=session)
    job.wait(timeout=60)

    frame = list_jobs(session=session)

    assert tuple(frame.columns) == LIST_COLUMNS
    assert job.name in set(jobs.list_jobs(limit=10, session=session)["name"])


def test_cancel__running_job__ends_it(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session)
    def sleeps() -> None:
        import time

        time.sleep(120)

    job = sleeps()
    job.cancel()

    assert job.wait(timeout=60) in FINISHED - {"DONE"}


def test_delete_job__all_finished_ones__leaves_none_in_the_list(session: Session, repository: Path) -> None:
    submit_file(str(repository / "my_script.py"), POOL, stage_name=STAGE, session=session).wait(timeout=60)

    for _, row in list_jobs(limit=-1, session=session).iterrows():
        if row["status"] in FINISHED:
            delete_job(row["name"], session=session)

    left = list_jobs(limit=-1, session=session)
    assert not set(left["status"]) & FINISHED


@pytest.fixture
def private_feed(tmp_path: Path) -> Iterator[str]:
    """A package index on 127.0.0.1 that serves one package, internal-package 1.2.3."""
    folder = tmp_path / "feed" / "simple" / "internal-package"
    folder.mkdir(parents=True)
    wheel = _wheel(folder, "internal_package", "1.2.3", "ANSWER = 'from the private feed'\n")
    (folder / "index.html").write_text(f"<a href='{wheel.name}'>{wheel.name}</a>")
    handler = partial(_QuietHandler, directory=str(tmp_path / "feed"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()
        thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


def _wheel(folder: Path, module: str, version: str, source: str) -> Path:
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        record = ""
        for name, text in files.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += f"{name},sha256={digest},{len(text)}\n"
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return path


@pytest.fixture
def uses_package(tmp_path: Path) -> Path:
    script = tmp_path / "uses_package.py"
    script.write_text("from internal_package import ANSWER\n\n__return__ = ANSWER\n")
    return script


@pytest.fixture(scope="module")
def feed_integration(session: Session) -> str:
    session.sql(
        "CREATE OR REPLACE NETWORK RULE private_feed_nr\nMODE = EGRESS\nTYPE = HOST_PORT\n"
        "VALUE_LIST = ('feed.example.com')"
    ).collect()
    session.sql(
        "CREATE OR REPLACE EXTERNAL ACCESS INTEGRATION private_feed_eai\n"
        "ALLOWED_NETWORK_RULES = (PRIVATE_FEED_NR)\nENABLED = true"
    ).collect()
    session.sql("GRANT USAGE ON INTEGRATION private_feed_eai TO ROLE PUBLIC").collect()
    return "PRIVATE_FEED_EAI"


def test_submit_file__index_url_in_the_requirements__installs_from_it(
    session: Session, private_feed: str, uses_package: Path, feed_integration: str
) -> None:
    job = submit_file(
        str(uses_package),
        compute_pool=POOL,
        stage_name=STAGE,
        pip_requirements=[f"--index-url={private_feed}", "internal-package==1.2.3"],
        external_access_integrations=[feed_integration],
        session=session,
    )

    assert job.result() == "from the private feed"


def test_submit_directory__index_url_in_the_environment__installs_from_it(
    session: Session, private_feed: str, uses_package: Path, feed_integration: str
) -> None:
    folder = uses_package.parent / "code"
    folder.mkdir()
    uses_package.rename(folder / "script.py")

    job = submit_directory(
        str(folder),
        compute_pool=POOL,
        entrypoint="script.py",
        stage_name=STAGE,
        pip_requirements=["internal-package==1.2.3"],
        external_access_integrations=[feed_integration],
        env_vars={"PIP_INDEX_URL": private_feed},
        session=session,
    )

    assert job.result() == "from the private feed"


def test_submit_file__index_url_in_a_secret__reaches_the_job_through_spec_overrides(
    session: Session, private_feed: str, uses_package: Path, feed_integration: str
) -> None:
    session.sql(
        "CREATE OR REPLACE SECRET PRIVATE_FEED_URL_SECRET "
        f"TYPE = GENERIC_STRING SECRET_STRING = '{private_feed}'"
    ).collect()
    secret = {
        "snowflakeSecret": "PRIVATE_FEED_URL_SECRET",
        "envVarName": "PIP_INDEX_URL",
        "secretKeyRef": "secret_string",
    }

    job = submit_file(
        str(uses_package),
        compute_pool=POOL,
        stage_name=STAGE,
        pip_requirements=["internal-package==1.2.3"],
        external_access_integrations=[feed_integration],
        spec_overrides={"spec": {"containers": [{"name": "main", "secrets": [secret]}]}},
        session=session,
    )

    assert job.result() == "from the private feed"


def test_remote__requirement_that_is_there__runs(session: Session) -> None:
    session.sql(
        "CREATE OR REPLACE EXTERNAL ACCESS INTEGRATION PYPI_EAI\n"
        "  ALLOWED_NETWORK_RULES = (snowflake.external_access.pypi_rule)\n  ENABLED = true"
    ).collect()

    @remote(
        POOL,
        stage_name=STAGE,
        pip_requirements=["numpy"],
        external_access_integrations=["pypi_eai"],
        session=session,
    )
    def version() -> str:
        import numpy as np

        return np.__version__

    assert version().result()


def test_remote__runtime_environment_pinned__runs_there(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session, runtime_environment="2.3")
    def train_model(data_table: str) -> str:
        return data_table

    job = train_model("my_training_data")

    assert job.result() == "my_training_data"
    spec = session.sql(f"DESCRIBE SERVICE {job.id}").collect()[0]["spec"]
    assert ":2.3" in spec


@pytest.fixture
def utilities(tmp_path: Path) -> Path:
    folder = tmp_path / "src" / "utils"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "numbers_of.py").write_text("def three():\n    return 3\n")
    return folder


@pytest.fixture
def uses_utilities(tmp_path: Path) -> Path:
    script = tmp_path / "train.py"
    script.write_text("from utils.numbers_of import three\n\n__return__ = three()\n")
    return script


def test_submit_file__import_with_its_path__is_importable(
    session: Session, utilities: Path, uses_utilities: Path
) -> None:
    job = submit_file(
        str(uses_utilities), POOL, stage_name=STAGE, session=session, imports=[(str(utilities), "utils")]
    )

    assert job.result() == 3


def test_submit_directory__import_without_a_path__takes_the_folders_name(
    session: Session, utilities: Path, uses_utilities: Path, tmp_path: Path
) -> None:
    project = tmp_path / "ml_project"
    project.mkdir()
    uses_utilities.rename(project / "train.py")

    job = submit_directory(
        str(project),
        POOL,
        entrypoint="train.py",
        stage_name=STAGE,
        session=session,
        imports=[str(utilities)],
    )

    assert job.result() == 3


def test_submit_from_stage__import_of_a_file_on_a_stage__is_importable(
    session: Session, utilities: Path, uses_utilities: Path
) -> None:
    session.sql("CREATE STAGE IF NOT EXISTS source_stage").collect()
    put = partial(session.file.put, auto_compress=False, overwrite=True)
    uses_utilities.write_text("from numbers_of import three\n\n__return__ = three()\n")
    put(str(uses_utilities), "@source_stage/ml_project")
    put(str(utilities / "numbers_of.py"), "@source_stage/src/utils/sub_utils")

    job = submit_from_stage(
        "@source_stage/ml_project/",
        POOL,
        entrypoint="@source_stage/ml_project/train.py",
        stage_name=STAGE,
        session=session,
        imports=[("@source_stage/src/utils/sub_utils/numbers_of.py", "utils.sub_utils.numbers_of")],
    )

    assert job.result() == 3


def test_definition__from_function__runs_many_times_with_other_arguments(session: Session) -> None:
    @remote(POOL, stage_name=STAGE, session=session)
    def hello_world(name: str = "world") -> str:
        return f"Hello {name}!"

    definition = hello_world

    assert definition().result() == "Hello world!"
    assert definition(name="ML Job Definition").result() == "Hello ML Job Definition!"


def test_definition__from_stage_file_and_directory__each_runs(
    session: Session, repository: Path, staged: str
) -> None:
    register = partial(MLJobDefinition.register, compute_pool=POOL, stage_name=STAGE, session=session)
    definitions = [
        register(source=staged, entrypoint=f"{staged}my_script.py", name="from_stage"),
        register(source=str(repository / "my_script.py"), name="from_file"),
        register(source=str(repository), entrypoint=str(repository / "my_script.py"), name="from_directory"),
    ]

    jobs_ = [definition("again") for definition in definitions for _ in range(2)]

    assert [job.result() for job in jobs_] == [["again"]] * 6


def test_get_job__unknown_id__is_an_sql_error(session: Session) -> None:
    with pytest.raises(SnowparkSQLException, match="does not exist"):
        get_job("MLJOB_00000000_0000_0000_0000_000000000000", session=session)

"""A launcher that was loaded before the job: nothing that a script can see tells it from one that loads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from snowflake.ml import jobs
from snowflake.snowpark import Session

from local_backend import LocalBackend, start
from sfml.emulator.executors.process import ProcessExecutor

POOL = "WARM_POOL"
LOADS_WITHIN = 120.0
LOOK = r"""
import atexit, logging, multiprocessing, os, signal, sys, threading

def clean(value):
    text = str(value).replace(os.path.realpath(os.environ["MLRS_STAGE_MOUNT_PATH"]), "STAGE")
    text = text.replace(os.environ["SFML_RUN"], "RUN")
    return text.replace(os.environ["SNOWFLAKE_SERVICE_NAME"], "JOB")

if __name__ == "__main__":
    own = {"SFML_WARM", "BASHPID", "_", "SHLVL"}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        spawned = pool.map(abs, [-3])
    atexit.register(print, "said at the end")
    __return__ = {
        "warm": "SFML_WARM" in os.environ,
        "seen": {
            "argv": [clean(argument) for argument in sys.argv],
            "path": [clean(path) for path in sys.path],
            "prefix": [clean(sys.prefix), clean(sys.exec_prefix), clean(sys.executable), sys.base_prefix],
            "flags": list(sys.flags),
            "bytecode": sys.dont_write_bytecode,
            "environment": {n: clean(value) for n, value in os.environ.items() if n not in own},
            "directory": clean(os.getcwd()),
            "streams": [
                (s.encoding, s.errors, s.line_buffering) for s in (sys.stdin, sys.stdout, sys.stderr)
            ],
            "descriptors": len(os.listdir("/proc/self/fd")),
            "signals": [str(signal.getsignal(n)) for n in (2, 13, 15, 1, 17)],
            "mask": list(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            "wakeup": signal.set_wakeup_fd(-1),
            "umask": os.umask(0o22),
            "threads": [thread.name for thread in threading.enumerate()],
            "handlers": len(logging.getLogger().handlers),
            "spawned": spawned,
            "sfml": [name for name in sys.modules if name.partition(".")[0] == "sfml"],
        },
        "random": [__import__("random").random(), __import__("numpy").random.rand()],
    }
"""


@pytest.fixture(scope="module", params=["namespace", "rewrite"])
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalBackend]:
    if request.param == "namespace" and not ProcessExecutor(tmp_path_factory.mktemp("probe")).isolates():
        pytest.skip("this kernel gives us no namespaces")
    server = start(tmp_path_factory.mktemp("backend") / "state", "--paths", request.param)
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def submit(backend: LocalBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Any]]:
    """Submits a script given as text."""
    session = Session.builder.configs(backend.parameters()).create()
    session.sql(f"CREATE COMPUTE POOL {POOL} MIN_NODES=1 MAX_NODES=3 INSTANCE_FAMILY=CPU_X64_XS").collect()
    script = tmp_path_factory.mktemp("payload") / "look.py"

    def send(code: str, **options: object) -> jobs.MLJob[Any]:
        script.write_text(code)
        return jobs.submit_file(str(script), POOL, stage_name="warm_payload", session=session, **options)

    yield send
    session.close()


@pytest.fixture(scope="module")
def pairs(submit: Callable[..., Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the first job saw, which had to load everything, and what two later ones saw that had not."""
    cold = submit(LOOK, args=["a b", "--c=d"]).result()
    assert not cold["warm"]
    warm: list[dict[str, Any]] = []
    deadline = time.monotonic() + LOADS_WITHIN
    while len(warm) < 2 and time.monotonic() < deadline:
        seen = submit(LOOK, args=["a b", "--c=d"]).result()
        warm += [seen] if seen["warm"] else []
    assert len(warm) == 2, "no launcher was loaded ahead of a job"
    return cold, warm


def test_warm_start__what_a_script_can_see__is_the_same(pairs: tuple[dict[str, Any], list[Any]]) -> None:
    cold, warm = pairs
    for seen in warm:
        assert seen["seen"] == cold["seen"]


def test_warm_start__random_numbers__differ_from_job_to_job(pairs: tuple[dict[str, Any], list[Any]]) -> None:
    _, (first, second) = pairs
    assert first["random"][0] != second["random"][0]
    assert first["random"][1] != second["random"][1]


def test_warm_start__variable_that_a_library_reads_when_loaded__is_not_warm(
    submit: Callable[..., Any], pairs: object
) -> None:
    code = "import os; __return__ = 'SFML_WARM' in os.environ"
    assert submit(code, env_vars={"EPOCHS": "3"}).result() is True
    assert submit(code, env_vars={"OMP_NUM_THREADS": "1"}).result() is False


def test_warm_start__payload_has_a_module_of_a_loaded_name__the_payloads_is_used(
    submit: Callable[..., Any], pairs: object, tmp_path: Path, backend: LocalBackend
) -> None:
    (tmp_path / "yaml.py").write_text("MINE = True\n")
    (tmp_path / "main.py").write_text("import yaml\n__return__ = yaml.MINE\n")
    with Session.builder.configs(backend.parameters()).create() as session:
        job = jobs.submit_directory(
            str(tmp_path), POOL, entrypoint="main.py", stage_name="warm_payload", session=session
        )
        assert job.result() is True


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("import atexit; atexit.register(print, 'at the end')", "DONE", "at the end"),
        ("import threading; threading.Timer(0.2, print, ['a thread']).start()", "DONE", "a thread"),
        ("import sys; sys.exit('no more')", "FAILED", "no more"),
        ("raise KeyError('x')", "FAILED", "KeyError: 'x'"),
        ("import os; os.kill(os.getpid(), 9)", "FAILED", "ML job started"),
    ],
)
def test_warm_start__ways_to_end__are_those_of_a_program(
    submit: Callable[..., Any], pairs: object, code: str, status: str, said: str
) -> None:
    job = submit(code)
    assert job.wait() == status
    log = job.get_logs(verbose=True)
    assert said in log
    assert "supervisor/warm.py" not in log

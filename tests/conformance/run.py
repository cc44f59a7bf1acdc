"""Run snowflake-cli's own integration tests for container services against a local backend, unmodified.

    python tests/conformance/run.py SOURCES PYTHON [-- PYTEST ARGUMENTS]

SOURCES is the unpacked source distribution of snowflake-cli, PYTHON an interpreter that has the same release
with its extra ``development``. Prints what passed, what failed, and what cannot apply here and why; exits
with 1 if anything failed. Needs a container engine and a registry program; the suite's images are stand-ins.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))

import local_backend  # noqa: E402 - found by the line above
from local_backend import LocalBackend, start  # noqa: E402

local_backend.START_WITHIN = 300.0  # an engine may first have to remove what an earlier server left

SUITE = "tests_integration/tests_using_container_services/spcs"
DATABASE = "SNOWCLI_DB"
REPOSITORY = "snowcli_repository"
POOL = "snowcli_compute_pool"
# What the suite's comments and specifications say that the account has.
ACCOUNT = (
    f"create database if not exists {DATABASE}",
    f"create image repository if not exists {DATABASE}.PUBLIC.{REPOSITORY}",
    "create warehouse if not exists xsmall",
    f"create compute pool if not exists {POOL} min_nodes=1 max_nodes=5 instance_family=CPU_X64_XS",
)
IMAGES = {"echo": "snowpark_test_echo:1", "counter": "test_counter:latest"}
CANNOT_APPLY = {
    "test_snowflake_apps": "Snowflake's App Runtime (application services on managed pools) is not SPCS; "
    "the local backend has none of it",
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    name: str
    result: str
    reason: str = ""


def main(arguments: list[str]) -> int:
    """The exit code; see the module's docstring."""
    sources, python = Path(arguments[0]).resolve(), Path(arguments[1])
    more = arguments[3:] if arguments[2:3] == ["--"] else []
    with tempfile.TemporaryDirectory(prefix="sfml-conformance-") as directory:
        backend = start(Path(directory) / "state", "--executor", "docker")
        try:
            prepare(backend)
            report = Path(directory) / "report.xml"
            run(backend, sources, python, report, more)
            outcomes = read(report) if report.exists() else []
        finally:
            backend.stop()
    show(outcomes)
    failed = any(outcome.result == "failed" for outcome in outcomes)
    return 1 if failed or not outcomes else 0


def prepare(backend: LocalBackend) -> None:
    """The account as the suite expects it, with its images."""
    from snowflake.connector import connect

    with connect(**backend.parameters(database=None, schema=None)) as connection:
        cursor = connection.cursor()
        for statement in ACCOUNT:
            cursor.execute(statement)
        cursor.execute(f"show image repositories in schema {DATABASE}.PUBLIC")
        url = cursor.fetchall()[0][4]
    with tempfile.TemporaryDirectory() as directory:
        environment = {**os.environ, "DOCKER_CONFIG": directory}
        password = str(backend.parameters()["password"])
        login = ["docker", "login", url.partition("/")[0], "-u", backend.endpoint["user"], "--password-stdin"]
        subprocess.run(login, env=environment, input=password, text=True, check=True, capture_output=True)
        for folder, name in IMAGES.items():
            image = f"{url}/{name}"
            build = ["docker", "build", "--quiet", "--tag", image, str(HERE / "images" / folder)]
            for command in (build, ["docker", "push", "--quiet", image], ["docker", "rmi", image]):
                subprocess.run(command, env=environment, check=True, capture_output=True)


def run(backend: LocalBackend, sources: Path, python: Path, report: Path, more: list[str]) -> None:
    """Run the suite as its project does, but for the options that spread it over many processes."""
    wanted = [*more] if more else [SUITE]
    command = [
        str(python), "-m", "pytest", "-p", "transport", "-p", "no:randomly", "-m", "integration",
        "-o", "addopts=", "-v", "--tb=short", f"--junit-xml={report}", *wanted,
    ]  # fmt: skip
    subprocess.run(command, cwd=sources, env=environment(backend, sources), check=False)


def environment(backend: LocalBackend, sources: Path) -> Mapping[str, str]:
    parameters = backend.parameters()
    names = ("ACCOUNT", "USER", "PASSWORD", "HOST", "PORT", "PROTOCOL", "ROLE", "WAREHOUSE")
    given = {f"SNOWFLAKE_CONNECTIONS_INTEGRATION_{name}": str(parameters[name.lower()]) for name in names}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SNOWFLAKE", "PYTHON"))}
    return {
        **kept,
        **given,
        "SNOWFLAKE_CONNECTIONS_INTEGRATION_AUTHENTICATOR": "snowflake",
        "SNOWFLAKE_CONNECTIONS_INTEGRATION_DATABASE": DATABASE,
        "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true",
        "SNOWFLAKE_CLI_IGNORE_NEW_VERSION_WARNING": "true",
        "PYTHONPATH": os.pathsep.join((str(sources), str(HERE))),
    }


def read(report: Path) -> list[Outcome]:
    """One outcome of each test: the suite runs failures once more, so a test may be written down twice."""
    found: dict[str, Outcome] = {}
    for outcome in _written(report):
        if outcome.name not in found or outcome.result == "failed":
            found[outcome.name] = outcome
    return list(found.values())


def _written(report: Path) -> Iterator[Outcome]:
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        trouble = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
        why = (trouble.get("message") or "").strip().splitlines() if trouble is not None else []
        reason = next((text for start, text in CANNOT_APPLY.items() if name.startswith(start)), "")
        if trouble is None:
            yield Outcome(name=name, result="passed")
        elif reason or trouble.tag == "skipped":
            yield Outcome(name=name, result="cannot apply", reason=reason or f"the suite skips it: {why[0]}")
        else:
            yield Outcome(name=name, result="failed", reason=why[0] if why else "")


def show(outcomes: list[Outcome]) -> None:
    for result in ("passed", "failed", "cannot apply"):
        found = [outcome for outcome in outcomes if outcome.result == result]
        print(f"\n{result}: {len(found)}")
        for outcome in found:
            print(f"  {outcome.name}" + (f"\n      {outcome.reason}" if outcome.reason else ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

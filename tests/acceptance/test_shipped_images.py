"""The shipped images, built for real: minutes the first time, and no longer than a look afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from programs import Run

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# The ways that need the package indexes alone.
CLOSED = ["--set", "python_source=system", "--set", "code_server_source=npm"]
FOLDER = ["--images", str(ROOT / "images")]
BUILD_WITHIN = 45 * 60


@pytest.fixture(scope="module")
def built(engine: str, sfml: Run) -> dict[str, str]:
    """The references of dev and runtime."""
    if subprocess.run([engine, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine with buildx: run .ci/prepare")
    trust = ["--ca-bundle", str(CERTIFICATES)] if CERTIFICATES.exists() else []
    done = sfml(
        "image", "build", "dev", "runtime", *CLOSED, *FOLDER, *trust, "-o", "json", timeout=BUILD_WITHIN
    )
    assert done.returncode == 0, done.stderr
    return {item["image"]: item["reference"] for item in json.loads(done.stdout)}


def test_build__again__does_nothing(built: dict[str, str], sfml: Run) -> None:
    done = sfml("image", "build", "dev", "runtime", *CLOSED, *FOLDER)

    assert done.stdout.splitlines()[-1] == "nothing changed: the engine has every image"


@pytest.mark.parametrize("name", ["dev", "runtime"])
def test_check__keeps_what_it_promises(built: dict[str, str], name: str, sfml: Run) -> None:
    snow = os.environ.get("SFML_TEST_SNOW") or shutil.which("snow")
    if snow is None:
        pytest.skip("optional: no snow program (SFML_TEST_SNOW)")
    env = {"PATH": f"{os.environ['PATH']}{os.pathsep}{Path(snow).parent}"}

    done = sfml("image", "check", name, *CLOSED, *FOLDER, "-o", "json", env=env, timeout=900)

    problems = [row for row in json.loads(done.stdout) if row["problem"] is not None]
    assert not problems
    assert done.returncode == 0, done.stderr


def test_dev__has_sfml_and_its_commands(built: dict[str, str], engine: str) -> None:
    command = [engine, "run", "--rm", built["dev"], "sfml", "spec", "render", "cpu-job", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_runtime__job_with_the_clients_start_script__its_result_comes_back(
    built: dict[str, str], sfml: Run, project: Path
) -> None:
    """The client's own start script, which starts Ray with its dashboard, and its launcher, unmodified."""
    (project / "train.py").write_text(
        "import ray\n"
        "address = ray.init(address='auto', ignore_reinit_error=True).address_info['webui_url']\n"
        "double = ray.remote(lambda n: 2 * n)\n"
        "__return__ = {'sum': sum(ray.get([double.remote(n) for n in (1, 2, 3)])), 'at': address}\n"
    )
    started = sfml("local", "start", "--executor", "docker")
    assert started.returncode == 0, started.stderr

    # An image that the engine has needs no registry on the local backend.
    job = ["submit", "train.py", "--connection", "local", "--yes", "--verbose", "-o", "json"]
    done = sfml(*job, "--runtime", built["runtime"], timeout=600)
    sfml("local", "stop")

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["result"]
    assert result["sum"] == 12
    assert result["at"].endswith(":12003"), "Ray's dashboard is not where the start script puts it"
    assert "Starting periodic command scheduler: cron." in done.stderr + done.stdout

"""The shipped images, built for real: minutes the first time, and no longer than a look afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
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
    began = time.monotonic()
    done = sfml("image", "build", "dev", "runtime", *CLOSED, *FOLDER)

    assert done.stdout.splitlines()[-1] == "nothing changed: the engine has every image"
    assert time.monotonic() - began < 10  # it takes less than one on a machine with nothing else to do


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


def test_runtime__start_script__starts_ray_and_the_launcher_unmodified(
    built: dict[str, str], engine: str, tmp_path: Path
) -> None:
    """The client's start script as it is; without an account its launcher then misses a login."""
    from importlib.util import find_spec

    found = find_spec("snowflake.ml.jobs")
    assert found is not None
    assert found.origin is not None
    shutil.copytree(Path(found.origin).with_name("_utils") / "scripts", tmp_path / "system")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("print('never reached')\n")
    # As on a small node, where the script leaves out Ray's dashboard, to which Ray gives no more than 20 s.
    (tmp_path / "meminfo").write_text("MemTotal: 6000000 kB\nMemFree: 5000000 kB\nMemAvailable: 5000000 kB\n")
    options = {
        "MLRS_STAGE_MOUNT_PATH": "/mnt/job_stage", "MLRS_PAYLOAD_DIR": "app",
        "MLRS_RESULT_PATH": "/mnt/job_stage/mljob_result", "SNOWFLAKE_SERVICE_NAME": "TRIAL",
    }  # fmt: skip
    command = [
        engine, "run", "--rm", "--shm-size", "1g", "--volume", f"{tmp_path}:/mnt/job_stage",
        "--volume", f"{tmp_path / 'meminfo'}:/proc/meminfo:ro",
        *(word for name, value in options.items() for word in ("--env", f"{name}={value}")),
        built["runtime"], "bash", "/mnt/job_stage/system/startup.sh", "/mnt/job_stage/app/main.py",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    said = done.stdout + done.stderr
    assert "Starting periodic command scheduler: cron." in said, said
    assert "Ray runtime started." in said, said
    assert "Running command: python /mnt/job_stage/system/mljob_launcher.py" in said, said
    assert "Snowflake credential is neither set in env" in said, said

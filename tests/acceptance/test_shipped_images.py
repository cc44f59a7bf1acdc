"""The shipped images, built for real: minutes the first time, and no longer than a look afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from programs import Run

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# The ways that need the package indexes alone.
CLOSED = ["--set", "python_source=system", "--set", "code_server_source=npm"]
FOLDER = ["--images", str(ROOT / "images")]
BUILD_WITHIN = 45 * 60
SYSTEM_POOL = "SYSTEM_COMPUTE_POOL_CPU"  # the other's only node is the box's


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


@pytest.fixture
def box(built: dict[str, str], engine: str, sfml: Run, project: Path) -> Iterator[Callable[..., str]]:
    """The dev image pushed and run as a service by its template; runs a command in an ssh session in it."""
    (project / "sfml.yaml").write_text("connection: local\nexecutor: docker\n")
    done = sfml("account", "setup", "--apply")
    assert done.returncode == 0, done.stderr
    pushed = sfml("image", "push", "dev", *CLOSED, *FOLDER, "-o", "json", timeout=900)
    assert pushed.returncode == 0, pushed.stderr
    path = json.loads(pushed.stdout)[0]["path"]
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(project / "key")], check=True)
    public = (project / "key.pub").read_text().strip()
    env = {"SFML_BOX_OWNER": "LOCAL"}
    values = {"container_image": path, "ssh_public_key": public, "env": env, "cpu": 1, "memory": "2Gi"}
    home = {"size": "5Gi", "mount": "/home/dev", "uid": 1000, "gid": 1000}
    (project / "box.json").write_text(json.dumps({**values, "home": home}))
    commands = (
        ["spec", "render", "dev-box", "--values", "box.json", "--output", "box.yaml"],
        ["service", "create", "box", "box.yaml", "--compute-pool", "ml_dev_pool", "--yes"],
    )
    for command in commands:
        done = sfml(*command, timeout=600)
        assert done.returncode == 0, done.stderr
    name = _container(engine, project)
    shown = [engine, "inspect", "--format", "{{.Config.Image}}", name]
    pulled = subprocess.run(shown, capture_output=True, text=True, check=True).stdout.strip()
    store = [engine, "exec", "-i", "-u", "dev", name, "sh", "-c", "umask 077; cat > /tmp/key"]
    subprocess.run(store, input=(project / "key").read_bytes(), check=True)
    quiet = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
    ssh = ["ssh", "-p", "2222", "-i", "/tmp/key", *quiet, "dev@127.0.0.1"]

    def run(command: str, stdin: str = "") -> str:
        words = [engine, "exec", "-i", "-u", "dev", name, *ssh, command]
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield run
    sfml("local", "reset", timeout=300)
    (project / "sfml.yaml").unlink()
    subprocess.run([engine, "image", "rm", pulled], capture_output=True, check=False)


def _container(engine: str, project: Path) -> str:
    """The container of the service that runs in this project."""
    listing = [
        engine,
        "ps",
        "--format",
        '{{.Names}}\t{{.Label "sfml.directory"}}\t{{.Label "sfml.container"}}',
    ]
    rows = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [row.split("\t") for row in rows]
    [name] = [name for name, folder, kind in found if folder.startswith(str(project)) and kind == "main"]
    return name


def test_dev__as_a_service__submits_a_job_with_the_services_token(box: Callable[..., str]) -> None:
    box("cat > hello.py", "import sys\n__return__ = {'python': sys.version_info[:2], 'from': 'the box'}\n")

    answer = json.loads(box(f"sfml submit hello.py --yes -o json --compute-pool {SYSTEM_POOL}"))

    assert answer["status"] == "DONE"
    assert answer["result"] == {"python": [3, 11], "from": "the box"}

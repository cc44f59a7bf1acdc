"""What only containers can show: several of them in a job, limits, probes, and images that are not there."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from programs import Run, remove_images

NAME = f"test-run-{token_hex(3)}"
BEFORE = "connection: local\nexecutor: docker\n"
AFTER = f"{BEFORE}database: ML_DEV\nschema: PUBLIC\ncompute_pool: ML_DEV_POOL\n"


@pytest.fixture(scope="module", autouse=True)
def image(engine: str, project: Path, sfml: Run) -> Iterator[str]:
    """The path of an image with a shell in the account's repository."""
    if subprocess.run([engine, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine with buildx: run .ci/prepare")
    folder = project / "images" / NAME
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("ARG BASE_IMAGE=debian:bookworm-slim\nFROM ${BASE_IMAGE}\n")
    (folder / "image.toml").write_text('summary = "a shell"\n')
    (folder.parent / "build-env.sh").write_text("")
    for settings, command in (
        (BEFORE, ("local", "start")),
        (BEFORE, ("account", "setup", "--apply")),
        (AFTER, ("image", "push", NAME, "--repository", "ml_dev.public.images", "-o", "json")),
    ):
        (project / "sfml.yaml").write_text(settings)
        done = sfml(*command, timeout=600)
        assert done.returncode == 0, done.stderr
    pushed = json.loads(done.stdout)[0]
    yield pushed["path"]
    sfml("local", "stop")  # its containers still hold the image
    remove_images(engine, NAME)


def spec(project: Path, *containers: str, more: str = "") -> str:
    (project / "spec.yaml").write_text("spec:\n  containers:\n" + "".join(containers) + more)
    return "spec.yaml"


def container(image: str, command: str, *, name: str = "main", more: str = "") -> str:
    return f"  - name: {name}\n    image: {image}\n    command: [bash, -c, {json.dumps(command)}]\n{more}"


def test_run__two_containers__lines_say_whose_they_are(sfml: Run, project: Path, image: str) -> None:
    first = container(image, "echo from the first")
    second = container(image, "echo from the second; exit 4", name="side")
    done = sfml("run", spec(project, first, second), timeout=300)
    assert done.returncode == 100, done.stderr
    assert sorted(done.stdout.splitlines()) == ["[main] from the first", "[side] from the second"]
    assert "side failed (exit code 4)" in done.stderr


def test_run__more_memory_than_its_limit__says_so(sfml: Run, project: Path, image: str) -> None:
    limits = "    resources: {requests: {memory: 64Mi}, limits: {memory: 64Mi}}\n"
    done = sfml("run", spec(project, container(image, "tail /dev/zero", more=limits)), timeout=300)
    assert done.returncode == 100, done.stderr
    assert "main was killed for lack of memory (exit code 137)" in done.stderr
    assert "raise main.resources.limits.memory, which is 64Mi" in done.stderr


def test_run__image_is_not_in_the_repository__lists_what_is(sfml: Run, project: Path, image: str) -> None:
    other = image.rpartition(":")[0] + ":no-such-tag"
    done = sfml("run", spec(project, container(other, "true")), timeout=300)
    assert done.returncode in (4, 102), done.stderr
    assert "the repository has" in done.stderr
    assert image.rpartition("/")[2] in done.stderr


def test_run__program_is_not_in_the_image__names_it(sfml: Run, project: Path, image: str) -> None:
    done = sfml("run", "--image", image, "--", "no-such-program", timeout=300)
    assert done.returncode == 100, done.stderr
    assert "the image has no no-such-program" in done.stderr


def test_service__probe_fails__create_says_why_it_is_not_ready(sfml: Run, project: Path, image: str) -> None:
    probe = "    readinessProbe: {port: 8080, path: /healthz}\n"
    file = spec(project, container(image, "echo up; sleep 600", more=probe))
    done = sfml("service", "create", "probed", file, "--timeout", "40s", timeout=300)
    assert done.returncode == 101, done.stderr
    assert "does not answer GET /healthz on port 8080 with 200" in done.stderr
    assert "problem: main does not answer" in sfml("service", "describe", "probed", timeout=300).stdout
    assert sfml("service", "drop", "probed", timeout=300).returncode == 0

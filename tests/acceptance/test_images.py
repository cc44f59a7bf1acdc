"""`sfml image`: small images of the tests' own, with a real engine and the local backend's registry."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex

import pytest

from programs import SFML, Run

ROOT = Path(__file__).resolve().parents[2]
NAME = f"test-{token_hex(3)}"


@pytest.fixture(scope="module", autouse=True)
def images(engine: str, project: Path) -> Iterator[Path]:
    """The project's own images: one that can be built, one that fails and one that takes for ever."""
    if subprocess.run([engine, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine with buildx: run .ci/prepare")
    folder = project / "images"
    _image(folder, NAME, "ARG WORD\nRUN echo $WORD > /word\nCMD cat /word", '[args.word]\ndefault = "hello"')
    _image(folder, f"{NAME}-fails", "# a remark\nRUN echo one; \\\n    echo two; exit 3", "publish = false")
    _image(folder, f"{NAME}-slow", "RUN sleep 300", "publish = false")
    (folder / "build-env.sh").write_text("")
    yield folder
    for reference in _tags(engine, f"sfml/{NAME}*"):
        subprocess.run([engine, "image", "rm", reference], capture_output=True, check=False)


def _image(folder: Path, name: str, steps: str, toml: str) -> None:
    (folder / name).mkdir(parents=True)
    dockerfile = f"ARG BASE_IMAGE=debian:bookworm-slim\nFROM ${{BASE_IMAGE}}\n{steps}\n"
    (folder / name / "Dockerfile").write_text(dockerfile)
    (folder / name / "image.toml").write_text(f'summary = "a test"\n{toml}\n')


def _tags(engine: str, pattern: str) -> list[str]:
    command = [engine, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", pattern]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_build__twice__the_second_does_nothing_and_says_so(sfml: Run) -> None:
    first = sfml("image", "build", NAME, "-o", "json")
    second = sfml("image", "build", NAME)

    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)[0]["built"] is True
    assert second.stdout.splitlines()[-1] == "nothing changed: the engine has every image"


def test_build__a_setting_changes__is_another_image(sfml: Run, engine: str) -> None:
    built = json.loads(sfml("image", "build", NAME, "--set", "word=two words", "-o", "json").stdout)[0]

    said = subprocess.run(
        [engine, "run", "--rm", built["reference"]], capture_output=True, text=True, check=True
    )
    assert said.stdout == "two words\n"


def test_build__a_step_fails__shows_its_place_and_its_last_lines(sfml: Run, engine: str) -> None:
    done = sfml("image", "build", f"{NAME}-fails")

    assert done.returncode == 1
    assert f"failed at {NAME}-fails/Dockerfile:4: RUN echo one; echo two; exit 3" in done.stderr
    assert "two" in done.stderr.splitlines()[-1]
    assert _tags(engine, f"sfml/{NAME}-fails") == []


def test_build__interrupted__leaves_nothing(
    project: Path, engine: str, clean_environment: Mapping[str, str]
) -> None:
    process = subprocess.Popen(
        [SFML, "image", "build", f"{NAME}-slow"],
        cwd=project,
        env=dict(clean_environment),
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    process.stderr.readline()  # "building …"
    time.sleep(3)
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=60) == 130
    process.stderr.close()
    assert _tags(engine, f"sfml/{NAME}-slow") == []
    running = subprocess.run(["pgrep", "-f", f"buildx.*sfml/{NAME}-slow"], capture_output=True, check=False)
    assert running.stdout == b""


def test_build__two_at_once__build_it_once(
    project: Path, engine: str, clean_environment: Mapping[str, str]
) -> None:
    command = [SFML, "image", "build", NAME, "--set", "word=both", "-o", "json"]
    both = [
        subprocess.Popen(command, cwd=project, env=dict(clean_environment), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [json.loads(process.communicate(timeout=300)[0])[0] for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert answers[0]["id"] == answers[1]["id"]
    assert answers[0]["reference"] in _tags(engine, f"sfml/{NAME}")


def test_build__another_platform__is_refused_before_anything_is_built(sfml: Run) -> None:
    done = sfml("image", "build", NAME, "--platform", "linux/arm64")

    assert done.returncode == 1
    assert f"image '{NAME}' is not made for linux/arm64" in done.stderr


def test_build__no_engine__is_said(sfml: Run) -> None:
    done = sfml("image", "build", NAME, env={"DOCKER_HOST": "unix:///nowhere.sock"})

    assert done.returncode == 1
    assert "no container engine answers" in done.stderr


def test_push__twice__then_templates_know_the_path(sfml: Run, project: Path) -> None:
    first = sfml("image", "push", NAME, "--connection", "local", "-o", "json")
    second = sfml("image", "push", NAME, "--connection", "local")
    (project / "job.yaml.j2").write_text(f"image: {{{{ image('{NAME}') }}}}\n")
    rendered = sfml("spec", "render", "job.yaml.j2")

    assert first.returncode == 0, first.stderr
    pushed = json.loads(first.stdout)[0]
    assert pushed["path"].startswith(f"/local/public/images/{NAME}:c")
    assert pushed["digest"].startswith("sha256:")
    assert second.stdout.splitlines()[-1].endswith("no byte was sent")
    assert rendered.stdout.strip() == f"image: {pushed['path']}"


def test_push__its_registry_names__are_not_left_in_the_engine(engine: str) -> None:
    listed = subprocess.run([engine, "image", "ls"], capture_output=True, text=True, check=True).stdout

    assert not [line for line in listed.splitlines() if f"/images/{NAME}" in line.split()[0]]

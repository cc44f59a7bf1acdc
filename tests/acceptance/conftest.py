"""Black box: programs as a user calls them. Nothing here imports sfml."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import real_box as boxes
from programs import SFML, Run, run_program
from real_box import RealBox
from samples import write_sample


@pytest.fixture(scope="session")
def clean_environment() -> Mapping[str, str]:
    """The machine's environment less everything that could choose a connection."""
    dropped = ("SFML_", "SNOWFLAKE_", "VIRTUAL_ENV", "PYTEST_")
    env = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    # The local backend keeps its own private key material and never needs the cloud's metadata service.
    return {**env, "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, clean_environment: Mapping[str, str]) -> Iterator[Path]:
    """An empty project folder with an empty HOME beside it; its local backend is stopped at the end."""
    base = tmp_path_factory.mktemp("user")
    (base / "home").mkdir()
    folder = base / "project"
    folder.mkdir()
    yield folder
    run_program([SFML, "local", "stop"], cwd=folder, env={**clean_environment, "HOME": str(base / "home")})


@pytest.fixture(scope="module")
def sfml(project: Path, clean_environment: Mapping[str, str]) -> Run:
    """Call ``sfml ARGS`` in the project folder."""

    def call(
        *arguments: str | Path, env: Mapping[str, str] | None = None, **options: object
    ) -> subprocess.CompletedProcess[str]:
        environment = {**clean_environment, "HOME": str(project.parent / "home"), **(env or {})}
        return run_program([SFML, *arguments], cwd=project, env=environment, **options)  # type: ignore[arg-type]

    return call


@pytest.fixture(scope="session")
def engine() -> str:
    """The container engine's command; skips where none answers."""
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine answers (docker info)")
    return docker


@pytest.fixture(scope="session")
def prepared(
    engine: str, tmp_path_factory: pytest.TempPathFactory, clean_environment: Mapping[str, str]
) -> Iterator[RealBox]:
    """A local backend with containers whose repository has the image dev."""
    if subprocess.run([engine, "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no container engine with buildx: run .ci/prepare")
    made = boxes.prepare(tmp_path_factory.mktemp("real"), clean_environment)
    yield made
    boxes.tidy(made, engine)


@pytest.fixture
def real_box(prepared: RealBox) -> RealBox:
    """A box that runs; made, or started, where it does not."""
    if not prepared.made or prepared.status() != "RUNNING":
        prepared.up()
    return prepared


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large file; nobody may change it."""
    return write_sample(tmp_path_factory.mktemp("sample") / "sample")

"""Black box: programs as a user calls them. Nothing here imports sfml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SFML = Path(sys.executable).with_name("sfml")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run_program(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float = 180,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run to its end; stdout and stderr as text, the exit code in ``returncode``."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


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

"""The README's two commands on a machine that has nothing but Python, make and git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of what is committed."""
    target = tmp_path_factory.mktemp("fresh") / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    return target


@pytest.fixture(scope="module")
def bare_image(engine: str) -> str:
    """An image with Python, make and git, and nothing of ours."""
    tag = "sfml-test-bare:latest"
    folder = Path(__file__).with_name("bare")
    built = subprocess.run(
        [engine, "build", "-q", "-t", tag, str(folder)], capture_output=True, text=True, check=False
    )
    if "debian:bookworm-slim" in built.stderr and "not found" in built.stderr:
        pytest.skip("no base image: run .ci/prepare")
    assert built.returncode == 0, built.stderr
    return tag


def _pass_through() -> list[str]:
    """How pip reaches the configured index from inside: index variables and the machine's certificates."""
    names = [
        name for name in os.environ if name in {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST"}
    ]
    options = [part for name in names for part in ("-e", name)]
    if CERTIFICATES.exists():
        options += ["-v", f"{CERTIFICATES}:{CERTIFICATES}:ro", "-e", f"PIP_CERT={CERTIFICATES}"]
    return options


@pytest.fixture
def bare_container(engine: str, bare_image: str, clone: Path) -> Iterator[list[str]]:
    """``docker exec`` into a running bare container that holds the clone at /src."""
    name = f"sfml-test-bare-{os.getpid()}"
    create = [engine, "run", "-d", "--rm", "--name", name, *_pass_through(), bare_image, "sleep", "infinity"]
    subprocess.run(create, check=True, capture_output=True)
    try:
        subprocess.run([engine, "cp", str(clone), f"{name}:/src"], check=True, capture_output=True)
        yield [engine, "exec", "-w", "/src", "-e", "HOME=/root", name]
    finally:
        subprocess.run([engine, "rm", "-f", name], check=False, capture_output=True)


def test_make_demo__bare_container__trains_and_exits_zero(bare_container: list[str]) -> None:
    done = subprocess.run(
        [*bare_container, "make", "demo"], capture_output=True, text=True, timeout=600, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "epoch  200" in done.stdout + done.stderr
    assert "accuracy" in done.stdout


def test_make_demo__fresh_clone_and_empty_home__trains_and_exits_zero(
    clone: Path, tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    env = {**clean_environment, "HOME": str(tmp_path)}
    try:
        done = subprocess.run(
            ["make", "demo"], cwd=clone, env=env, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "epoch  200" in done.stdout + done.stderr
        assert "accuracy" in done.stdout
    finally:
        subprocess.run(["make", "distclean"], cwd=clone, env=env, capture_output=True, check=False)

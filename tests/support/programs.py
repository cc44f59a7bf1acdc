"""Running programs as a user does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

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


def remove_images(engine: str, name: str) -> None:
    """Remove the images of a test from the engine: those that were built, and those that were pulled."""
    command = [engine, "image", "ls", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for repository, tag, digest in (line.split() for line in listed.splitlines()):
        if repository.rpartition("/")[2] == name:
            reference = f"{repository}@{digest}" if tag == "<none>" else f"{repository}:{tag}"
            subprocess.run([engine, "image", "rm", reference], capture_output=True, check=False)

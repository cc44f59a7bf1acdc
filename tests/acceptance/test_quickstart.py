"""The README's examples, run as a user runs them, on the local backend."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from programs import ROOT, Run, run_program

EXAMPLES = ROOT / "examples"


def test_submit__quickstart_example__streams_output_and_prints_the_metrics(sfml: Run) -> None:
    done = sfml(
        "submit", "--connection", "local", EXAMPLES / "quickstart" / "train.py", "--", "--epochs", "50"
    )

    assert done.returncode == 0, done.stderr
    assert "epoch   50" in done.stdout + done.stderr
    assert "'accuracy'" in done.stdout or '"accuracy"' in done.stdout


def test_submit__json_output__is_one_document_with_the_result(sfml: Run) -> None:
    script = EXAMPLES / "quickstart" / "train.py"
    done = sfml("submit", "--connection", "local", "-o", "json", script, "--", "--epochs", "5")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["status"] == "DONE"
    assert answer["result"]["accuracy"] > 0.5


def test_submit__failing_example__exits_100_with_the_remote_traceback(sfml: Run) -> None:
    done = sfml("submit", "--connection", "local", EXAMPLES / "failing" / "train.py")

    assert done.returncode == 100
    assert "could not convert string to float" in done.stderr
    assert "line 21" in done.stderr or "losses" in done.stderr


def test_hello_world__local_connection__completes(
    project: Path, clean_environment: Mapping[str, str]
) -> None:
    env = {**clean_environment, "SFML_CONNECTION": "local", "HOME": str(project.parent / "home")}
    done = run_program([sys.executable, EXAMPLES / "01_hello_world.py"], cwd=project, env=env)

    assert done.returncode == 0, done.stderr
    assert "completed: DONE" in done.stdout


def test_submit__no_connection_at_all__exits_3_and_names_both_choices(sfml: Run) -> None:
    done = sfml("submit", EXAMPLES / "quickstart" / "train.py")

    assert done.returncode == 3
    assert "--connection local" in done.stderr
    assert "connections.toml" in done.stderr
    assert "epoch" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def nox() -> str:
    """The nox program; the acceptance session names it."""
    found = os.environ.get("SFML_TEST_NOX") or shutil.which("nox")
    if not found:
        pytest.skip("optional: nox is not on PATH (run through `nox -s acceptance`)")
    return found


def test_nox_submit__quickstart_example__exit_code_is_the_commands(
    nox: str, clean_environment: Mapping[str, str]
) -> None:
    command = [nox, "-s", "submit", "--", "--connection", "local", "examples/failing/train.py"]
    try:
        done = run_program(command, cwd=ROOT, env=clean_environment)
        assert done.returncode != 0
        assert "could not convert string to float" in done.stdout + done.stderr
    finally:
        subprocess.run([Path(sys.executable).with_name("sfml"), "local", "stop"], cwd=ROOT, check=False)

"""Sweeps, retries and keys, through the command line in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfml import cli
from sfml.cli import repeating
from sfml.errors import JobFailedError

pytestmark = [pytest.mark.xdist_group("client-jobs"), pytest.mark.usefixtures("in_place")]

GRID = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--base", type=int)
parser.add_argument("--lr", type=float)
parser.add_argument("--depth", type=int)
args = parser.parse_args()
if args.depth == 13:
    raise SystemExit(4)
__return__ = args.base + args.lr * args.depth
"""
# Fails as long as there is no mark, and leaves one.
FLAKY = """
import os, pathlib
mark = pathlib.Path(os.environ["MARK"])
seen = mark.exists()
mark.touch()
if not seen:
    raise RuntimeError("not yet")
__return__ = "at last"
"""


SCRIPTS = {"grid": GRID, "flaky": FLAKY}


@pytest.fixture
def submit(capsys: pytest.CaptureFixture[str]) -> Any:
    """`sfml submit --as-is -o json …`: its exit code, its document, stderr."""

    def run(*arguments: str) -> tuple[int, Any, str]:
        code = cli.run(["submit", "--as-is", "-o", "json", *arguments])
        captured = capsys.readouterr()
        return code, json.loads(captured.out) if captured.out else None, captured.err

    return run


def test_sweep__all_combinations__one_table_and_the_right_code(submit: Any) -> None:
    code, rows, err = submit("grid.py", "--sweep", "lr=1,10", "--sweep", "depth=3,13", "--", "--base", "1")
    assert code == JobFailedError.exit_code
    assert [(row["lr"], row["depth"], row["status"], row["result"]) for row in rows] == [
        ("1", "3", "DONE", 4.0),
        ("1", "13", "FAILED", None),
        ("10", "3", "DONE", 31.0),
        ("10", "13", "FAILED", None),
    ]
    assert len({row["job_id"] for row in rows}) == 4
    assert "2 of 4 jobs did not end well" in err
    assert "exit code 4" in err


def test_retries__job_that_fails_once__is_tried_again(
    submit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeating, "backoff", lambda: iter([0.01] * 20))
    code, answer, err = submit("flaky.py", "--retries", "2", "--env", f"MARK={tmp_path / 'mark'}")
    assert (code, answer["result"]) == (0, "at last"), err
    assert "attempt 2 of 3" in err
    assert "RuntimeError: not yet" in err


def test_idempotency_key__submitted_twice__is_one_job(submit: Any, place: Path) -> None:
    first = submit(
        "grid.py",
        "--idempotency-key",
        "night 1",
        "--detach",
        "--",
        "--base",
        "1",
        "--lr",
        "1",
        "--depth",
        "1",
    )
    again = submit(
        "grid.py", "--idempotency-key", "night 1", "--", "--base", "1", "--lr", "1", "--depth", "1"
    )
    assert (first[0], again[0]) == (0, 0), (first, again)
    assert first[1]["job_id"] == again[1]["job_id"]
    assert again[1]["result"] == 2.0
    (place / "grid.py").write_text(GRID + "# changed\n")
    code, _, err = submit("grid.py", "--idempotency-key", "night 1", "--detach")
    (place / "grid.py").write_text(GRID)
    assert code == 1
    assert "other files" in err


@pytest.mark.parametrize(
    "arguments",
    [["--retries", "1", "--detach"], ["--sweep", "lr=1", "--result", "r.json"], ["--sweep", "lr"]],
)
def test_repeating__flags_that_do_not_fit__exit_2(arguments: list[str], submit: Any) -> None:
    assert submit("grid.py", *arguments)[0] == 2

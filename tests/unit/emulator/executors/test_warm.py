"""When a launcher that is loaded already may serve a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sfml.emulator.executors.environment import reads_early
from sfml.emulator.executors.supervisor.warm import prepare


@pytest.mark.parametrize(
    "name",
    [
        "MLRS_PAYLOAD_DIR",
        "EPOCHS",
        "SNOWFLAKE_HOST",
        "SNOWFLAKE_JOB_INDEX",
        "SNOWFLAKE_TOKEN_FILE",
        "SFX",
        "RANK",
    ],
)
def test_reads_early__variable_of_the_job_or_the_service__is_harmless(name: str) -> None:
    assert not reads_early({name: "1"})


@pytest.mark.parametrize(
    "name",
    [
        "PYTHONHASHSEED",
        "OMP_NUM_THREADS",
        "LD_PRELOAD",
        "TZ",
        "LC_ALL",
        "SNOWFLAKE_HOME",
        "HTTPS_PROXY",
        "HOME",
    ],
)
def test_reads_early__variable_that_loading_acts_on__is_found(name: str) -> None:
    assert reads_early({"EPOCHS": "1", name: "1"})


def test_reads_early__variable_is_set_to_what_it_is_anyway__is_harmless() -> None:
    assert not reads_early({"PYTHONUNBUFFERED": "1"})


@pytest.fixture
def plan(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "payload").mkdir()
    return {
        "warm": True,
        "payload": str(tmp_path / "payload"),
        "directory": str(tmp_path),
        "environment": {},
    }


def test_prepare__plain_script__offers_the_launcher(plan: dict[str, Any]) -> None:
    (Path(plan["payload"]) / "train.py").touch()
    assert prepare(plan, {}) is not None
    assert plan["environment"]["SFML_WARM"] == f"{plan['directory']}/warm"


@pytest.mark.parametrize("name", ["json.py", "logging/handlers.py", "lib/deep.zip", "pytest.so"])
def test_prepare__payload_could_replace_a_loaded_module__offers_nothing(
    plan: dict[str, Any], name: str
) -> None:
    path = Path(plan["payload"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert prepare(plan, {}) is None
    assert plan["environment"] == {}


def test_prepare__run_is_not_fit_for_it__offers_nothing(plan: dict[str, Any]) -> None:
    assert prepare({**plan, "warm": False}, {}) is None

"""`sfml init` and `sfml config show`."""

import json
from pathlib import Path

import pytest

from sfml import cli
from sfml.cli.config import template
from sfml.config import KEYS, resolve


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    monkeypatch.delenv("SFML_CONNECTION", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_init__new_folder__writes_a_file_that_sfml_reads(project: Path) -> None:
    assert cli.run(["init", "--connection", "local"]) == 0
    assert resolve({}, {}, project).is_local


def test_init__file_is_there__is_kept_without_force(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "sfml.yaml").write_text("schema: mine\n")
    assert cli.run(["init"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert (project / "sfml.yaml").read_text() == "schema: mine\n"
    assert cli.run(["init", "--force"]) == 0
    assert "schema: mine" not in (project / "sfml.yaml").read_text()


def test_init__dry_run__shows_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["init", "--dry-run"]) == 0
    assert "# compute_pool:" in capsys.readouterr().out
    assert list(project.iterdir()) == []


def test_template__uncommented__names_every_key() -> None:
    lines = [line.removeprefix("# ") for line in template("x").splitlines()]
    assert all(any(line.startswith(f"{name}:") for line in lines) for name in KEYS)


def test_config_show__origin__says_where_each_value_came_from(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SFML_SCHEMA", "s")
    assert cli.run(["config", "show", "--origin", "--database", "d", "-o", "json"]) == 0
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["database"] == {"key": "database", "value": "d", "origin": "--database"}
    assert rows["schema"] == {"key": "schema", "value": "s", "origin": "SFML_SCHEMA"}
    assert rows["role"]["origin"] == "not set"

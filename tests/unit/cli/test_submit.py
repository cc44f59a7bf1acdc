"""`sfml submit` before it talks to anybody: what it refuses, and the plan that --dry-run shows."""

import json
from pathlib import Path

import pytest

from sfml import cli


@pytest.fixture(autouse=True)
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.py"
    path.write_text("print(1)\n")
    return path


def plan(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, object]:
    code = cli.run(["submit", "--connection", "local", "--dry-run", "-o", "json", *args])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    found = json.loads(captured.out)
    assert isinstance(found, dict)
    return found


def test_submit__dry_run__shows_the_plan_and_starts_nothing(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = plan(capsys, "train.py", "--pip", "rich", "--env", "A=b", "--max-runtime", "2m", "--", "--x", "1")
    assert found["script"] == str(script)
    assert found["args"] == ["--x", "1"]
    assert found["requirements"] == ["rich"]
    assert found["env"] == ["A"]
    assert found["max_runtime"] == 120
    assert found["files"] == ["train.py"]
    assert not (script.parent / ".sfml").exists()


def test_submit__dry_run_as_text__has_no_value_of_a_variable(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["submit", "-c", "local", "--dry-run", "train.py", "--env", "API_TOKEN=hunter2"]
    assert cli.run(args) == 0
    out = capsys.readouterr().out
    assert "API_TOKEN" in out
    assert "hunter2" not in out


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["nothing.py"], 1, "no file or folder nothing.py"),
        (["."], 1, "which script in it is to run"),
        ([".", "--entrypoint", "nothing.py"], 1, "no entrypoint"),
        (["train.py", "--compute-pool", "a'; DROP TABLE x"], 1, "not a name that Snowflake accepts"),
        (["train.py", "--runtime", "2.0'"], 1, "is no runtime"),
        (["train.py", "--name", "my-job"], 1, "not a name"),
        (["train.py", "--stage", "@~"], 1, "not a named stage"),
        (["train.py", "--env", "NO_SUCH_A"], 1, "NAME=VALUE"),
        (["train.py", "--requirements", "nothing.txt"], 1, "nothing.txt"),
        (["train.py", "--result", "no/such/folder/r.json"], 1, "cannot be written"),
        (["train.py", "--timeout", "soon"], 2, "is no time"),
        (["train.py", "--nodes", "0"], 2, "0 is not in the range"),
        (["train.py", "--epochs", "3"], 2, "go after --"),
        ([], 2, "PATH"),
    ],
)
def test_submit__unusable_input__one_message_and_the_right_code(
    args: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["submit", "--connection", "local", *args]) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.startswith("sfml: error:")
    assert not Path(".sfml").exists()


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_submit__no_connection__exits_3_and_names_both_choices(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["submit", "train.py", *more]) == 3
    err = capsys.readouterr().err
    assert "--connection NAME" in err
    assert "--connection local" in err


def test_submit__unknown_connection__names_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    (tmp_path / "connections.toml").write_text('[staging]\naccount = "a"\n')
    assert cli.run(["submit", "--connection", "stagin", "train.py"]) == 3
    assert "Did you mean 'staging'?" in capsys.readouterr().err


def test_submit__dry_run_with_create_pool__shows_the_statement_and_its_price(
    script: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.write_text("import torch\ntorch.ones(1).cuda()\n")
    args = ["submit", "-c", "local", "--dry-run", "--create-pool", "train.py"]
    assert cli.run(args) == 0
    streams = capsys.readouterr()
    assert "CREATE COMPUTE POOL IF NOT EXISTS SFML_GPU_POOL_" in streams.err
    assert "credits/h" in streams.err
    assert "hardware    GPU   train.py:2" in streams.out


def test_submit__dry_run_as_is__infers_nothing(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text("import polars, torch\ntorch.ones(1).cuda()\n")
    found = plan(capsys, "train.py", "--as-is")
    assert (found["requirements"], found["compute_pool"]) == ([], "SYSTEM_COMPUTE_POOL_CPU")


def test_submit__hardware_that_there_is_not__names_the_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["submit", "-c", "local", "--dry-run", "--hardware", "tpu", "train.py"]) == 1
    assert "--hardware: hardware is gpu or cpu, not 'tpu'" in capsys.readouterr().err

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfml import cli

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project without any connection: these commands must not need one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    monkeypatch.delenv("SFML_CONNECTION", raising=False)


def test_setup__admin_sql__needs_no_login_and_names_the_user(capsys: Capture) -> None:
    arguments = [
        "account",
        "setup",
        "--admin-sql",
        "--for-user",
        "bob",
        "--pool",
        "p",
        "--family",
        "GPU_NV_S",
    ]
    assert cli.run(arguments) == 0
    text = capsys.readouterr().out
    assert text.startswith("USE ROLE ACCOUNTADMIN;\n")
    assert "GRANT ROLE ML_DEV_ROLE TO USER BOB;" in text
    assert "CREATE COMPUTE POOL IF NOT EXISTS P MIN_NODES = 1" in text


def test_setup__admin_sql_for_a_login_name__quotes_it(capsys: Capture) -> None:
    assert cli.run(["account", "setup", "--admin-sql", "--for-user", "bob@corp.com", "-o", "json"]) == 0
    assert 'TO USER "BOB@CORP.COM";' in json.loads(capsys.readouterr().out)["sql"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--owner-role", "accountadmin"], "cannot own services"),
        (["--pool", "SYSTEM_COMPUTE_POOL_GPU"], "is a system pool"),
        (["--stage", "x'; DROP"], "is not a name that Snowflake accepts"),
        (["--max-nodes", "0"], "must be 1 or more"),
    ],
)
@pytest.mark.parametrize("mode", ["--admin-sql", "--dry-run", "--apply"])
def test_setup__bad_name__is_told_before_any_login(
    capsys: Capture, mode: str, arguments: list[str], message: str
) -> None:
    assert cli.run(["account", "setup", mode, "--for-user", "ana", *arguments]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_setup__no_connection__says_how_to_choose_one(capsys: Capture) -> None:
    assert cli.run(["account", "setup"]) == 3
    assert "--connection" in capsys.readouterr().err

"""SQL through Snowflake's own command line: one smoke test for each of its verbs (a call takes seconds)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_backend import LocalBackend

SNOW = os.environ.get("SFML_TEST_SNOW") or shutil.which("snow")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(SNOW is None, reason="snow is not on PATH (pip install snowflake-cli)"),
]

Snow = Callable[..., Any]


@pytest.fixture
def snow(backend: LocalBackend, database: str, tmp_path: Path) -> Snow:
    """Runs ``snow … --format json`` in an empty directory and home; returns what it printed, parsed."""
    parameters = backend.parameters(database=database, schema="PUBLIC")
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in parameters.items() if not key.endswith("timeout")
    ]
    config = tmp_path / "home" / "config.toml"
    config.parent.mkdir()
    config.touch(mode=0o600)
    text = "[cli]\nignore_new_version_warning = true\n[connections.local]\n" + "\n".join(lines)
    config.write_text(text)
    home = str(config.parent)
    own = {"HOME": home, "SNOWFLAKE_HOME": home, "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true"}
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | own

    def run(*arguments: str, fails: bool = False) -> Any:
        command = [str(SNOW), *arguments, "-c", "local", "--format", "json"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr if fails else json.loads(done.stdout)

    return run


def test_snow__connection_and_sql__answers(snow: Snow, database: str, tmp_path: Path) -> None:
    assert snow("connection", "test")["Status"] == "OK"
    assert snow("sql", "-q", "select 1 as a; select 'x' as b") == [[{"A": 1}], [{"B": "x"}]]
    (tmp_path / "q.sql").write_text("create table t as select 1 a;\n-- a comment\nselect * from t;\n")
    assert snow("sql", "-f", "q.sql")[-1] == [{"A": 1}]
    assert "invalid identifier 'NOPE'" in snow("sql", "-q", "select nope", fails=True)


def test_snow__stage__create_copy_list_remove(snow: Snow, tmp_path: Path) -> None:
    assert snow("stage", "create", "st")["status"] == "Stage area ST successfully created."
    (tmp_path / "f.txt").write_text("hello\n")
    assert snow("stage", "copy", "f.txt", "@st/sub", "--overwrite")[0]["status"] == "UPLOADED"
    assert [row["name"] for row in snow("stage", "list-files", "@st")] == ["st/sub/f.txt"]
    snow("stage", "copy", "@st/sub", "./down/")
    assert (tmp_path / "down" / "f.txt").read_text() == "hello\n"
    assert snow("stage", "remove", "@st", "sub/f.txt")["result"] == "removed"
    assert snow("stage", "list-files", "@st") == []


def test_snow__object__list_describe_drop(snow: Snow, database: str) -> None:
    snow("sql", "-q", "create table t (a int)")
    assert [row["name"] for row in snow("object", "list", "table")] == ["T"]
    (column,) = snow("object", "describe", "table", "t")
    assert (column["name"], column["type"]) == ("A", "NUMBER(38,0)")
    assert snow("object", "drop", "table", "t")[0]["status"] == "T successfully dropped."
    assert database in [
        row["name"] for row in snow("object", "list", "database", "--like", f"{database[:9]}%")
    ]

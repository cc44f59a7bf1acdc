"""``sfml.emulator.running()``: a backend inside somebody else's tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from snowflake.connector import connect

from sfml.emulator import running
from sfml.errors import ConfigError


def test_running__temporary__answers_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with running() as parameters, connect(**parameters) as connection:
        assert connection.cursor().execute("select current_user()").fetchone() == ("LOCAL",)
    assert list(tmp_path.iterdir()) == []


def test_running__own_directory__its_objects_are_there_the_next_time(tmp_path: Path) -> None:
    for expected in ("successfully created", "already exists"):
        with running(tmp_path / "state") as parameters, connect(**parameters) as connection:
            answer = connection.cursor().execute("create database if not exists kept").fetchone()
            assert expected in answer[0]


def test_running__two_at_once__each_has_its_own_objects() -> None:
    with running() as one, running() as two:
        with connect(**one) as connection:
            connection.cursor().execute("create database mine")
        with connect(**two) as connection:
            names = [row[1] for row in connection.cursor().execute("show databases").fetchall()]
    assert "MINE" not in names


def test_running__directory_in_use__refused(tmp_path: Path) -> None:
    with running(tmp_path), pytest.raises(ConfigError, match="uses the state directory"):
        running(tmp_path).__enter__()


def test_import__of_the_package__brings_neither_client_side_nor_server() -> None:
    program = (
        "import sys, sfml.emulator; print([m for m in sys.modules if m.startswith(('sfml', 'aiohttp'))])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['sfml', 'sfml.emulator']"


def test_fixture__in_a_users_own_tests__is_a_connection(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "from snowflake.connector import connect\n"
        "def test_mine(local_snowflake):\n"
        "    with connect(**local_snowflake) as connection:\n"
        "        assert connection.cursor().execute('select 1').fetchone() == (1,)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "sfml.emulator.pytest_plugin", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout

"""What a session needs to know before it talks to anybody."""

import gc
import sys
from pathlib import Path

import pytest

from sfml import config, session
from sfml.errors import NoConnectionError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path))
    for name in ("SFML_CONNECTION", "SNOWFLAKE_DEFAULT_CONNECTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_get_session__nothing_chosen__names_both_choices() -> None:
    with pytest.raises(NoConnectionError, match="no connection was chosen") as caught:
        session.get_session()
    assert caught.value.exit_code == 3
    assert caught.value.hint == config.CHOICES


def test_get_session__unknown_connection__names_the_nearest(home: Path) -> None:
    (home / "connections.toml").write_text('[prod]\naccount = "a"\n')
    with pytest.raises(NoConnectionError, match="no connection 'prd'") as caught:
        session.get_session("prd")
    assert "Did you mean 'prod'?" in str(caught.value.hint)


def test_hidden__package_that_is_not_loaded__seems_not_to_be_installed() -> None:
    assert "antigravity" not in sys.modules
    with session.hidden("antigravity"), pytest.raises(ImportError):
        import antigravity  # noqa: F401
    assert "antigravity" not in sys.modules


def test_hidden__package_that_is_loaded__stays() -> None:
    with session.hidden("json"):
        import json
    assert json.dumps(1) == "1"


def test_without_collection__afterwards__the_collector_works_again() -> None:
    with session.without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_in_background__failure__arrives_with_whoever_asks() -> None:
    future = session.in_background(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        future.result(timeout=120)


@pytest.mark.parametrize(
    ("connection", "executor", "engine", "expected"),
    [
        ("local", "auto", True, "docker"),
        ("local", "auto", False, "auto"),
        ("local", "process", True, "process"),
        ("prod", "auto", True, "auto"),
    ],
)
def test_in_containers__no_server_runs__chooses_them_if_it_can(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    connection: str,
    executor: str,
    engine: bool,
    expected: str,
) -> None:
    tools = home / "bin"
    tools.mkdir()
    if engine:
        (tools / "docker").write_text("#!/bin/sh\n")
        (tools / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    chosen = config.resolve({"connection": connection, "executor": executor}, {}, home)
    assert session.in_containers(chosen).executor == expected

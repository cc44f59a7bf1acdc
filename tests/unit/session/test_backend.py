"""Finding a server by what it leaves in its state folder, without one."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from sfml import __version__, config, session
from sfml.errors import ConfigError, ToolMissingError
from sfml.session import backend


def announce(state: Path, **changes: Any) -> None:
    endpoint = {
        "host": "127.0.0.1",
        "port": 1234,
        "protocol": "http",
        "pid": 1,
        "account": "LOCAL",
        "user": "LOCAL",
        "password_file": "password",
        "role": "R",
        "warehouse": "W",
        "database": "D",
        "schema": "S",
        "version": __version__,
        "started": "now",
        **changes,
    }
    (state / "endpoint.json").write_text(json.dumps(endpoint))
    (state / "password").write_text("hunter2\n")


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose lock is held, as by a running server."""
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield tmp_path


def test_find__nothing_there__is_none(tmp_path: Path) -> None:
    assert backend.find(tmp_path / "nowhere") is None


def test_find__announced_and_alive__has_what_a_login_needs(alive: Path) -> None:
    announce(alive)
    found = backend.find(alive)
    assert found is not None
    assert found.url == "http://127.0.0.1:1234"
    assert found.parameters["password"] == "hunter2"
    assert found.parameters["database"] == "D"
    assert "hunter2" not in repr(found)


def test_find__left_behind_by_a_killed_server__is_none(tmp_path: Path) -> None:
    announce(tmp_path)
    (tmp_path / "lock").touch()
    assert backend.find(tmp_path) is None


def test_find__server_is_starting__is_none(alive: Path) -> None:
    assert backend.find(alive) is None


def test_ensure__server_of_another_version__is_not_used(alive: Path) -> None:
    announce(alive, version="0.0.1")
    with pytest.raises(ConfigError, match=r"of sfml 0\.0\.1") as caught:
        backend.ensure(alive)
    assert "sfml local stop" in str(caught.value.hint)


def test_ensure__extra_is_not_installed__says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ToolMissingError, match="aiohttp, fakesnow missing") as caught:
        backend.ensure(tmp_path / "state")
    assert "[local]" in str(caught.value.hint)
    assert not (tmp_path / "state").exists()


def test_stop__nothing_runs__is_none(tmp_path: Path) -> None:
    assert backend.stop(tmp_path) is None


def test_in_containers__a_server_runs__takes_what_there_is(tmp_path: Path) -> None:
    state = tmp_path / "local"
    state.mkdir()
    announce(state)
    chosen = config.resolve({"connection": "local", "state": tmp_path}, {}, tmp_path)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert session.in_containers(chosen) == chosen


@pytest.mark.parametrize(
    ("running", "chosen", "is_refused"),
    [("auto", "auto", True), ("docker", "auto", False), ("process", "process", False)],
)
def test_require_containers__processes_that_nobody_chose__are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: str, chosen: str, *, is_refused: bool
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    state = tmp_path / "local"
    state.mkdir()
    announce(state, executor=running)
    found = config.resolve({"connection": "local", "state": tmp_path, "executor": chosen}, {}, tmp_path)
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ConfigError, match="needs containers") if is_refused else nullcontext():
            session.require_containers(found)

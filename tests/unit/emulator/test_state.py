"""The state directory: one server at a time, private files, formats."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import threading
from pathlib import Path

import pytest

from sfml.emulator import catalog as module
from sfml.emulator.catalog import FORMAT, Catalog, Kind, Name
from sfml.emulator.passwords import password_matches
from sfml.emulator.seed import seed
from sfml.emulator.settings import Settings
from sfml.emulator.state import announced, held
from sfml.errors import ConfigError


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_held__second_server__refused_with_the_first_one_s_process(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(ConfigError, match=r"process \d+\) uses the state directory"):
        held(tmp_path).__enter__()
    with held(tmp_path):
        pass


def test_held__a_client_looks_at_the_lock_just_then__the_server_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as client:
        fcntl.flock(client, fcntl.LOCK_SH)
        threading.Timer(0.1, fcntl.flock, (client, fcntl.LOCK_UN)).start()
        with held(tmp_path):
            pass


def test_held__directory__for_its_owner_only(tmp_path: Path) -> None:
    with held(tmp_path / "new" / "state"):
        assert mode(tmp_path / "new" / "state") == 0o700


def test_announced__block__file_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "endpoint.json"
    with announced(tmp_path, {"port": 1}):
        assert json.loads(file.read_text()) == {"port": 1}
        assert mode(file) == 0o600
    assert not file.exists()


def test_seed__first_and_second_start__same_password_same_objects(tmp_path: Path) -> None:
    catalog, settings = Catalog(tmp_path / "c.sqlite"), Settings(state=tmp_path)
    seed(catalog, settings)
    before = (tmp_path / "password").read_text()
    seed(catalog, settings)
    user = catalog.get(Kind.USER, Name(name="LOCAL"))
    assert user is not None
    assert (tmp_path / "password").read_text() == before
    assert password_matches(before.strip(), str(user.properties["password"]))
    assert mode(tmp_path / "password") == 0o600
    assert [role.name.name for role in catalog.find(Kind.ROLE)].count("PUBLIC") == 1


def test_seed__password_file_lost__a_new_password_is_made(tmp_path: Path) -> None:
    catalog, settings = Catalog(tmp_path / "c.sqlite"), Settings(state=tmp_path)
    seed(catalog, settings)
    (tmp_path / "password").unlink()
    seed(catalog, settings)
    user = catalog.get(Kind.USER, Name(name="LOCAL"))
    assert user is not None
    assert password_matches((tmp_path / "password").read_text().strip(), str(user.properties["password"]))


def test_catalog__newer_format__refused_and_untouched(tmp_path: Path) -> None:
    file = tmp_path / "c.sqlite"
    Catalog(file).close()
    with sqlite3.connect(file) as db:
        db.execute(f"pragma user_version = {FORMAT + 1}")
    db.close()
    with pytest.raises(ConfigError, match=f"format {FORMAT + 1}"):
        Catalog(file)


def test_catalog__older_format__brought_up_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.sqlite"
    catalog = Catalog(file)
    catalog.create(Kind.ROLE, Name(name="OLD"), owner="X")
    catalog.close()
    steps = {
        FORMAT: "create table note (text text)",
        FORMAT + 1: "insert into note values ('two steps')",
    }
    monkeypatch.setattr(module, "MIGRATIONS", steps)
    monkeypatch.setattr(module, "FORMAT", FORMAT + 2)
    catalog = Catalog(file)
    with catalog.transaction() as db:
        assert db.execute("select text from note").fetchall() == [("two steps",)]
        assert db.execute("pragma user_version").fetchone() == (FORMAT + 2,)
    assert catalog.get(Kind.ROLE, Name(name="OLD")) is not None
    catalog.close()

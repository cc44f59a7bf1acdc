"""Statements that start jobs, kept by content."""

import json
import os
import time
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from sfml.jobs.definitions import LIFE, MARK, Definition, Definitions, digest, parted
from sfml.jobs.payload import Payload, StagedPayload
from sfml.jobs.request import Request

PAYLOAD = Payload(source=Path("/p/train.py"), entrypoint=PurePosixPath("train.py"))
CONNECTION: Any = SimpleNamespace(account="a", user="u", role="r", database="D", schema="S", warehouse="W")
CLIENTS = (
    """CALL SYSTEM$EXECUTE_ML_JOB('D.S.train_', 'P', '{"ARGS": ["bash", "x.sh", "sfml arguments"]}', '{}')"""
)


def request(**changes: Any) -> Request:
    return Request(**{"payload": PAYLOAD, "compute_pool": "P", "stage": "S", "name": "train", **changes})


def arguments_in(statement: str) -> list[str]:
    """The job's arguments as the server reads them: a literal that holds JSON."""
    text = statement.removeprefix(CLIENTS.partition("{")[0]).removesuffix("', '{}')")
    assert "'" not in text.replace("''", "")
    found: list[str] = json.loads(text.replace("''", "'").replace("\\\\", "\\"))["ARGS"]
    return found[2:]


@pytest.mark.parametrize(
    "given", [(), ("--lr", "0.1"), ("it's", 'a "b"', "c\\d", "é\n", MARK), ("', '{}'); DROP TABLE T; --",)]
)
def test_statement__any_arguments__come_out_as_they_were(given: tuple[str, ...]) -> None:
    assert arguments_in(parted(CLIENTS).statement(given)) == list(given)


def test_parted__a_statement_without_the_mark__is_not_taken() -> None:
    with pytest.raises(AssertionError):
        parted("CALL SYSTEM$EXECUTE_ML_JOB('x', 'P', '{}', '{}')")


@pytest.mark.parametrize(
    "changes",
    [
        {"compute_pool": "Q"},
        {"eai": ("E",)},
        {"runtime": "2.10"},
        {"nodes": 2},
        {"warehouse": "X"},
        {"artifact_repositories": ("R",)},
    ],
)
def test_digest__other_settings__is_another(changes: dict[str, Any]) -> None:
    assert digest(CONNECTION, request(), "f", {}) == digest(CONNECTION, request(args=("1",)), "f", {})
    assert digest(CONNECTION, request(), "f", {}) != digest(CONNECTION, request(**changes), "f", {})


def test_digest__another_account_files_or_variables__is_another() -> None:
    other: Any = SimpleNamespace(**{**vars(CONNECTION), "role": "other"})
    found = {
        digest(CONNECTION, request(), "f", {}),
        digest(other, request(), "f", {}),
        digest(CONNECTION, request(), "g", {}),
        digest(CONNECTION, request(), "f", {"SFML_ENTRY": "x"}),
    }
    assert len(found) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"env": {"TOKEN": "hunter2"}},
        {"key": "once"},
        {"payload": StagedPayload(source="@S", entrypoint=PurePosixPath("x.py"))},
    ],
)
def test_digest__secrets_keys_and_copies__are_not_kept(changes: dict[str, Any]) -> None:
    assert digest(CONNECTION, request(**changes), "f", {}) is None


@pytest.fixture
def wanted(tmp_path: Path) -> Request:
    script = tmp_path / "train.py"
    script.write_text("print(1)\n")
    return request(payload=Payload(source=script, entrypoint=PurePosixPath("train.py")))


def test_know__a_file_that_changed__is_not_worth_waiting_for(tmp_path: Path, wanted: Request) -> None:
    known = Definitions(tmp_path / "state")
    known.keep(wanted, "d1", Definition(before="a", after="b"))
    assert known.know(wanted.payload)
    assert isinstance(wanted.payload, Payload)
    wanted.payload.source.write_text("print(22)\n")
    assert not known.know(wanted.payload)
    assert known.find(wanted, "d1") is not None
    wanted.payload.source.unlink()
    assert not known.know(wanted.payload)


def test_definitions__kept__are_found_again_by_their_owner_only(tmp_path: Path, wanted: Request) -> None:
    known = Definitions(tmp_path / "state")
    assert not known.know(wanted.payload)
    made = Definition(before="a", after="b")
    known.keep(wanted, "d1", made)
    assert known.find(wanted, "d1") == made
    assert known.find(wanted, "d2") is None
    assert known.find(wanted, None) is None
    assert known.know(wanted.payload)
    (file,) = known.folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    known.drop(wanted, "d1")
    assert known.find(wanted, "d1") is None


def test_definitions__too_old__are_not_used_and_go(tmp_path: Path, wanted: Request) -> None:
    known = Definitions(tmp_path / "state")
    known.keep(wanted, "d1", Definition(before="a", after="b"))
    (file,) = known.folder.iterdir()
    old = time.time() - LIFE - 1
    os.utime(file, (old, old))
    assert known.find(wanted, "d1") is None
    assert not known.know(wanted.payload)
    known.keep(wanted, "d2", Definition(before="a", after="b"))
    assert not file.exists()


def test_definitions__somebody_elses_file__is_none(tmp_path: Path, wanted: Request) -> None:
    known = Definitions(tmp_path / "state")
    known.keep(wanted, "d1", Definition(before="a", after="b"))
    (file,) = known.folder.iterdir()
    for text in ("{", "[]", '{"before": ""}'):
        file.write_text(text)
        assert known.find(wanted, "d1") is None
        assert not known.know(wanted.payload)


def test_definitions__nothing_to_keep__writes_nothing(tmp_path: Path) -> None:
    Definitions(tmp_path).keep(request(), None, Definition(before="a", after="b"))
    assert not (tmp_path / "definitions").exists()

"""The hook before a box stops itself, and how it logs in as its own service."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sfml.devbox import connection, stop
from sfml.devbox.__main__ import minutes
from sfml.errors import InputError, NoConnectionError

SERVICE = {
    "SNOWFLAKE_HOST": "ab12.snowflakecomputing.com",
    "SNOWFLAKE_ACCOUNT": "AB12",
    "SNOWFLAKE_DATABASE": "ML_DEV",
    "SNOWFLAKE_SCHEMA": "PUBLIC",
    "SNOWFLAKE_SERVICE_NAME": "ML_DEV_BOX_ANA",
}


def hook(home: Path, text: str, mode: int = 0o755) -> None:
    program = home / stop.HOOK
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(mode)


def test_hook__a_program__runs_in_the_home(tmp_path: Path) -> None:
    hook(tmp_path, "pwd; echo kept > file")
    assert stop.run_hook(tmp_path).splitlines() == [f"{tmp_path / stop.HOOK} ran", str(tmp_path)]
    assert (tmp_path / "file").read_text() == "kept\n"


def test_hook__fails__is_told_and_prevents_nothing(tmp_path: Path) -> None:
    hook(tmp_path, "echo no room >&2; exit 3")
    said = stop.run_hook(tmp_path)
    assert "the box stops all the same" in said
    assert "no room" in said


def test_hook__none_or_no_program__does_nothing(tmp_path: Path) -> None:
    assert stop.run_hook(tmp_path) == ""
    hook(tmp_path, "touch ran", mode=0o644)
    assert stop.run_hook(tmp_path) == ""
    assert not (tmp_path / "ran").exists()


def test_parameters__in_a_service__are_its_token_and_place(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    found = stop.parameters(SERVICE, tmp_path / "token")
    assert (found["token"], found["authenticator"], found["host"]) == (
        "secret",
        "oauth",
        SERVICE["SNOWFLAKE_HOST"],
    )
    assert "port" not in found
    with pytest.raises(NoConnectionError, match="SNOWFLAKE_HOST"):
        stop.parameters({}, tmp_path / "token")
    with pytest.raises(NoConnectionError, match="is missing"):
        stop.parameters(SERVICE, tmp_path / "none")


def test_service__named_by_up_or_by_snowflake__is_its_full_name() -> None:
    assert str(stop.service(SERVICE)) == "ML_DEV.PUBLIC.ML_DEV_BOX_ANA"
    assert str(stop.service({**SERVICE, "SFML_BOX_SERVICE": "A.B.C"})) == "A.B.C"
    with pytest.raises(NoConnectionError):
        stop.service({})


def test_connection__of_a_service__has_the_token_s_place_and_not_the_token() -> None:
    found = tomllib.loads(connection.text({**SERVICE, "SNOWFLAKE_SCHEMA": 'we"ird'}))
    assert found == {
        "box": {
            "authenticator": "oauth",
            "token_file_path": "/snowflake/session/token",
            "account": "AB12",
            "host": "ab12.snowflakecomputing.com",
            "database": "ML_DEV",
            "schema": 'we"ird',
        }
    }


@pytest.mark.parametrize("text", ["", "twenty", "-1", "inf", "nan"])
def test_minutes__no_number__is_refused(text: str) -> None:
    with pytest.raises(InputError, match="SFML_BOX_IDLE_MINUTES"):
        minutes(text)

"""Which way a connection has to a token, and what is said where the way is closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfml.errors import NoConnectionError
from sfml.remote import tokens
from sfml.remote.entry import AGENT, DIRECT, KEY_PAIR, Entry, SshFolder

PAT = "PROGRAMMATIC_ACCESS_TOKEN"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"SNOWFLAKE_HOME": str(tmp_path), "HOME": str(tmp_path)}


def connect_by(environ: dict[str, str], **settings: Any) -> None:
    lines = [f"{name} = {json.dumps(text)}\n" for name, text in settings.items()]
    (Path(environ["SNOWFLAKE_HOME"]) / "connections.toml").write_text("[dev]\n" + "".join(lines))


@pytest.mark.parametrize(
    ("settings", "way"),
    [
        ({"authenticator": PAT, "token": "abc"}, DIRECT),
        ({"authenticator": "programmatic_access_token", "password": "abc"}, DIRECT),
        ({"authenticator": "externalbrowser"}, AGENT),
        ({"user": "ana", "password": "x"}, AGENT),
        ({"authenticator": "SNOWFLAKE_JWT", "account": "a", "user": "u", "private_key_raw": "k"}, KEY_PAIR),
        ({"account": "a", "user": "u", "private_key_file": "/k"}, KEY_PAIR),
    ],
)
def test_way__of_a_connection__is_that_of_its_login(
    environ: dict[str, str], settings: dict[str, Any], way: str
) -> None:
    connect_by(environ, **settings)
    assert tokens.way("dev", environ) == way


def test_way__local_backend_and_unknown_connection__is_the_agent(environ: dict[str, str]) -> None:
    assert tokens.way("local", environ) == tokens.way("none", environ) == AGENT


def test_token__way_that_is_gone__says_how_the_new_one_is_noted(
    environ: dict[str, str], tmp_path: Path
) -> None:
    connect_by(environ, authenticator="externalbrowser")
    for way, what in ((DIRECT, "programmatic access token"), (KEY_PAIR, "key pair")):
        entry = Entry(host="h", url="u", service="S", connection="dev", role=None, state="", way=way)
        with pytest.raises(NoConnectionError, match=f"no {what} any more") as caught:
            tokens.token(entry, SshFolder(tmp_path), environ)
        assert "sfml up" in str(caught.value.hint)


def test_access_token__in_a_file__is_read_each_time(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "pat"
    connect_by(environ, authenticator=PAT, token_file_path=str(file))
    with pytest.raises(NoConnectionError, match="cannot be read: No such file"):
        tokens.access_token("dev", environ)
    for text in ("one", "two"):
        file.write_text(f"{text}\n")
        assert tokens.access_token("dev", environ) == text


@pytest.mark.parametrize("text", ["a b", "a\nX-Header: b", "ä", "a\x00"])
def test_access_token__that_could_be_more_than_a_token__is_refused_and_not_shown(
    environ: dict[str, str], tmp_path: Path, text: str
) -> None:
    (tmp_path / "pat").write_text(text)
    connect_by(environ, authenticator=PAT, token_file_path=str(tmp_path / "pat"))
    with pytest.raises(NoConnectionError) as caught:
        tokens.access_token("dev", environ)
    assert text not in str(caught.value)

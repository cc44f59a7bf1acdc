"""The verbs of a dev box's life, before they log in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfml import config
from sfml.cli.box import as_made
from sfml.remote.entry import folder

HOST = "sfml-churn"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of somebody whose machine knows one box."""
    monkeypatch.setenv("HOME", str(tmp_path))
    own = folder(tmp_path).own
    own.mkdir(parents=True)
    known = {"host": HOST, "url": "https://x", "service": "A.B.C", "connection": "prod"}
    (own / f"{HOST}.json").write_text(
        json.dumps({**known, "role": None, "state": "/elsewhere", "way": "agent"})
    )
    return tmp_path


@pytest.mark.parametrize(
    ("host", "chosen", "expected"),
    [(HOST, None, "prod"), (HOST, "other", "other"), ("sfml-new", None, None)],
)
def test_as_made__connection__is_the_box_s_unless_one_is_chosen(
    home: Path, host: str, chosen: str | None, expected: str | None
) -> None:
    found = as_made(config.resolve({"connection": chosen}, {}, home), host)
    assert found.connection == expected
    assert (found.state == Path("/elsewhere")) == (expected == "prod")

"""What was pushed is written down, and templates find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.errors import InputError
from sfml.images import pushed
from sfml.images.push import Transfer


def test_resolver__a_pushed_image__is_its_path(tmp_path: Path) -> None:
    pushed.note(tmp_path / "state", {"dev": {"path": "/db/s/images/dev:c1", "digest": "sha256:aa"}})
    pushed.note(tmp_path / "state", {"runtime": {"path": "/db/s/images/runtime:c2", "digest": "sha256:bb"}})

    resolve = pushed.resolver(tmp_path / "state")

    assert (resolve("dev"), resolve("runtime")) == ("/db/s/images/dev:c1", "/db/s/images/runtime:c2")


def test_resolver__one_that_was_not_pushed__says_how(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has pushed no such image") as caught:
        pushed.resolver(tmp_path)("dev-gpu")

    assert "sfml image push dev-gpu" in str(caught.value.hint)


def test_load__a_broken_file__is_named(tmp_path: Path) -> None:
    (tmp_path / pushed.FILE_NAME).write_text("{")

    with pytest.raises(InputError, match=r"images\.json"):
        pushed.load(tmp_path)


def test_transfer__counts_what_travelled_and_not_what_was_there() -> None:
    transfer = Transfer()
    for event in (
        {"status": "Pushing", "id": "a", "progressDetail": {"current": 1, "total": 10}},
        {"status": "Pushing", "id": "b", "progressDetail": {"current": 5, "total": 7}},
        {"status": "Pushed", "id": "a"},
        {"status": "Layer already exists", "id": "c"},
        {"status": "Mounted from db/s/images/dev", "id": "d"},
        {"status": "Pushed", "id": "b"},
        {"aux": {"Tag": "c1", "Digest": "sha256:aa", "Size": 5}},
    ):
        transfer.take(event)

    assert (transfer.sent, len(transfer.done), transfer.digest) == (17, 4, "sha256:aa")


def test_transfer__an_error_in_the_stream__is_kept() -> None:
    transfer = Transfer()
    transfer.take({"errorDetail": {"message": "unauthorized"}, "error": "unauthorized"})

    assert transfer.error == "unauthorized"

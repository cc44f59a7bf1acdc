"""Files to put, names of jobs, and refusals that are explained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from sfml import sql
from sfml.errors import InputError, NotFoundError, RefusedError
from sfml.pools import Pool
from sfml.services.plan import Wish
from sfml.services.run import explained, job_name, put
from sfml.services.source import of_image, ready
from sfml.specs.scope import Target

POOL = Pool(name="P", family="CPU_X64_S", state="IDLE", max_nodes=1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("scripts/a.py", "scripts/deep/b.py", "scripts/.git/HEAD", "one.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_put__folder__every_file_but_the_tools() -> None:
    found = put('scripts:@db.s."My Stage"/code/', stage="X")
    assert found.target == 'DB.S."My Stage"/code'
    assert {str(remote): sorted(names) for remote, names in found.folders.items()} == {
        ".": ["a.py"],
        "deep": ["b.py"],
    }


def test_put__one_file_into_the_configured_stage() -> None:
    found = put("one.yaml:configs", stage="my_stage")
    assert found.target == "MY_STAGE/configs"
    assert list(found.folders) == [PurePosixPath()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scripts", "write LOCAL:REMOTE"),
        ("nothing:@s", "there is no file or folder nothing"),
        ("empty:@s", "holds no files"),
        ("scripts:@~/x", "not a named stage"),
        ("scripts:@s/../x", "cannot be a folder"),
        ("scripts:@s'; DROP TABLE x", "not a name that Snowflake accepts"),
    ],
)
def test_put__unusable__is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        put(text, stage="S")


@pytest.mark.parametrize("stem", ["my-spec", "1st", "", "ünï", "a" * 300, "train.yaml"])
def test_job_name__any_stem__is_a_name_of_its_own_that_needs_no_quotes(stem: str) -> None:
    found = job_name(stem)
    assert str(sql.service_name(found)) == found
    assert job_name(stem) != found


class Server:
    """A server whose repository has these images."""

    def __init__(self, *images: str) -> None:
        self.images = images

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        assert statement == "SHOW IMAGES IN IMAGE REPOSITORY DB.S.R"
        return [{"image_name": name, "tags": tag} for name, _, tag in (i.partition(":") for i in self.images)]


def wish() -> Wish:
    found = ready(of_image("/db/s/r/train:1"), Target(kind="job"))
    return Wish(kind="job", name=sql.name("d.s.j"), ready=found)


def test_explained__image_is_not_there__lists_what_is() -> None:
    error = NotFoundError("Image /db/s/r/train:1 not found")
    found = explained(error, Server("train:2", "web:1"), wish(), POOL)
    assert str(found) == str(error)
    assert "did you mean train:2?" in str(found.hint)
    assert isinstance(found, NotFoundError)


def test_explained__secret_may_not_be_read__has_the_grant_for_the_role_in_use() -> None:
    error = NotFoundError("Secret 'DB.S.KEY' does not exist or not authorized.")
    found = explained(error, Server(), wish(), POOL, role="TRAINER")
    assert "GRANT READ ON SECRET DB.S.KEY TO ROLE TRAINER;" in str(found.hint)


def test_explained__other_refusal__stays_as_it_is() -> None:
    error = RefusedError("something else", hint="error 000001")
    assert explained(error, Server(), wish(), POOL) is error

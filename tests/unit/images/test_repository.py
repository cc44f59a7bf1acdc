"""The image repository: its name, address and contents, from what SHOW answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sfml.errors import InputError
from sfml.images import repository
from sfml.sql import Name

NAME = Name(("DB", "PUBLIC", "IMAGES"))


class Account:
    """Answers SHOW IMAGE REPOSITORIES from what was created."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.statements: list[str] = []

    def __call__(self, statement: str) -> Sequence[dict[str, Any]]:
        self.statements.append(statement)
        if statement.startswith("CREATE"):
            self.names.append("IMAGES")
        return [
            {"name": name, "repository_url": f"ORG-A_B.example.com/db/public/{name}"} for name in self.names
        ]


def test_resolve__a_bare_name__is_in_the_sessions_schema() -> None:
    assert repository.resolve("images", database="my db", schema="S") == Name(("my db", "S", "IMAGES"))


def test_resolve__a_full_name__stands_alone() -> None:
    assert repository.resolve("db.public.images", database=None, schema=None) == NAME


def test_resolve__no_schema__asks_for_it() -> None:
    with pytest.raises(InputError, match="in which schema"):
        repository.resolve("images", database="DB", schema=None)


def test_ensure__it_is_there__creates_nothing_and_makes_the_host_valid() -> None:
    account = Account("IMAGES")

    found = repository.ensure(account, NAME, private_link=False)

    assert (found.url, found.host, found.path) == (
        "org-a-b.example.com/db/public/images", "org-a-b.example.com", "/db/public/images",
    )  # fmt: skip
    assert not found.created
    assert len(account.statements) == 1


def test_ensure__only_one_of_a_similar_name__creates_it() -> None:
    account = Account("IMAGESX")

    assert repository.ensure(account, NAME, private_link=False).created
    assert "CREATE IMAGE REPOSITORY IF NOT EXISTS DB.PUBLIC.IMAGES" in account.statements


def test_address__a_private_one_that_the_account_lacks__is_said() -> None:
    with pytest.raises(InputError, match="privatelink_repository_url"):
        repository.address({"repository_url": "a/b", "privatelink_repository_url": ""}, private_link=True)


def test_digests__several_tags_of_one_image__are_all_there() -> None:
    rows = [{"image_name": "dev", "tags": "c1, 0.1-py3.11", "digest": "sha256:aa"}]

    assert repository.digests(lambda _: rows, NAME) == {
        ("dev", "c1"): "sha256:aa", ("dev", "0.1-py3.11"): "sha256:aa",
    }  # fmt: skip

"""Which image a box is made of."""

from __future__ import annotations

from typing import Any

import pytest

from sfml.errors import NotFoundError
from sfml.remote.image import Look, find
from sfml.steps import Rows

PATH = "/ml_dev/public/images/dev"
OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def row(tags: str, digest: str, created: int, name: str = "dev") -> dict[str, Any]:
    return {"image_name": name, "tags": tags, "digest": digest, "created_on": created}


HELD = [
    row("1.0", OLD, 1),
    row("c0123456789abcdef", OLD, 2),
    row("cfedcba9876543210", NEW, 3),
    row("1.1, stable", NEW, 4),
    row("9.9", OLD, 9, name="dev-gpu"),
]


def asked(statement: str) -> Rows:
    assert statement == "SHOW IMAGES IN IMAGE REPOSITORY ML_DEV.PUBLIC.IMAGES"
    return HELD


@pytest.mark.parametrize(
    ("path", "found", "digest"),
    [
        (PATH, f"{PATH}:cfedcba9876543210", NEW),  # the newest, by the tag that does not move
        (f"{PATH}:1.0", f"{PATH}:1.0", OLD),
        (f"{PATH}:stable", f"{PATH}:stable", NEW),
        (f"{PATH}@{OLD}", f"{PATH}@{OLD}", OLD),
        (f"{PATH}-gpu", f"{PATH}-gpu:9.9", OLD),
    ],
)
def test_find__what_the_repository_holds__has_tag_and_digest(path: str, found: str, digest: str) -> None:
    image = find(path, asked)
    assert (image.look, image.path, image.digest) == (Look.FOUND, found, digest)


@pytest.mark.parametrize("path", [f"{PATH}:2.0", "/ml_dev/public/images/dve"])
def test_find__what_the_repository_lacks__is_missing_with_what_brings_it(path: str) -> None:
    image = find(path, asked)
    assert image.look is Look.MISSING
    assert "is not in ML_DEV.PUBLIC.IMAGES yet" in image.absence
    assert f"sfml image push {image.name} --repository ML_DEV.PUBLIC.IMAGES" in image.remedy


@pytest.mark.parametrize("path", [PATH, "registry.example.org/dev", "dev"])
def test_find__no_repository_to_look_into__stays_as_it_is(path: str) -> None:
    def unseen(_: str) -> Rows:
        raise NotFoundError("does not exist or not authorized")

    image = find(path, unseen)
    assert (image.look, image.path) == (Look.UNSEEN, path)

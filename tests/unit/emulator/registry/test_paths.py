"""Image paths as specifications and clients write them."""

from __future__ import annotations

import pytest

from sfml.emulator.registry.paths import ImagePath, split

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/db/schema/repo/name:tag", ("db/schema/repo", "name", "tag", "")),
        ("/DB/Schema/REPO/name:Tag", ("db/schema/repo", "name", "Tag", "")),
        ("db/schema/repo/a/b", ("db/schema/repo", "a/b", "latest", "")),
        (f"/db/schema/repo/name@{DIGEST}", ("db/schema/repo", "name", "", DIGEST)),
        (f"/db/schema/repo/name:1@{DIGEST}", ("db/schema/repo", "name", "", DIGEST)),
        ("127.0.0.1:5000/db/schema/repo/name:1", ("db/schema/repo", "name", "1", "")),
        ("o-a.registry.snowflakecomputing.com/db/s_1/repo/n:1", ("db/s_1/repo", "n", "1", "")),
    ],
)
def test_split__path__has_its_parts(text: str, expected: tuple[str, str, str, str]) -> None:
    repository, name, tag, digest = expected
    assert split(text) == ImagePath(repository=repository, name=name, tag=tag, digest=digest)


@pytest.mark.parametrize(
    "text",
    ["", "/db/schema/repo", "/db/../../etc/passwd:x", "/db/s/r/Name:1", "/db/s/r/name:", "/db/s/r/n:../x",
     "/db/s/r/n@sha256:12", "/db/s/r/n:a b", "/db/s/r//n:1"],
)  # fmt: skip
def test_split__no_registry_would_accept_it__is_none(text: str) -> None:
    assert split(text) is None

"""The box's image in its repository: the newest of a name where no tag is given, and its digest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sfml import sql
from sfml.errors import NotFoundError, RefusedError
from sfml.session.rows import Query
from sfml.sql import Name

_CONTENT_TAG = re.compile(r"c[0-9a-f]{16,}\Z")
"""What `sfml image push` names an image's content by (sfml/images/plan.py); its other tags move."""


class Look(Enum):
    """What a look into the repository found."""

    FOUND = "found"
    MISSING = "missing"
    UNSEEN = "unseen"  # no such repository yet, or none that this role may look into


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image: ``path`` is what a specification says, ``digest`` of what the repository holds."""

    path: str
    look: Look
    repository: Name | None = None
    digest: str = ""

    @property
    def name(self) -> str:
        """Its name, without repository, tag and digest."""
        return _named(self.path)[0]

    @property
    def absence(self) -> str:
        """For the user, where it is missing."""
        return f"image {self.path.rpartition('/')[2]} is not in {self.repository} yet"

    @property
    def remedy(self) -> str:
        """What brings it there."""
        return f"sfml image push {self.name} --repository {self.repository} builds it and brings it there"


def find(path: str, query: Query) -> Image:
    """What the repository has under a path; one without a tag is the newest that was pushed."""
    repository = _repository(path)
    rows = _rows(repository, query)
    name, tag = _named(path)
    if rows is None:
        return Image(path=path, look=Look.UNSEEN, repository=repository)
    found = _pick([row for row in rows if str(row["image_name"]) == name], tag)
    if found is None:
        return Image(path=path, look=Look.MISSING, repository=repository)
    tag, digest = found
    given = path if _named(path)[1] else f"{path}:{tag}"
    return Image(path=given, look=Look.FOUND, repository=repository, digest=digest)


def _repository(path: str) -> Name | None:
    """The repository of ``/db/schema/repository/name``; names in a path have no case."""
    parts = path.split("/")
    is_path = path.startswith("/") and len(parts) > 4
    return Name(tuple(part.upper() for part in parts[1:4])) if is_path else None


def _named(path: str) -> tuple[str, str]:
    """Name and tag, or the digest in the tag's place."""
    last = "/".join(path.split("/")[4:]) if path.startswith("/") else path.rpartition("/")[2]
    name, at, digest = last.partition("@")
    name, _, tag = name.partition(":")
    return name, digest if at else tag


def _rows(repository: Name | None, query: Query) -> Sequence[Mapping[str, Any]] | None:
    if repository is None:
        return None
    try:
        return query(sql.show_images(repository))
    except (NotFoundError, RefusedError):
        return None


def _pick(rows: Sequence[Mapping[str, Any]], wanted: str) -> tuple[str, str] | None:
    """Tag and digest: of the tag or digest that is wanted, else of the newest, by the tag that stays."""
    tags = [
        (str(tag).strip(), str(row["digest"]))
        for row in sorted(rows, key=lambda row: row["created_on"], reverse=True)
        for tag in str(row["tags"] or "latest").strip("[]").split(",")
    ]
    if wanted:
        return next(((tag, digest) for tag, digest in tags if wanted in (tag, digest)), None)
    newest = [(tag, digest) for tag, digest in tags if digest == tags[0][1]]
    return next((one for one in newest if _CONTENT_TAG.match(one[0])), newest[0] if newest else None)

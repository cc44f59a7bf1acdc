"""The account's image repository: found or created, and what it holds, all by SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfml import sql
from sfml.errors import InputError, NotFoundError
from sfml.session.rows import Query
from sfml.sql import Kind, Name

DEFAULT = "IMAGES"
"""What `sfml account setup` creates."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """An image repository; ``url`` is ``host/database/schema/repository``."""

    name: Name
    url: str
    created: bool = False

    @property
    def host(self) -> str:
        return self.url.partition("/")[0]

    @property
    def path(self) -> str:
        """As specs name it, with the leading slash."""
        return f"/{self.url.partition('/')[2]}"


def resolve(text: str, *, database: str | None, schema: str | None) -> Name:
    """The full name of the repository that a user named, in the session's database and schema."""
    name = sql.name(text, parts=3)
    missing = 3 - len(name.parts)
    if not missing:
        return name
    outer = tuple(part for part in (database, schema)[:missing] if part)
    if len(outer) < missing:
        raise InputError(
            f"in which schema is the image repository {text}?",
            hint="--repository DATABASE.SCHEMA.NAME, or database and schema in sfml.yaml or the connection",
        )
    return Name((*outer, *name.parts))


def ensure(query: Query, name: Name, *, private_link: bool) -> Repository:
    """The repository, created where it is not there yet."""
    found = look(query, name, private_link=private_link)
    if found is not None:
        return Repository(name=name, url=found)
    query(sql.create_image_repository(name))
    return Repository(name=name, url=look(query, name, private_link=private_link) or "", created=True)


def look(query: Query, name: Name, *, private_link: bool) -> str | None:
    """Where the repository answers; None where there is none of this name."""
    # SHOW … LIKE takes _ as a wildcard: the names are compared again.
    try:
        rows = query(sql.show(Kind.IMAGE_REPOSITORY, like=name.last, inside=name.parent))
    except NotFoundError as error:
        raise NotFoundError(f"looking for image repository {name}: {error}", hint=error.hint) from error
    row = next((row for row in rows if row["name"] == name.last), None)
    return None if row is None else address(row, private_link=private_link)


def address(row: Mapping[str, Any], *, private_link: bool) -> str:
    """``host/path`` of a row of SHOW IMAGE REPOSITORIES, as registries take it.

    The host in lower case with '-' for '_', which names of accounts have and names of hosts must not.
    """
    column = "privatelink_repository_url" if private_link else "repository_url"
    url = str(row.get(column) or "")
    if not url:
        raise InputError(
            f"the account gives no {column}", hint="is private connectivity on for this account?"
        )
    host, _, path = url.partition("://")[2].partition("/") if "://" in url else url.partition("/")
    return f"{host.lower().replace('_', '-')}/{path.lower()}"


def digests(query: Query, repository: Name) -> Mapping[tuple[str, str], str]:
    """The digest of each image and tag that the repository holds."""
    rows = query(sql.show_images(repository))
    return {
        (str(row["image_name"]), tag.strip()): str(row["digest"])
        for row in rows
        for tag in str(row["tags"] or "").split(",")
    }


def grant(repository: Name, role: str) -> Sequence[str]:
    """The statements that let a role push."""
    database, schema = Name(repository.parts[:1]), repository.parent
    return [
        f"GRANT USAGE ON DATABASE {database} TO ROLE {sql.name(role, parts=1)};",
        f"GRANT USAGE ON SCHEMA {schema} TO ROLE {sql.name(role, parts=1)};",
        f"GRANT READ, WRITE ON IMAGE REPOSITORY {repository} TO ROLE {sql.name(role, parts=1)};",
    ]

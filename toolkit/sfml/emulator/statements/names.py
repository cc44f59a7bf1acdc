"""Names as a statement writes them: identifiers resolved, missing parts filled in from the session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sfml.emulator.catalog import Name
from sfml.emulator.context import Context
from sfml.emulator.faults import no_database, no_schema

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaName:
    """``[database.]schema``, identifiers resolved (unquoted ones upper-cased)."""

    name: str
    database: str | None = None

    def resolve(self, context: Context) -> Name:
        """The full name; 090105 when neither the statement nor the session says the database."""
        database = self.database or context.database
        if not database:
            raise no_database()
        return Name(name=self.name, database=database)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectName:
    """``[[database.]schema.]name``, identifiers resolved (unquoted ones upper-cased)."""

    name: str
    schema: str | None = None
    database: str | None = None

    def resolve(self, context: Context) -> Name:
        """The full name; 090105 or 090106 when neither the statement nor the session completes it."""
        database = self.database or context.database
        if not database:
            raise no_database()
        schema = self.schema or context.schema
        if not schema:
            raise no_schema()
        return Name(name=self.name, schema=schema, database=database)

    def __str__(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class StagePath:
    """``@[[db.]schema.]stage[/path]``; ``path`` has no leading slash and keeps a trailing one.

    ``area`` is ``~`` for a user stage and ``%`` for a table stage, else empty.
    """

    stage: ObjectName
    path: str = ""
    area: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowFilter:
    """The tail of a SHOW statement; ``scope_kind`` is ACCOUNT, DATABASE, SCHEMA … or None (no IN)."""

    like: str | None = None
    starts_with: str | None = None
    limit: int | None = None
    from_: str | None = None
    scope_kind: str | None = None
    scope_name: tuple[str, ...] = ()

    def area(self, context: Context) -> tuple[str | None, str | None]:
        """Database and schema to look in, None for all: without IN the current database, else the account.

        Whether the two exist is the caller's question.
        """
        if self.scope_kind in (None, "DATABASE"):
            return (self.scope_name[0] if self.scope_name else context.database), None
        if self.scope_kind != "SCHEMA":
            return None, None
        schema = self.scope_name[-1] if self.scope_name else context.schema
        database = self.scope_name[-2] if len(self.scope_name) > 1 else context.database
        if not database:
            raise no_database()
        if not schema:
            raise no_schema()
        return database, schema

    def pick(self, items: Iterable[T], name_of: Callable[[T], str]) -> list[T]:
        """What LIKE (case-insensitive), STARTS WITH, FROM (case-sensitive) and LIMIT leave, by name."""
        found = sorted((item for item in items if self.matches(name_of(item))), key=name_of)
        return found if self.limit is None else found[: self.limit]

    def matches(self, name: str) -> bool:
        if self.like is not None and not like(self.like, name):
            return False
        if self.starts_with is not None and not name.startswith(self.starts_with):
            return False
        return self.from_ is None or name > self.from_


def like(pattern: str, text: str) -> bool:
    """SQL's LIKE without regard to case: ``%``, ``_``, and a backslash before either takes it literally."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild: Mapping[str, str] = {"%": ".*", "_": "."}
    expression = "".join(wild.get(part, re.escape(part.removeprefix("\\") or "\\")) for part in parts)
    return re.fullmatch(expression, text, re.DOTALL | re.IGNORECASE) is not None

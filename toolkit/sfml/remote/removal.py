"""What `sfml down` removes: of what `sfml up` makes, that which carries our mark, the last one first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sfml import sql
from sfml.errors import NotFoundError, RefusedError
from sfml.remote.box import Box
from sfml.sql import Kind, Name
from sfml.steps import Query, Rows

_KEPT_IN_USE = {"num_services": "services", "num_jobs": "jobs"}
# Kinds that may lie in a schema beside the box's own, and the names of what every schema holds anyway.
_CONTENTS = (
    Kind.STAGE,
    Kind.IMAGE_REPOSITORY,
    Kind.SERVICE,
    Kind.NETWORK_RULE,
    Kind.SECRET,
    Kind.TABLE,
    Kind.VIEW,
)
_OWN_SCHEMAS = ("INFORMATION_SCHEMA", "PUBLIC")


@dataclass(frozen=True, kw_only=True)
class Removal:
    """One object: what removes it, or why it stays."""

    title: str
    is_service: bool = False
    statement: str | None
    reason: str = ""

    @property
    def text(self) -> str:
        """The line in a plan."""
        return f"{'-' if self.statement else '='} {self.title}" + (f"   {self.reason}" if self.reason else "")


def survey(box: Box, query: Query, *, data: bool) -> tuple[Removal, ...]:
    """Look at all that a box is made of; ``data``: also stage and database, unless others use them."""
    setup = box.setup
    snapshot = "of which a snapshot is kept for 7 days"
    found = [
        _object(box, query, Kind.SERVICE, box.service, f"with its home, {snapshot}"),
        _object(box, query, Kind.INTEGRATION, box.integration),
        _object(box, query, Kind.NETWORK_RULE, box.rule),
        _object(box, query, Kind.COMPUTE_POOL, setup.pool),
    ]
    if data:
        found += [
            _object(box, query, Kind.STAGE, setup.stage, "with its files"),
            _container(box, query, Kind.DATABASE, setup.database),
        ]
    return tuple(removal for removal in found if removal)


def _object(box: Box, query: Query, kind: Kind, name: Name, words: str = "") -> Removal | None:
    row = next((row for row in _look(query, kind, name) if row.get("name") == name.last), None)
    if row is None:
        return None
    title = f"{kind.lower()} {name}"
    if not box.is_ours(row):
        return Removal(title=title, statement=None, reason="stays: not made by sfml up for you")
    used = [
        f"{row[key]} {what}" for key, what in _KEPT_IN_USE.items() if _others(box, query, key, row.get(key))
    ]
    if used:
        return Removal(title=title, statement=None, reason=f"stays: it runs {', '.join(used)}")
    statement = sql.drop_service(name, force=True) if kind is Kind.SERVICE else sql.drop(kind, name)
    return Removal(title=title, statement=statement, reason=words, is_service=kind is Kind.SERVICE)


def _others(box: Box, query: Query, key: str, count: object) -> bool:
    """Whether a pool runs more than the box itself."""
    own = 1 if key == "num_services" and _look(query, Kind.SERVICE, box.service) else 0
    return int(str(count or 0)) > own


def _container(box: Box, query: Query, kind: Kind, name: Name) -> Removal | None:
    removal = _object(box, query, kind, name)
    if removal is None or removal.statement is None:
        return removal
    foreign = [*_foreign_schemas(box, query, name), *_foreign_contents(box, query)]
    if foreign:
        return Removal(
            title=removal.title, statement=None, reason=f"stays: it holds {', '.join(foreign[:5])}"
        )
    return removal


def _foreign_schemas(box: Box, query: Query, database: Name) -> list[str]:
    rows = _rows(query, sql.show(Kind.SCHEMA, inside=database))
    own = (*_OWN_SCHEMAS, box.setup.schema.last)
    return [f"schema {row['name']}" for row in rows if row.get("name") not in own]


def _foreign_contents(box: Box, query: Query) -> list[str]:
    found = []
    for kind in _CONTENTS:
        rows = _rows(query, sql.show(kind, inside=box.setup.database))
        found += [
            f"{kind.lower()} {row['name']}"
            for row in rows
            if not box.is_ours(row) and row.get("schema_name") != "INFORMATION_SCHEMA"
        ]
    return found


def _look(query: Query, kind: Kind, name: Name) -> Rows:
    inside = Name(name.parts[:-1]) if len(name.parts) > 1 else None
    return _rows(query, sql.show(kind, like=name.last, inside=inside))


def _rows(query: Query, statement: str) -> Rows:
    try:
        return query(statement)
    except (NotFoundError, RefusedError):
        return ()


def carry_out(removals: Sequence[Removal], query: Query) -> None:
    """Remove what is to be removed, in order; RefusedError's hint has the SQL for what could not be."""
    todo = [removal.statement for removal in removals if removal.statement]
    for done, statement in enumerate(todo):
        try:
            query(statement)
        except RefusedError as error:
            left = "\n".join(f"{one};" for one in todo[done:])
            raise RefusedError(
                str(error), hint=f"an administrator can remove what is left:\n{left}"
            ) from error

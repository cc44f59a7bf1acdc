"""What `sfml down` removes: of what `sfml up` makes, that which carries our mark, the last one first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sfml import sql
from sfml.errors import NotFoundError, RefusedError
from sfml.remote.box import Box
from sfml.remote.homes import Snapshot
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
    """One object: what removes it, or why it stays; ``look`` shows whether it is there, by its ``name``."""

    title: str
    look: str
    name: str
    by_owner: bool = False
    statement: str | None
    reason: str = ""

    @property
    def text(self) -> str:
        """The line in a plan."""
        return f"{'-' if self.statement else '='} {self.title}" + (f"   {self.reason}" if self.reason else "")


def survey(
    box: Box, query: Query, *, data: bool = False, home: bool = False, homes: Sequence[Snapshot] = ()
) -> tuple[Removal, ...]:
    """Look at all that a box is made of.

    ``home``: delete the home for good, with its snapshots ``homes``; ``data``: also stage, repository,
    database and role, unless others use them.
    """
    setup = box.setup
    fate = "with its home, for good" if home else "its home is kept as a snapshot for 7 days"
    service = _object(box, query, Kind.SERVICE, box.service, fate)
    around = [
        _object(box, query, Kind.INTEGRATION, box.integration),
        _object(box, query, Kind.NETWORK_RULE, box.rule),
        *_each(box, query, Kind.COMPUTE_POOL, setup.pool),
    ]
    keeps_home = bool(homes or (service and service.statement)) and not home
    found = [
        service,
        *(_home(one, home=home) for one in homes),
        *around,
        *_data(box, query, data=data, keeps_home=keeps_home),
    ]
    return tuple(removal for removal in found if removal)


def _home(snapshot: Snapshot, *, home: bool) -> Removal:
    """A home that is left from an earlier box. What removes it is found when the service is gone."""
    kept = Removal(
        title=snapshot.text,
        look=_show(Kind.SNAPSHOT, snapshot.name),
        name=snapshot.name.last,
        by_owner=True,
        statement=None,
        reason="stays: --delete-home drops it",
    )
    return replace(kept, statement=sql.drop(Kind.SNAPSHOT, snapshot.name), reason="") if home else kept


def _data(box: Box, query: Query, *, data: bool, keeps_home: bool) -> Iterator[Removal | None]:
    setup = box.setup
    found = [
        *_each(box, query, Kind.STAGE, setup.stage, "with its files"),
        _object(box, query, Kind.IMAGE_REPOSITORY, setup.repository, "with its images")
        if setup.repository
        else None,
        _database(box, query, keeps_home=keeps_home),
        _role(box, query),
    ]
    for one in found:
        if one and one.statement and not data:
            yield replace(one, statement=None, reason="stays: --data removes it")
        else:
            yield one


def _role(box: Box, query: Query) -> Removal | None:
    """The role for boxes, where nobody else has it and it owns nothing that stays."""
    removal = _object(box, query, Kind.ROLE, box.setup.role)
    if removal is None or removal.statement is None:
        return removal
    holders = [row.get("grantee_name") for row in _rows(query, sql.show_grants_of_role(box.setup.role))]
    others = [str(name) for name in holders if name not in (None, box.user)]
    if others:
        return replace(removal, statement=None, reason=f"stays: {', '.join(others)} has it, too")
    owned = _owned_elsewhere(box, query)
    if owned:
        return replace(removal, statement=None, reason=f"stays: it owns {', '.join(owned[:5])}")
    return removal


def _owned_elsewhere(box: Box, query: Query) -> list[str]:
    """What the role for boxes owns that is no part of this one: another project's box, above all."""
    inside = f"{box.setup.database.last}."
    own = (box.setup.database.last, box.setup.pool.last, box.integration.last)
    return [
        str(row.get("name"))
        for row in _rows(query, sql.show_grants_to_role(box.setup.role))
        if row.get("privilege") == "OWNERSHIP"
        and row.get("name") not in own
        and not str(row.get("name")).replace('"', "").startswith(inside)
    ]


def _each(box: Box, query: Query, kind: Kind, name: Name, words: str = "") -> Iterator[Removal]:
    """The object of this name, and those of earlier runs under other names that carry our mark."""
    inside = name.parts[:-1]
    rows = _rows(query, sql.show(kind, inside=Name(inside) if inside else None))
    for row in rows:
        if row.get("name") == name.last or box.is_ours(row):
            yield _removal(box, query, kind, Name((*inside, str(row["name"]))), row, words)


def _object(box: Box, query: Query, kind: Kind, name: Name, words: str = "") -> Removal | None:
    row = next((row for row in _look(query, kind, name) if row.get("name") == name.last), None)
    return None if row is None else _removal(box, query, kind, name, row, words)


def _removal(box: Box, query: Query, kind: Kind, name: Name, row: Mapping[str, Any], words: str) -> Removal:
    found = Removal(
        title=f"{kind.lower()} {name}",
        look=_show(kind, name),
        name=name.last,
        statement=None,
        by_owner=kind is Kind.SERVICE,
    )
    if not box.is_ours(row):
        return replace(found, reason="stays: not made by sfml up for you")
    used = [f"{row[key]} {what}" for key, what in _KEPT_IN_USE.items() if _others(box, query, key, row)]
    if used:
        return replace(found, reason=f"stays: it runs {', '.join(used)}")
    statement = sql.drop_service(name, force=True) if kind is Kind.SERVICE else sql.drop(kind, name)
    return replace(found, statement=statement, reason=words)


def _others(box: Box, query: Query, key: str, row: Mapping[str, Any]) -> bool:
    """Whether a pool runs more than the box itself."""
    services = _look(query, Kind.SERVICE, box.service) if key == "num_services" else ()
    own = [
        one
        for one in services
        if one.get("name") == box.service.last and one.get("compute_pool") == row.get("name")
    ]
    return int(str(row.get(key) or 0)) > len(own)


def _database(box: Box, query: Query, *, keeps_home: bool) -> Removal | None:
    name = box.setup.database
    removal = _object(box, query, Kind.DATABASE, name)
    if removal is None or removal.statement is None:
        return removal
    foreign = [*_foreign_schemas(box, query, name), *_foreign_contents(box, query)]
    if keeps_home:
        foreign.append("the snapshot of the home (--delete-home drops it)")
    if foreign:
        return replace(removal, statement=None, reason=f"stays: it holds {', '.join(foreign[:5])}")
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
    return _rows(query, _show(kind, name))


def _show(kind: Kind, name: Name) -> str:
    return sql.show(kind, like=name.last, inside=Name(name.parts[:-1]) if len(name.parts) > 1 else None)


def _rows(query: Query, statement: str) -> Rows:
    try:
        return query(statement)
    except (NotFoundError, RefusedError):
        return ()


def carry_out(removals: Sequence[Removal], query: Query) -> None:
    """Remove what is to be removed, in order; RefusedError's hint has the SQL for what could not be."""
    todo = [removal for removal in removals if removal.statement]
    for done, removal in enumerate(todo):
        try:
            query(str(removal.statement))
        except (RefusedError, NotFoundError) as error:
            if isinstance(error, NotFoundError) and not _is_there(removal, query):
                continue  # another run was faster
            left = "\n".join(f"{one.statement};" for one in todo[done:])
            raise RefusedError(
                str(error), hint=f"an administrator can remove what is left:\n{left}"
            ) from error


def _is_there(removal: Removal, query: Query) -> bool:
    return any(row.get("name") == removal.name for row in _rows(query, removal.look))

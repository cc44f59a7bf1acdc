"""Temporary tables and views: they end with their session.

DuckDB keeps them in a schema of their own. One that is created without a qualified name lies there, unseen by
other sessions, and a qualified name finds it too. One that is created under a qualified name is an
ordinary table that is dropped at the end, also when the server was killed before.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import duckdb
from sqlglot import Expr, exp

from sfml.emulator.engine.statement import Place

_REGISTRY = "_fs_global.main._sfml_temporary"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    database: str
    schema: str
    name: str
    kind: str = "TABLE"

    def __str__(self) -> str:
        return ".".join(
            '"' + part.replace('"', '""') + '"' for part in (self.database, self.schema, self.name)
        )


class Temporaries:
    """What one session created as temporary."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self._duck = duck
        self._hidden: set[_Place] = set()
        self._owned: set[_Place] = set()

    def adapt(self, expression: Expr, place: Place) -> Expr:
        """The statement, its identifiers resolved, with temporary objects where DuckDB keeps them."""
        created = _created(expression)
        if created is not None and created.db:
            expression.args["properties"].set("expressions", _others(expression))
            self._own(_place(created, place, expression.args["kind"]))
        elif created is not None:
            self._hidden.add(_place(created, place, "TABLE"))
        for table in expression.find_all(exp.Table):
            if table.db and _place(table, place, "TABLE") in self._hidden:
                table.set("db", None)
                table.set("catalog", None)
        return expression

    def drop(self) -> None:
        """Drop what DuckDB would keep."""
        for owned in self._owned:
            _drop(self._duck, owned)

    def _own(self, owned: _Place) -> None:
        if owned not in self._owned:
            self._owned.add(owned)
            values = [owned.database, owned.schema, owned.name, owned.kind]
            self._duck.execute(f"INSERT INTO {_REGISTRY} VALUES (?, ?, ?, ?)", values)


def drop_left_over(duck: duckdb.DuckDBPyConnection) -> None:
    """At the start: drop what the sessions of a killed server left."""
    duck.execute(f"CREATE TABLE IF NOT EXISTS {_REGISTRY} (database TEXT, schema TEXT, name TEXT, kind TEXT)")
    for database, schema, name, kind in duck.execute(f"FROM {_REGISTRY}").fetchall():
        _drop(duck, _Place(database=database, schema=schema, name=name, kind=kind))


def _drop(duck: duckdb.DuckDBPyConnection, owned: _Place) -> None:
    # Its database may be gone, or go at this moment: another session drops it.
    with contextlib.suppress(duckdb.BinderException):
        duck.execute(f"DROP {owned.kind} IF EXISTS {owned}")
    duck.execute(
        f"DELETE FROM {_REGISTRY} WHERE database = ? AND schema = ? AND name = ?",
        [owned.database, owned.schema, owned.name],
    )


def _created(expression: Expr) -> exp.Table | None:
    """The temporary table or view that the statement creates, if it does."""
    if not isinstance(expression, exp.Create) or expression.args.get("kind") not in ("TABLE", "VIEW"):
        return None
    properties = expression.args.get("properties")
    if properties is None or not properties.find(exp.TemporaryProperty):
        return None
    target = expression.this
    found = target.this if isinstance(target, exp.Schema) else target
    return found if isinstance(found, exp.Table) else None


def _others(expression: Expr) -> list[Expr]:
    properties = expression.args["properties"].expressions
    return [item for item in properties if not isinstance(item, exp.TemporaryProperty)]


def _place(table: exp.Table, place: Place, kind: str) -> _Place:
    database, schema = table.catalog or place.database or "", table.db or place.schema or ""
    return _Place(database=database, schema=schema, name=table.name, kind=kind)

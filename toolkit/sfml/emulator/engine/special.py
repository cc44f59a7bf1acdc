"""Statements that fakesnow translates to something else: they are run here, in steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from sqlglot import Expr, exp

from sfml.emulator.faults import missing

_REPLACEMENT = "_sfml_overwrite"


def overwritten(
    duck: duckdb.DuckDBPyConnection, expression: exp.Insert, source: Expr, values: Sequence[Any]
) -> exp.Insert:
    """INSERT OVERWRITE with its rows computed first: they may come from the table that is emptied.

    ``source`` is the query, translated. To be called within a transaction.
    """
    create = f"CREATE OR REPLACE TEMP TABLE {_REPLACEMENT} AS {source.sql(dialect='duckdb')}"
    duck.execute(create, list(values) or None)
    rows = exp.Table(
        this=exp.to_identifier(_REPLACEMENT, quoted=True),
        db=exp.to_identifier("main", quoted=True),
        catalog=exp.to_identifier("temp", quoted=True),
    )
    changed = expression.copy()
    changed.set("expression", exp.Select(expressions=[exp.Star()]).from_(rows))
    return changed


CHECKED = (exp.Drop, exp.TruncateTable, exp.Show)
"""Statements that ``check`` has to see first."""


def check(duck: duckdb.DuckDBPyConnection, expression: Expr) -> str | None:
    """The status of DROP or TRUNCATE … IF EXISTS without such a table; None when there is something to run.

    002003 for SHOW COLUMNS IN TABLE of a table that is not there.
    """
    if isinstance(expression, exp.Show):
        _require_shown(duck, expression)
        return None
    table = expression.find(exp.Table) if expression.args.get("exists") else None
    if table is None or expression.args.get("kind", "TABLE") not in ("TABLE", "VIEW") or _exists(duck, table):
        return None
    if isinstance(expression, exp.TruncateTable):
        return "Statement executed successfully."
    return f"Drop statement executed successfully ({table.name} already dropped)."


def _require_shown(duck: duckdb.DuckDBPyConnection, expression: exp.Show) -> None:
    table = expression.args.get("scope")
    if expression.args.get("scope_kind") not in ("TABLE", "VIEW") or not isinstance(table, exp.Table):
        return
    if not _exists(duck, table):
        raise missing("Table", table.sql(dialect="snowflake"))


def _exists(duck: duckdb.DuckDBPyConnection, table: exp.Table) -> bool:
    plain = exp.Table(this=table.this, db=table.args.get("db"), catalog=table.args.get("catalog"))
    try:
        duck.execute(f"DESCRIBE {plain.sql(dialect='duckdb', identify=True)}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True

"""The engine's results as those of a Snowflake statement of its kind."""

from __future__ import annotations

from collections.abc import Sequence

from fakesnow.cursor import FakeSnowflakeCursor

from sfml.emulator.engine import columns
from sfml.emulator.engine.connection import Fetched
from sfml.emulator.engine.statement import DML, Statement
from sfml.emulator.results import Column, Rows, StatementType, Type, status

_OK = "Statement executed successfully."


def rows(cursor: FakeSnowflakeCursor, statement: Statement) -> Rows:
    fetched: Fetched = cursor._arrow_table  # type: ignore[assignment]
    if statement.type is StatementType.DDL:
        return status(_status_text(fetched))
    found = [columns.column(name, kind) for name, kind in zip(fetched.names, fetched.types, strict=True)]
    cells = columns.rows(found, fetched.rows)
    if statement.verb == "DESCRIBE":
        cells = columns.described(cells)
    if statement.verb == "SELECT":
        found = list(columns.named(found, statement.headings))
    return Rows(
        columns=tuple(found),
        rows=cells,
        statement=statement.type,
        affected=_affected(statement, fetched),
    )


def _status_text(fetched: Fetched) -> str:
    said = fetched.names == ("status",) and fetched.rows
    return str(fetched.rows[0][0]) if said else _OK


def _affected(statement: Statement, fetched: Fetched) -> int | None:
    if statement.verb not in DML or statement.verb == "COPY" or not fetched.rows:
        return None
    counts = fetched.rows[0] if statement.verb == "MERGE" else fetched.rows[0][:1]
    return sum(int(count) for count in counts)


def described(statement: Statement) -> tuple[Column, ...]:
    names = {
        "INSERT": ("number of rows inserted",),
        "UPDATE": ("number of rows updated", "number of multi-joined rows updated"),
        "DELETE": ("number of rows deleted",),
        "MERGE": ("number of rows inserted", "number of rows updated"),
    }.get(statement.verb)
    if names is None:
        return (Column(name="status"),)
    return tuple(Column(name=name, type=Type.FIXED) for name in names)


def total(answers: Sequence[Rows]) -> Rows:
    """The counts of all rows of an array bind as one answer; of anything else, the last answer."""
    last = answers[-1]
    if last.affected is None:
        return last
    sums = tuple(sum(int(str(answer.rows[0][i])) for answer in answers) for i in range(len(last.columns)))
    affected = sum(answer.affected or 0 for answer in answers)
    return Rows(columns=last.columns, rows=[sums], statement=last.statement, affected=affected)

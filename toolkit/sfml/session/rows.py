"""Statements one by one, for plans that look before they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sfml.config import Config
from sfml.session import begin
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

Query = Callable[[str], Sequence[dict[str, Any]]]


def query(config: Config) -> Query:
    """A function that runs one statement and gives its rows; logs in now."""
    return over(begin(config).connection())


def over(connection: SnowflakeConnection) -> Query:
    """A function that runs one statement on an open connection.

    Rows are by column name as the server spells it. Raises SfmlErrors, such as NotFoundError, RefusedError.
    """
    from snowflake.connector import DictCursor

    def run(statement: str) -> Sequence[dict[str, Any]]:
        with translated(), connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(statement).fetchall()]  # type: ignore[union-attr]

    return run

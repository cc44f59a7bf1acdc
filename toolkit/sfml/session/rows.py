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


def rows_of(connection: SnowflakeConnection, statement: str) -> Sequence[dict[str, Any]]:
    """The rows of a statement, each as a dict by column; the connector's own errors pass."""
    from snowflake.connector import DictCursor

    cursor = connection.cursor(DictCursor)
    cursor.execute(statement)
    return list(cursor.fetchall())


def over(connection: SnowflakeConnection) -> Query:
    """A function that runs one statement on an open connection.

    Rows are by column name as the server spells it. Raises SfmlErrors, such as NotFoundError, RefusedError.
    """
    from snowflake.connector import DictCursor

    def run(statement: str) -> Sequence[dict[str, Any]]:
        with translated(), connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(statement).fetchall()]  # type: ignore[union-attr]

    return run


def flag(value: object) -> bool:
    """A yes or no of SHOW: a boolean, or text such as ``true`` or ``Y``."""
    return value if isinstance(value, bool) else str(value).lower() in ("true", "y", "yes")

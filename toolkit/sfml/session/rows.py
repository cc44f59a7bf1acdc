"""Statements one by one, for plans that look before they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sfml.config import Config
from sfml.session import begin
from sfml.session.faults import translated


def query(config: Config) -> Callable[[str], Sequence[dict[str, Any]]]:
    """A function that runs one statement and gives its rows, by column name as the server spells it.

    Logs in now. The function raises SfmlErrors: NotFoundError and RefusedError above all.
    """
    from snowflake.connector import DictCursor

    connection = begin(config).connection()

    def run(statement: str) -> Sequence[dict[str, Any]]:
        with translated(), connection.cursor(DictCursor) as cursor:
            return [dict(row) for row in cursor.execute(statement).fetchall()]  # type: ignore[union-attr]

    return run

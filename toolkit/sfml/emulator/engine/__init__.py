"""The SQL engine: fakesnow's translation of Snowflake SQL onto DuckDB, behind one narrow door.

Importing this costs nothing; the engine (150 MB, a second or two) is loaded by the first statement that needs
it. One DuckDB file per database lies in ``directory``, named by the database's catalog id, so a new database
of an old name is empty. The catalog says which databases and schemas there are; the files follow it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sfml.emulator.catalog import Catalog, Kind, Name, Record
from sfml.emulator.engine.statement import Place, Relation, StagedFile, StagedTable, Statement
from sfml.emulator.results import Rows

if TYPE_CHECKING:
    from sfml.emulator.engine.loaded import Loaded

__all__ = ["Engine", "Place", "Relation", "StagedFile", "StagedTable", "Statement"]


class Engine:
    """Runs statements; safe to share between threads, one statement at a time for each session."""

    def __init__(self, directory: Path, catalog: Catalog) -> None:
        self._directory = directory
        self._catalog = catalog
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None

    def run(self, session: int, statement: Statement) -> Rows:
        """The result of one statement; :class:`Fault` with Snowflake's number when it fails."""
        return self._load().run(session, statement)

    def begin(self, session: int) -> None:
        """Open a transaction; inside one it changes nothing."""
        self._load().begin(session)

    def commit(self, session: int) -> None:
        """End the session's transaction, if there is one; a fault when it failed and was rolled back."""
        if self._loaded is not None:
            self._loaded.commit(session)

    def rollback(self, session: int) -> None:
        """Undo the session's transaction, if there is one."""
        if self._loaded is not None:
            self._loaded.rollback(session)

    def forget(self, session: int) -> None:
        """The session is closed: its transaction is undone, its temporary tables go."""
        if self._loaded is not None:
            self._loaded.forget(session)

    def drop_database(self, database: Record) -> None:
        """Remove a database's tables."""
        if self._loaded is not None:
            self._loaded.detach(database.name.name)
        for file in self._directory.glob(f"{database.id}.duckdb*"):
            file.unlink(missing_ok=True)  # the last reader to let go removes the log beside the file

    def drop_schema(self, database: str, schema: str) -> None:
        """Remove a schema's tables."""
        if self._has_content(database):
            self._load().drop_schema(database, schema)

    def drop_file_format(self, name: Name) -> bool:
        """Whether there was one of that name."""
        return self._load().drop_file_format(name)

    def relations(self, database: str | None, schema: str | None) -> list[Relation]:
        """Tables and views of a schema, a database or (None) all."""
        if database is not None and not self._has_content(database):
            return []
        return self._load().relations(database, schema)

    def file_columns(self, files: Sequence[StagedFile]) -> list[tuple[str, str]]:
        """Names and Snowflake types of the columns of parquet files."""
        return self._load().file_columns(files)

    def close(self) -> None:
        """Write everything to the files and let go of them."""
        with self._lock:
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.close()

    def _has_content(self, database: str) -> bool:
        record = self._catalog.get(Kind.DATABASE, Name(name=database))
        return record is not None and (self._directory / f"{record.id}.duckdb").exists()

    def _load(self) -> Loaded:
        with self._lock:
            if self._loaded is None:
                from sfml.emulator.engine.loaded import Loaded

                self._loaded = Loaded(self._directory, self._catalog)
            return self._loaded

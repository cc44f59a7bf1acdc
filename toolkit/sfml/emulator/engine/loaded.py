"""The engine once it is loaded: DuckDB with a file for each database, and a connection for each session."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from fakesnow import info_schema, macros
from fakesnow.transforms import show

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.engine import copying
from sfml.emulator.engine.faults import fault
from sfml.emulator.engine.session import Session
from sfml.emulator.engine.statement import READS, Relation, StagedFile, Statement
from sfml.emulator.engine.temporary import drop_left_over
from sfml.emulator.results import Rows

_GLOBAL = "_fs_global"
"""Where fakesnow keeps what spans databases; instance.py of fakesnow, ``GLOBAL_DATABASE_NAME``."""
_THREADS = 2
_MARK = "__sfml_catalog__"


# INFORMATION_SCHEMA.PACKAGES, which fakesnow has not: Anaconda's packages for UDFs; none here.
_PACKAGES = f"""
    CREATE VIEW IF NOT EXISTS {_MARK}._fs_information_schema.packages AS SELECT
        NULL::VARCHAR AS PACKAGE_NAME, NULL::VARCHAR AS VERSION, NULL::VARCHAR AS LANGUAGE,
        NULL::VARCHAR AS RUNTIME_VERSION WHERE FALSE
"""
# Comments are where fakesnow keeps them: info_schema.py, ``_fs_tables_ext``.
_RELATIONS = f"""
    SELECT r.*, e.comment FROM (
        SELECT database_name, schema_name, table_name AS name, NULL AS text FROM duckdb_tables()
        UNION ALL SELECT database_name, schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal
    ) r LEFT JOIN {_GLOBAL}._fs_information_schema._fs_tables_ext e
        ON (e.ext_table_catalog, e.ext_table_schema, e.ext_table_name) = (database_name, schema_name, name)
    WHERE database_name NOT IN ('{_GLOBAL}', 'memory', 'system', 'temp')
        AND schema_name != '_fs_information_schema'
        AND ($database IS NULL OR database_name = $database) AND ($schema IS NULL OR schema_name = $schema)
    ORDER BY 1, 2, 3
"""


class Loaded:
    """See :class:`sfml.emulator.engine.Engine`, whose calls end here."""

    def __init__(self, directory: Path, catalog: Catalog) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        # sqlglot warns of every statement that it hands on as it is; those are refused here.
        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        self._directory = directory
        self._catalog = catalog
        self._sessions: dict[int, Session] = {}
        self._databases: dict[str, int] = {}
        self._schemas: set[tuple[str, str]] = set()
        # One writer at a time: DuckDB would refuse the second of two writers on the same rows.
        # Who holds it never waits for a session's lock.
        self._writing = threading.RLock()
        self._guard = threading.Lock()
        # As fakesnow's instance.py sets it up, with a file instead of memory for what spans databases.
        self._duck = duckdb.connect(
            ":memory:", config={"lambda_syntax": "ENABLE_SINGLE_ARROW", "threads": _THREADS}
        )
        try:
            self._set_up()
        except BaseException:
            self._duck.close()  # the next one must find no file open
            raise

    def _set_up(self) -> None:
        made = (info_schema.fs_global_creation_sql(), show.fs_global_creation_sql())
        self._open(self._directory / "global.duckdb", _GLOBAL, *made)
        self._follow_catalog()
        drop_left_over(self._duck)

    def _open(self, file: Path, name: str, *made: str) -> None:
        """Attach a database's file and run ``made`` in it; a new one that fails is not left behind."""
        new = not file.exists()
        attached = False
        try:
            self._duck.execute(f"ATTACH {_literal(str(file))} AS {name}")
            attached = True
            for sql in made:
                self._duck.execute(sql)
        except duckdb.IOException as error:
            if attached:
                self._duck.execute(f"DETACH {name}")
            if new:
                file.unlink(missing_ok=True)
            raise fault(error, "") from error

    def run(self, session: int, statement: Statement) -> Rows:
        with self._session(session, statement.cancelled) as own:
            self._follow_catalog()
            if statement.verb in READS or own.in_transaction:
                return own.run(statement)
            with _held(self._writing, statement.cancelled):
                return own.run(statement)

    def begin(self, session: int) -> None:
        with self._session(session, Cancellation()) as own:
            own.begin()

    def commit(self, session: int) -> None:
        with self._session(session, Cancellation()) as own:
            own.commit()

    def rollback(self, session: int) -> None:
        with self._session(session, Cancellation()) as own:
            own.rollback()

    def forget(self, session: int) -> None:
        with self._guard:
            own = self._sessions.pop(session, None)
        if own is not None:
            with own.lock, self._writing:
                own.close()

    def detach(self, database: str) -> None:
        with self._writing:
            if self._databases.pop(database, None) is None:
                return
            self._schemas = {place for place in self._schemas if place[0] != database}
            self._duck.execute(f"DETACH {_identifier(database)}")

    def drop_schema(self, database: str, schema: str) -> None:
        with self._writing:
            self._follow_catalog()
            self._schemas.discard((database, schema))
            name = f"{_identifier(database)}.{_identifier(schema)}"
            self._duck.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")

    def drop_file_format(self, name: Name) -> bool:
        with self._writing, self._duck.cursor() as cursor:
            found = cursor.execute(
                f"DELETE FROM {_GLOBAL}._fs_information_schema._fs_file_formats"
                " WHERE database_name = ? AND schema_name = ? AND name = ? RETURNING 1",
                [name.database, name.schema, name.name],
            ).fetchall()
        return bool(found)

    def relations(self, database: str | None, schema: str | None) -> list[Relation]:
        self._follow_catalog()
        with self._duck.cursor() as cursor:
            found = cursor.execute(_RELATIONS, {"database": database, "schema": schema}).fetchall()
            return [
                Relation(
                    database=place, schema=within, name=name, comment=comment or "", text=text,
                    rows=None if text is not None else _count(cursor, place, within, name),
                )
                for place, within, name, text, comment in found
            ]  # fmt: skip

    def file_columns(self, files: Sequence[StagedFile]) -> list[tuple[str, str]]:
        with self._duck.cursor() as cursor:
            return copying.parquet_columns(cursor, files)

    def close(self) -> None:
        for session in list(self._sessions):
            self.forget(session)
        self._duck.close()

    @contextmanager
    def _session(self, session: int, cancelled: Cancellation) -> Iterator[Session]:
        with self._guard:
            own = self._sessions.get(session)
            if own is None:
                own = self._sessions[session] = Session(self._duck.cursor())
        with _held(own.lock, cancelled):
            yield own

    def _follow_catalog(self) -> None:
        """Attach and create what the catalog has and the engine does not."""
        if self._wanted() == (self._databases, self._schemas):
            return
        with self._writing:
            wanted, places = self._wanted()
            for name in self._databases.keys() - wanted.keys():
                self.detach(name)
            for name, number in wanted.items():
                if self._databases.get(name) != number:
                    self.detach(name)
                    self._attach(name, number)
            for database, schema in sorted(places - self._schemas):
                self._duck.execute(
                    f"CREATE SCHEMA IF NOT EXISTS {_identifier(database)}.{_identifier(schema)}"
                )
                self._schemas.add((database, schema))
            self._schemas &= places

    def _wanted(self) -> tuple[dict[str, int], set[tuple[str, str]]]:
        """The catalog's databases with their ids, and the schemas in them, at one moment."""
        with self._catalog.transaction():
            databases = {record.name.name: record.id for record in self._catalog.find(Kind.DATABASE)}
            schemas = {(r.name.database, r.name.name) for r in self._catalog.find(Kind.SCHEMA)}
        return databases, {place for place in schemas if place[0] in databases}

    def _attach(self, name: str, number: int) -> None:
        # fakesnow's own set-up takes the name both as an identifier and as a string.
        sql = f"{info_schema.per_db_creation_sql(_MARK)}; {macros.creation_sql(_MARK)}; {_PACKAGES}"
        made = sql.replace(f"'{_MARK}'", _literal(name)).replace(_MARK, _identifier(name))
        self._open(self._directory / f"{number}.duckdb", _identifier(name), made)
        self._databases[name] = number


def _count(cursor: duckdb.DuckDBPyConnection, *parts: str) -> int:
    name = ".".join(map(_identifier, parts))
    ((count,),) = cursor.execute(f"SELECT count(*) FROM {name}").fetchall()
    return int(count)


@contextmanager
def _held(lock: threading.RLock, cancelled: Cancellation) -> Iterator[None]:
    """The lock, unless the statement is cancelled while it waits."""
    while not lock.acquire(timeout=0.2):
        cancelled.check()
    try:
        yield
    finally:
        lock.release()


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

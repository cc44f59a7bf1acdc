"""One session's connection to the engine: where it stands, its transaction, and how it runs a statement."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import duckdb
from fakesnow import transforms
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import Expr, exp
from sqlglot import parse_one as parse_sql

from sfml.emulator.engine import answers, columns, rewrite, special, staged, tables
from sfml.emulator.engine.connection import Duck, NoCache
from sfml.emulator.engine.copying import Copy
from sfml.emulator.engine.faults import ERRORS, fault
from sfml.emulator.engine.statement import DML, READS, Place, Statement
from sfml.emulator.engine.temporary import Temporaries
from sfml.emulator.faults import Fault
from sfml.emulator.results import Rows, status

_NOWHERE = Place()


class Session:
    """Not safe to share: hold ``lock`` while calling."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.lock = threading.RLock()
        self.in_transaction = False
        self._aborted = False
        self._changes: list[Statement] = []
        self._duck = connection
        self._place = _NOWHERE
        self._own = Duck(connection)
        self._temporary = Temporaries(connection)
        self._snow = FakeSnowflakeConnection(
            cast(duckdb.DuckDBPyConnection, self._own),
            NoCache(),
            None,
            None,
            create_database=False,
            create_schema=False,
            paramstyle="qmark",
        )

    def run(self, statement: Statement) -> Rows:
        """The statement's result. One that fails changes nothing and leaves the session usable."""
        if self._aborted:
            raise aborted()
        self._prepare(statement)
        try:
            with statement.cancelled.calling(self._duck.interrupt):
                self._enter(statement.place)
                self._register(statement)
                answer = self._answer(statement)
                if self.in_transaction and statement.verb in DML:
                    self._changes.append(statement)
                return answer
        except (*ERRORS, Fault) as error:
            self._recover()
            raise error if isinstance(error, Fault) else fault(error, statement.text) from error
        finally:
            self._unregister(statement)

    # --- transactions

    def begin(self) -> None:
        if not self.in_transaction:
            self._duck.begin()
            self.in_transaction = True
            self._changes.clear()

    def commit(self) -> None:
        if self._aborted:
            self.in_transaction = self._aborted = False
            raise aborted()
        if self.in_transaction:
            self.in_transaction = False
            try:
                self._duck.commit()
            except duckdb.Error as error:
                raise fault(error, "COMMIT") from error

    def rollback(self) -> None:
        if self.in_transaction and not self._aborted:
            self._duck.rollback()
        self.in_transaction = self._aborted = False

    def close(self) -> None:
        self.rollback()
        self._temporary.drop()
        self._duck.close()

    def _prepare(self, statement: Statement) -> None:
        """DDL ends the transaction, DML without AUTOCOMMIT begins one (docs: "Transactions")."""
        if statement.describe_only:
            return
        if statement.verb in DML and not statement.place.autocommit:
            self.begin()
        elif statement.verb not in DML | READS:
            self.commit()

    def _recover(self) -> None:
        """Undo the failed statement alone: without savepoints, by running the transaction again."""
        if not self.in_transaction:
            return
        self._duck.rollback()
        self._duck.begin()
        try:
            for statement in self._changes:
                self._register(statement)
                self._answer(statement)
                self._unregister(statement)
        except (*ERRORS, Fault):
            self._duck.rollback()
            self._aborted = True

    # --- where names resolve

    def _enter(self, place: Place) -> None:
        if place == self._place:
            return
        schema = "_fs_information_schema" if place.schema == "INFORMATION_SCHEMA" else place.schema or "main"
        parts = (place.database, schema) if place.database else ("memory", "main")
        target = ".".join('"' + part.replace('"', '""') + '"' for part in parts)
        self._duck.execute("SET schema = '" + target.replace("'", "''") + "'")
        self._duck.execute("SET TimeZone = '" + place.zone.replace("'", "''") + "'")
        self._snow.database, self._snow.database_set = place.database, place.database is not None
        self._snow._schema = "_FS_INFORMATION_SCHEMA" if schema.startswith("_fs_") else place.schema
        self._snow.schema_set = place.schema is not None
        self._own.database = place.database
        self._place = place

    # --- running

    def _register(self, statement: Statement) -> None:
        for number, (name, answer) in enumerate(statement.tables.items()):
            table, selected = tables.from_rows(answer)
            self._duck.register(f"_sfml_raw_{number}", table)
            self._view(name, f"SELECT {', '.join(selected)} FROM temp.main._sfml_raw_{number}")
        for name, files in statement.staged.items():
            self._view(name, staged.select(self._duck, files, statement.place))

    def _view(self, name: str, select: str) -> None:
        self._duck.execute(f"CREATE OR REPLACE TEMP VIEW {name.rpartition('.')[2]} AS {select}")

    def _unregister(self, statement: Statement) -> None:
        for name in (*statement.tables, *statement.staged):
            if not self._aborted:
                self._duck.execute(f"DROP VIEW IF EXISTS temp.main.{name.rpartition('.')[2]}")
        for number in range(len(statement.tables)):
            self._duck.unregister(f"_sfml_raw_{number}")

    def _answer(self, statement: Statement) -> Rows:
        if statement.bind_rows:
            return self._batch(statement)
        values = [bind.value for bind in statement.binds]
        if statement.describe_only:
            return self._describe(statement, values)
        expression = _parse(statement.text)
        if isinstance(expression, exp.Copy):
            return self._copy(expression, statement)
        if isinstance(expression, special.CHECKED):
            text = special.check(self._duck, self._resolved(expression))
            if text is not None:
                return status(text)
        try:
            cursor = self._execute(rewrite.adapt(expression.copy()), values)
        except ERRORS as error:
            if "'sum(VARCHAR)'" not in str(error):
                raise
            cursor = self._execute(expression, values)  # fakesnow's cast serves a SUM of texts
        return answers.rows(cursor, statement)

    def _resolved(self, expression: Expr) -> Expr:
        """A copy with its identifiers resolved and its temporary tables where they are."""
        named = expression.copy().transform(transforms.upper_case_unquoted_identifiers)
        return self._temporary.adapt(named, self._place)

    def _execute(self, expression: Expr, values: Sequence[Any]) -> FakeSnowflakeCursor:
        """What fakesnow's ``cursor.execute`` does, on a statement that is parsed already."""
        if isinstance(expression, exp.Command):
            raise NotImplementedError(f"{expression.this} {expression.expression}".split("\n", 1)[0][:80])
        cursor = self._snow.cursor()
        cursor.check_db_and_schema(expression)
        expression = self._resolved(expression)
        if isinstance(expression, exp.Insert) and expression.args.get("overwrite"):
            with self._atomic():
                return self._overwrite(cursor, expression, values)
        return self._run_parts(cursor, expression, values)

    def _overwrite(
        self, cursor: FakeSnowflakeCursor, insert: exp.Insert, values: Sequence[Any]
    ) -> FakeSnowflakeCursor:
        source = cursor._transform(insert.expression.copy(), list(values))
        return self._run_parts(cursor, special.overwritten(self._duck, insert, source, values), ())

    def _run_parts(
        self, cursor: FakeSnowflakeCursor, expression: Expr, values: Sequence[Any]
    ) -> FakeSnowflakeCursor:
        params = list(values) if values else None
        for part in cursor._transform_explode(expression):
            transformed = cursor._transform(part, params)
            cursor._execute(transformed, params if transformed.find(exp.Placeholder) else None)
        return cursor

    def _copy(self, expression: exp.Copy, statement: Statement) -> Rows:
        """All files or none: in a transaction of its own where there is none."""
        cursor = self._snow.cursor()
        cursor.check_db_and_schema(expression)
        params: list[Any] = [bind.value for bind in statement.binds]
        transformed = cast(exp.Copy, cursor._transform(expression, params))
        place = statement.place
        copy = Copy(self._duck, transformed, place.database, place.schema)
        with self._atomic():
            return copy.run(params, statement.files)

    @contextmanager
    def _atomic(self) -> Iterator[None]:
        """A transaction of its own, unless the session is in one."""
        if self.in_transaction:
            yield
            return
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def _describe(self, statement: Statement, values: Sequence[Any]) -> Rows:
        """The columns without the rows; only a SELECT has others than its kind of statement has."""
        expression = _parse(statement.text)
        if not isinstance(expression, exp.Query):
            return Rows(columns=answers.described(statement), statement=statement.type)
        cursor = self._snow.cursor()
        cursor.check_db_and_schema(expression)
        params = list(values)
        transformed = cursor._transform(rewrite.adapt(expression), params)
        if not params:
            transformed = transformed.transform(lambda e: exp.Null() if isinstance(e, exp.Placeholder) else e)
        found = self._duck.execute("DESCRIBE " + transformed.sql(dialect="duckdb"), params or None).fetchall()
        described = [columns.column(str(name), str(kind)) for name, kind, *_ in found]
        return Rows(columns=columns.named(described, statement.headings), statement=statement.type)

    def _batch(self, statement: Statement) -> Rows:
        """An array bind: one INSERT for all rows, or the statement once for each row, in one transaction."""
        expression = _parse(statement.text)
        names = [f"b{number + 1}" for number in range(len(statement.bind_rows[0]))]
        insert = rewrite.batched(expression.copy(), names)
        if insert is not None:
            self._duck.register(rewrite.BATCH, tables.from_binds(statement.bind_rows))
            try:
                return answers.rows(self._execute(rewrite.adapt(insert), ()), statement)
            finally:
                self._duck.unregister(rewrite.BATCH)
        return self._one_by_one(expression, statement)

    def _one_by_one(self, expression: Expr, statement: Statement) -> Rows:
        found: list[Rows] = []
        with self._atomic():
            for row in statement.bind_rows:
                statement.cancelled.check()
                values = [bind.value for bind in row]
                found.append(answers.rows(self._execute(rewrite.adapt(expression.copy()), values), statement))
        return answers.total(found)


def _parse(text: str) -> Expr:
    return parse_sql(text, read="snowflake")


def aborted() -> Fault:
    """Every statement of a transaction that failed, until it is ended."""
    text = "The transaction was rolled back by an earlier error; end it with ROLLBACK."
    return Fault("000625", "57014", text)

"""Statements for the SQL engine, and how they read earlier results, job histories and staged files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sfml.emulator import parameters
from sfml.emulator.context import Context
from sfml.emulator.engine import Place, Statement
from sfml.emulator.faults import Fault, invalid, unsupported
from sfml.emulator.handlers import files, job_calls
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.functions import Asked, select_constants, value
from sfml.emulator.handlers.objects import SUCCEEDED
from sfml.emulator.results import Rows, StatementType, status
from sfml.emulator.statements import Inputs, parse
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.queries import sql_literal

Calls = Callable[[c.Call, Request, Context, Backend], Rows]
"""Answers a function of the service (SYSTEM$…); given by the dispatcher."""


def place(context: Context) -> Place:
    """Where the session stands, as the engine wants to know it."""
    values = context.parameters
    return Place(
        database=context.database,
        schema=context.schema,
        zone=str(parameters.value(values, "TIMEZONE")),
        autocommit=parameters.value(values, "AUTOCOMMIT") is not False,
    )


class Queries:
    """The handlers that need the engine; ``calls`` answers the service's functions inside a query."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def query(self, command: c.Query, request: Request, context: Context, backend: Backend) -> Rows:
        asked = Asked(request=request, context=context, backend=backend)
        statement = self._statement(command, asked)
        rows = backend.engine.run(context.session_id, statement)
        assert isinstance(rows, Rows)
        return rows

    def _statement(self, command: c.Query, asked: Asked) -> Statement:
        text = command.text
        for key, function in command.values.items():
            text = text.replace(key, sql_literal(self._value(function, asked)))
        request = asked.request
        return Statement(
            text=text,
            verb=command.verb,
            place=place(asked.context),
            binds=_chosen(command, request.binds),
            bind_rows=tuple(_chosen(command, row) for row in request.bind_rows),
            tables={call.placeholder: self._table(call, asked) for call in command.tables},
            staged={
                table.placeholder: files.staged_table(table, asked.context, asked.backend)
                for table in command.stages
            },
            headings=command.headings,
            describe_only=request.describe_only,
            cancelled=request.cancelled,
        )

    def _value(self, function: c.ContextFunction | c.Call, asked: Asked) -> object:
        if isinstance(function, c.ContextFunction):
            return value(function, asked)
        rows = self._calls(function, asked.request, asked.context, asked.backend)
        return rows.rows[0][0] if rows.rows else None

    def _table(self, call: c.TableCall, asked: Asked) -> Rows:
        """The rows of a table function that the backend answers."""
        if call.function == "RESULT_SCAN" and call.target is None:
            query_id = call.args[0] if call.args else None
            return earlier_result(query_id, asked)
        if call.function == "INFER_SCHEMA" and call.target is None:
            return files.infer_schema(call, asked.context, asked.backend)
        args = tuple(self.evaluate(argument, asked) for argument in call.args)
        named = {name: self.evaluate(argument, asked) for name, argument in call.named.items()}
        return job_calls.rows_of(call.function, call.target, args, named, asked.context, asked.backend)

    def evaluate(self, argument: object, asked: Asked) -> object:
        """The value of an argument or expression, with the engine's help where it is no literal."""
        if isinstance(argument, c.ContextFunction):
            return value(argument, asked)
        if not isinstance(argument, c.Expression):
            return argument
        command = parse(f"SELECT {argument.text}", Inputs(variables=asked.context.variables))
        request = replace(asked.request, binds=(), bind_rows=(), describe_only=False)
        if isinstance(command, c.SelectConstants):
            rows = select_constants(command, request, asked.context, asked.backend)
        elif isinstance(command, c.Query):
            rows = self.query(command, request, asked.context, asked.backend)
        else:
            raise unsupported("this expression")
        if len(rows.rows) != 1 or len(rows.columns) != 1:
            raise invalid("a single value was expected")
        return rows.rows[0][0]

    def set_variables(
        self, command: c.SetVariables, request: Request, context: Context, backend: Backend
    ) -> Rows:
        asked = Asked(request=request, context=context, backend=backend)
        values = [self.evaluate(c.Expression(text=text), asked) for text in command.expressions]
        context.variables.update(zip(command.names, values, strict=True))
        return status(SUCCEEDED)

    def copy_into(self, command: c.CopyInto, request: Request, context: Context, backend: Backend) -> Rows:
        asked = Asked(request=request, context=context, backend=backend)
        return files.copy_into(command, self._statement(command.query, asked), context, backend)


def _chosen(command: c.Query, binds: Any) -> Any:
    """The bound values in the order of the engine's text."""
    if binds and command.binds and max(command.binds) >= len(binds):
        raise Fault("002049", "42601", "SQL compilation error:\nBind variable ? not set.")
    return tuple(binds[number] for number in command.binds) if binds else ()


def earlier_result(query_id: object, asked: Asked) -> Rows:
    """What RESULT_SCAN reads: the rows of a statement that has ended."""
    if isinstance(query_id, c.ContextFunction):
        query_id = value(query_id, asked)
    if not isinstance(query_id, str):
        raise Fault("000709", "02000", f"Statement {query_id} not found")
    answer = asked.backend.queries.answer(query_id)
    if not isinstance(answer, Rows):
        raise Fault("000710", "02000", f"Statement {query_id} has no result that can be scanned")
    return replace(answer, statement=StatementType.SELECT)


def result_scan(command: c.ResultScan, request: Request, context: Context, backend: Backend) -> Rows:
    """The whole of an earlier result, as it is."""
    return earlier_result(command.query_id, Asked(request=request, context=context, backend=backend))


def transaction(command: c.Transaction, _: Request, context: Context, backend: Backend) -> Rows:
    steps: Mapping[str, Callable[[int], None]] = {
        "BEGIN": backend.engine.begin,
        "COMMIT": backend.engine.commit,
        "ROLLBACK": backend.engine.rollback,
    }
    steps[command.action](context.session_id)
    return status(SUCCEEDED)

"""Statements for the SQL engine, and the few SELECTs that need none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.calls import alias, arguments, select_call
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader, undefined_variable
from sfml.emulator.statements.tokens import Kind, Token

# docs.snowflake.com/en/sql-reference/functions-context; True where the parentheses may be left out.
CONTEXT_FUNCTIONS = {
    "CURRENT_ACCOUNT": False,
    "CURRENT_ACCOUNT_NAME": False,
    "CURRENT_AVAILABLE_ROLES": False,
    "CURRENT_CLIENT": False,
    "CURRENT_DATABASE": False,
    "CURRENT_DATE": True,
    "CURRENT_IP_ADDRESS": False,
    "CURRENT_ORGANIZATION_NAME": False,
    "CURRENT_REGION": False,
    "CURRENT_ROLE": False,
    "CURRENT_ROLE_TYPE": False,
    "CURRENT_SCHEMA": False,
    "CURRENT_SCHEMAS": False,
    "CURRENT_SECONDARY_ROLES": False,
    "CURRENT_SESSION": False,
    "CURRENT_STATEMENT": False,
    "CURRENT_TIMESTAMP": True,
    "CURRENT_TRANSACTION": False,
    "CURRENT_USER": True,
    "CURRENT_VERSION": False,
    "CURRENT_WAREHOUSE": False,
    "LAST_QUERY_ID": False,
}


def select(reader: Reader) -> c.Command:
    """A call, constants, a result scan, or a query for the engine."""
    begin, binds = reader.at, reader.binds_used
    for attempt in (select_call, _constants, _result_scan):
        command = attempt(reader)
        if command is not None:
            return command
        reader.rewind(begin, binds)
    return query(reader, "SELECT")


def for_engine(verb: str) -> Callable[[Reader], c.Command]:
    return lambda reader: query(reader, verb)


def _constants(reader: Reader) -> c.Command | None:
    columns: list[c.Constant] = []
    try:
        while not columns or reader.accept(","):
            columns.append(_constant(reader))
    except Fault:
        return None
    return c.SelectConstants(columns=tuple(columns)) if reader.done() else None


def _constant(reader: Reader) -> c.Constant:
    begin = reader.at
    token = reader.peek()
    if token is not None and token.kind in (Kind.BIND, Kind.VARIABLE):
        raise reader.wrong()  # their types are the engine's business
    value = reader.literal() if token is None or token.word() not in CONTEXT_FUNCTIONS else _context(reader)
    text = reader.slice(begin)
    return c.Constant(column=alias(reader) or heading(text), value=value)


def _context(reader: Reader) -> c.ContextFunction:
    name = reader.next().word()
    if not reader.sees("(") and CONTEXT_FUNCTIONS[name]:
        return c.ContextFunction(name=name)
    args, named = arguments(reader)
    if named or any(isinstance(value, (c.Expression, c.ContextFunction)) for value in args):
        raise reader.wrong()
    return c.ContextFunction(name=name, args=args)


def _result_scan(reader: Reader) -> c.Command | None:
    if not reader.accept("*", "FROM", "TABLE", "(", "RESULT_SCAN"):
        return None
    try:
        args, named = arguments(reader)
    except Fault:
        return None
    plain = len(args) == 1 and not named and not isinstance(args[0], c.Expression)
    if not plain or not reader.accept(")") or not reader.done():
        return None
    return c.ResultScan(query_id=args[0])


def heading(text: str) -> str:
    """The column name that Snowflake derives from an expression: its text in upper case."""
    return text.upper()


# --- the engine's text


def query(reader: Reader, verb: str, subject: str = "") -> c.Query:
    """The statement for the engine: binds numbered, variables replaced, our table functions lifted out."""
    rewrite = _Rewrite(reader)
    reader.at = 0
    while (token := reader.peek()) is not None:
        if token.text == ";":
            raise reader.wrong()
        _STEPS.get(token.kind, _Rewrite.word)(rewrite, token)
    return c.Query(
        text=rewrite.text(),
        verb=verb,
        subject=subject,
        binds=tuple(rewrite.binds),
        tables=tuple(rewrite.tables),
    )


@dataclass
class _Rewrite:
    """A statement on its way to the engine: pieces of text to replace, and what they stood for."""

    reader: Reader
    changes: list[tuple[int, int, str]] = field(default_factory=list)
    binds: list[int] = field(default_factory=list)
    tables: list[c.TableCall] = field(default_factory=list)

    def text(self) -> str:
        source, tokens = self.reader.text, self.reader.tokens
        pieces, at = [], tokens[0].start if tokens else 0
        for start, end, replacement in self.changes:
            pieces += [source[at:start], replacement]
            at = end
        pieces.append(source[at : tokens[-1].end if tokens else 0])
        return "".join(pieces)

    def bind(self, token: Token) -> None:
        reader = self.reader
        self.binds.append(reader.binds_used if token.text == "?" else int(token.text[1:]) - 1)
        reader.binds_used += token.text == "?"
        self.changes.append((token.start, token.end, "?"))
        reader.at += 1

    def variable(self, token: Token) -> None:
        variables, name = self.reader.inputs.variables or {}, token.text[1:].upper()
        if name not in variables:
            raise undefined_variable(name)
        self.changes.append((token.start, token.end, sql_literal(variables[name])))
        self.reader.at += 1

    def word(self, token: Token) -> None:
        if not self.reader.sees("TABLE", "("):
            self.reader.at += 1
            return
        begin, binds = self.reader.at, self.reader.binds_used
        called = self._table_call()
        if called is None:
            self.reader.rewind(begin + 1, binds)
            return
        self.tables.append(called)
        end = self.reader.tokens[self.reader.at - 1].end
        self.changes.append((token.start, end, called.placeholder))

    def _table_call(self) -> c.TableCall | None:
        reader = self.reader
        reader.expect("TABLE", "(")
        try:
            parts = reader.parts()
        except Fault:
            return None
        target = None
        if reader.accept("!"):
            database, schema, name = (None,) * (3 - len(parts)) + parts[-3:]
            target = ObjectName(name=name or "", schema=schema, database=database)
            function = reader.identifier()
        elif parts == ("RESULT_SCAN",) or parts == ("SNOWFLAKE", "SPCS", "GET_JOB_HISTORY"):
            function = parts[-1]
        else:
            return None
        args, named = arguments(reader)
        reader.expect(")")
        placeholder = f"TEMP.MAIN._SFML_TABLE_{len(self.tables)}"
        return c.TableCall(function=function, placeholder=placeholder, target=target, args=args, named=named)


_STEPS: dict[Kind, Callable[[_Rewrite, Token], None]] = {
    Kind.BIND: _Rewrite.bind,
    Kind.VARIABLE: _Rewrite.variable,
}


def sql_literal(value: object) -> str:
    """A Python value as SQL text."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (datetime, date, time)):
        kind = {datetime: "TIMESTAMP", date: "DATE", time: "TIME"}[type(value)]
        return f"'{value}'::{kind}"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return str(value)


def unsupported_verb(feature: str) -> Callable[[Reader], c.Command]:
    def refuse(_: Reader) -> c.Command:
        raise unsupported(feature)

    return refuse

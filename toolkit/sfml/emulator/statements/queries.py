"""Statements for the SQL engine, and the few SELECTs that need none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.calls import alias, arguments, select_call
from sfml.emulator.statements.headings import heading, headings
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


# --- the engine's text

_OWN_TABLES = (("RESULT_SCAN",), ("INFER_SCHEMA",), ("SNOWFLAKE", "SPCS", "GET_JOB_HISTORY"))
# The account's event table, which parameters name too (handlers/session.py).
_EVENT_TABLE = ("SNOWFLAKE", ".", "TELEMETRY", ".", "EVENTS")
# Functions of the session that the engine knows itself.
_OF_ENGINE = frozenset({"CURRENT_DATE", "CURRENT_TIMESTAMP"})


def query(reader: Reader, verb: str, subject: str = "") -> c.Query:
    """The statement for the engine: binds numbered, variables and our own functions replaced."""
    rewrite = Rewrite(reader)
    reader.at = 0
    while (token := reader.peek()) is not None:
        rewrite.step(token)
    return c.Query(
        text=rewrite.text(),
        verb=verb,
        subject=subject,
        binds=tuple(rewrite.binds),
        tables=tuple(rewrite.tables),
        stages=tuple(rewrite.stages),
        values=rewrite.values,
        headings=headings(reader.text, reader.tokens) if verb == "SELECT" else (),
    )


@dataclass
class Rewrite:
    """A statement on its way to the engine: pieces of its text to replace, and what they stood for."""

    reader: Reader
    changes: list[tuple[int, int, str]] = field(default_factory=list)
    binds: list[int] = field(default_factory=list)
    tables: list[c.TableCall] = field(default_factory=list)
    stages: list[c.StageTable] = field(default_factory=list)
    values: dict[str, c.ContextFunction | c.Call] = field(default_factory=dict)

    def text(self) -> str:
        source, tokens = self.reader.text, self.reader.tokens
        pieces, at = [], tokens[0].start if tokens else 0
        for start, end, replacement in sorted([*self.changes, *self._gaps()]):
            pieces += [source[at:start], replacement]
            at = end
        pieces.append(source[at : tokens[-1].end if tokens else 0])
        return "".join(pieces)

    def _gaps(self) -> list[tuple[int, int, str]]:
        """The places of words that a parser took out of the statement."""
        return [(start, end, "") for start, end in self.reader.removed]

    def step(self, token: Token) -> None:
        """Take the next token, or the phrase that begins with it."""
        steps = {
            Kind.BIND: self._bind,
            Kind.VARIABLE: self._variable,
            Kind.WORD: self._word,
            Kind.STAGE: self._stage,
        }
        steps.get(token.kind, self._skip)(token)

    def replace(self, begin: int, replacement: str) -> None:
        """Put this in the place of all tokens from the number ``begin`` to the last one taken."""
        tokens = self.reader.tokens
        self.changes.append((tokens[begin].start, tokens[self.reader.at - 1].end, replacement))

    def _skip(self, _: Token) -> None:
        self.reader.at += 1

    def _bind(self, token: Token) -> None:
        reader = self.reader
        self.binds.append(reader.binds_used if token.text == "?" else int(token.text[1:]) - 1)
        reader.binds_used += token.text == "?"
        reader.at += 1
        following = reader.peek()
        # ``?::`` would be one operator to the engine's parser.
        self.replace(reader.at - 1, "? " if following is not None and following.text == "::" else "?")

    def _stage(self, _: Token) -> None:
        begin, reader = self.reader.at, self.reader
        location = reader.stage_path()
        options = self._stage_options() if reader.accept("(") else {}
        placeholder = f"TEMP.MAIN._SFML_STAGE_{len(self.stages)}"
        self.stages.append(
            c.StageTable(
                placeholder=placeholder,
                location=location,
                file_format=options.get("FILE_FORMAT"),
                pattern=options.get("PATTERN"),
            )
        )
        self.replace(begin, placeholder)

    def _stage_options(self) -> dict[str, str]:
        reader = self.reader
        found: dict[str, str] = {}
        while not reader.accept(")"):
            if found:
                reader.expect(",")
            name = reader.option_name()
            if name not in ("FILE_FORMAT", "PATTERN"):
                raise unsupported(f"a query on the files of a stage with {name}")
            reader.expect("=>")
            found[name] = reader.string()
        return found

    def _variable(self, token: Token) -> None:
        variables, name = self.reader.inputs.variables or {}, token.text[1:].upper()
        if name not in variables:
            raise undefined_variable(name)
        self.reader.at += 1
        self.replace(self.reader.at - 1, sql_literal(variables[name]))

    def _word(self, token: Token) -> None:
        begin, binds = self.reader.at, self.reader.binds_used
        if self.reader.sees("IDENTIFIER", "("):
            replacement: str | None = ".".join(map(quoted, self.reader.parts()))
        elif self.reader.sees("TABLE", "("):
            replacement = self._own_table()
        elif self.reader.sees(*_EVENT_TABLE):
            self.reader.at += len(_EVENT_TABLE)
            replacement = self._placed(function="EVENTS")
        else:
            replacement = self._own_function(token)
        if replacement is None:
            self.reader.rewind(begin + 1, binds)
        else:
            self.replace(begin, replacement)

    def _own_function(self, token: Token) -> str | None:
        reader, name = self.reader, token.word()
        if name not in CONTEXT_FUNCTIONS and not name.startswith("SYSTEM$"):
            return None
        before = reader.tokens[reader.at - 1] if reader.at else None
        if name in _OF_ENGINE or (before is not None and (before.text == "." or before.word() == "AS")):
            return None
        function = self._called(name)
        if function is None:
            return None
        key = f"_SFML_VALUE_{len(self.values)}_"
        self.values[key] = function
        return key

    def _called(self, name: str) -> c.ContextFunction | c.Call | None:
        reader = self.reader
        reader.at += 1
        if not reader.sees("("):
            return c.ContextFunction(name=name) if CONTEXT_FUNCTIONS.get(name) else None
        args, named = arguments(reader)
        if any(isinstance(value, c.Expression) for value in (*args, *named.values())):
            raise unsupported(f"{name} with an expression as argument")
        if name in CONTEXT_FUNCTIONS:
            return c.ContextFunction(name=name, args=args)
        return c.Call(function=name, column=name, args=args, named=named)

    def _own_table(self) -> str | None:
        reader = self.reader
        reader.expect("TABLE", "(")
        try:
            parts = reader.parts()
        except Fault:
            return None
        target, function = None, parts[-1]
        if reader.accept("!"):
            database, schema, name = (None,) * (3 - len(parts)) + parts[-3:]
            target = ObjectName(name=name or "", schema=schema, database=database)
            function = reader.identifier()
        elif parts not in _OWN_TABLES:
            return None
        args, named = arguments(reader)
        reader.expect(")")
        return self._placed(function=function, target=target, args=args, named=named)

    def _placed(self, **call: Any) -> str:
        """The placeholder of a table that the backend answers."""
        placeholder = f"TEMP.MAIN._SFML_TABLE_{len(self.tables)}"
        self.tables.append(c.TableCall(placeholder=placeholder, **call))
        return placeholder


def quoted(name: str) -> str:
    """A resolved identifier as SQL text."""
    return '"' + name.replace('"', '""') + '"'


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

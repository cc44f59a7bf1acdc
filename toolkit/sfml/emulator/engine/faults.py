"""The engine's errors as Snowflake's: number, SQLSTATE, text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import duckdb
from snowflake.connector.errors import DatabaseError
from sqlglot.errors import ParseError, SqlglotError

from sfml.emulator.cancellation import cancelled
from sfml.emulator.faults import (
    DiskFullError,
    Fault,
    exists,
    missing,
    no_database,
    no_schema,
    syntax,
    unsupported,
)

ERRORS = (duckdb.Error, DatabaseError, SqlglotError, NotImplementedError, RecursionError)
"""What running a statement may raise for a statement that is wrong, or that the engine cannot do."""

_COMPILATION = "SQL compilation error:\n"
_PREFIX = re.compile(r"^\d{6} \(\w{5}\): (?:None: )?")


def fault(error: Exception, text: str) -> Fault:
    """The refusal that a client understands."""
    if isinstance(error, ParseError):
        return _syntax(error, text)
    if isinstance(error, SqlglotError):
        return Fault("001003", "42000", f"{_COMPILATION}{_first_line(error)}")
    if isinstance(error, RecursionError):
        return unsupported("a statement that is nested this deep")
    if isinstance(error, NotImplementedError):
        return unsupported(_first_line(error))
    if isinstance(error, duckdb.InterruptException):
        return cancelled()
    message = _PREFIX.sub("", error.msg or "") if isinstance(error, DatabaseError) else str(error)
    for pattern, build in _KNOWN:
        if match := re.search(pattern, message):
            return build(match, text)
    return _unknown(error, message)


def _syntax(error: ParseError, text: str) -> Fault:
    details = error.errors[0] if error.errors else {}
    token, column = str(details.get("highlight") or ""), int(details.get("col") or 0)
    line = int(details.get("line") or 1)
    at_end = not token or (
        not details.get("end_context") and str(details.get("description")).startswith("Expecting")
    )
    if at_end:
        last = text.rstrip()
        return syntax("<EOF>", line=last.count("\n") + 1, position=len(last) - (last.rfind("\n") + 1))
    return syntax(token, line=line, position=max(0, column - len(token)))


def _unknown(error: Exception, message: str) -> Fault:
    line = message.split("\n", 1)[0]
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if isinstance(
        cause, (duckdb.NotImplementedException, duckdb.PermissionException, duckdb.ParserException)
    ):
        # What is Snowflake's syntax and not the engine's: a parser of Snowflake SQL has passed it.
        return unsupported(re.sub(r"^[A-Z]\w+(?: \w+)* Error: ", "", line))
    if isinstance(cause, duckdb.ConversionException):
        return Fault("100038", "22018", line)
    if isinstance(error, DatabaseError) and error.errno == 9999:
        return unsupported(line)
    if isinstance(cause, (duckdb.BinderException, duckdb.CatalogException)):
        return Fault("001007", "22023", _COMPILATION + line)
    return Fault("100183", "P0000", f"SQL execution error: {line}")


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


Build = Callable[[re.Match[str], str], Fault]


def _object(match: re.Match[str], _: str) -> Fault:
    message = f"{_COMPILATION}Object '{match['name']}' does not exist or not authorized."
    return Fault("002003", "42S02", message)


def _container(kind: str) -> Build:
    return lambda match, _: missing(kind, match["name"])


def _identifier(match: re.Match[str], text: str) -> Fault:
    name = match["name"]
    line, position = _position(name.rpartition(".")[2], text)
    message = f"SQL compilation error: error line {line} at position {position}\ninvalid identifier '{name}'"
    return Fault("000904", "42000", message)


def _position(name: str, text: str) -> tuple[int, int]:
    found = re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)
    before = text[: found.start()] if found else ""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)


def _text(code: str, sqlstate: str, form: str) -> Build:
    """A fault whose text has the match's groups in it."""
    return lambda match, _: Fault(code, sqlstate, form.format(**match.groupdict()))


# Messages of DuckDB 2.0 and fakesnow 0.12.1, by the first that matches. Numbers: wire recordings,
# Snowflake's docs ("Troubleshooting", "Common errors") and the connector's own tests.
_KNOWN: Sequence[tuple[str, Build]] = (
    (r"does not have a current database", lambda _, __: no_database()),
    (r"does not have a current schema", lambda _, __: no_schema()),
    (r"(?:Scalar|Aggregate|Table|Macro) (?:Macro )?Function with name \"?(?P<name>[^ \"]+)\"? does not exist",
     lambda match, _: Fault("002140", "42601", f"{_COMPILATION}Unknown function {match['name'].upper()}")),
    (r"(?:Table|View|Sequence) with name \"?(?P<name>.+?)\"? does not exist", _object),
    (r"Table with name (?P<name>\S+) does not exist", _object),
    (r"Schema with name \"?(?P<name>[^\"\s]+)\"? does not exist", _container("Schema")),
    (r"No (?:catalog|schema) .*?named? \"?(?P<name>[^\"\s]+)\"?", _container("Schema")),
    (r"Catalog \"(?P<name>[^\"]+)\" does not exist", _container("Database")),
    (r"with name \"?(?P<name>.+?)\"? already exists", lambda match, _: exists(match["name"])),
    (r"Referenced (?:column|table) \"(?P<name>[^\"]+)\" (?:was )?not found", _identifier),
    (r"Table \"(?P<table>[^\"]+)\" does not have a column named \"(?P<name>[^\"]+)\"", _identifier),
    (r"Column with name (?P<name>\S+) does not exist", _identifier),
    (r"(?:Values list|Table) \".*?\" does not have a column named \"(?P<name>[^\"]+)\"", _identifier),
    (r"Ambiguous reference to column name \"(?P<name>[^\"]+)\"",
     _text("002028", "42601", _COMPILATION + "ambiguous column name '{name}'")),
    (r"column \"?(?P<name>[^\"\s]+)\"? must appear in the GROUP BY clause",
     _text("000979", "42601", _COMPILATION + "[{name}] is not a valid group by expression")),
    (r"No function matches the given name and argument types '(?P<name>\w+)\((?P<types>.*?)\)'",
     _text("001044", "42P13", _COMPILATION + "Invalid argument types for function '{name}': ({types})")),
    (r"table (?P<table>\S+) has (?P<has>\d+) columns but (?P<given>\d+) values were supplied",
     _text("002020", "21S01", _COMPILATION + "Insert value list does not match column list "
           "expecting {has} but got {given}")),
    (r"Values were not provided for the following (?:prepared statement )?parameters: (?P<name>\S+)",
     _text("002049", "42601", _COMPILATION + "Bind variable {name} not set.")),
    (r"Could not convert string '(?P<value>.*?)' to (?:\w*INT\w*|DECIMAL\S*|DOUBLE|FLOAT)",
     _text("100038", "22018", "Numeric value '{value}' is not recognized")),
    (r"Could not convert string \"(?P<value>.*?)\" to (?:DECIMAL\S*|DOUBLE|FLOAT|\w*INT\w*)",
     _text("100038", "22018", "Numeric value '{value}' is not recognized")),
    (r"Could not convert string '(?P<value>.*?)' to BOOL",
     _text("100037", "22018", "Boolean value '{value}' is not recognized")),
    (r"invalid date field format: \"(?P<value>.*?)\"",
     _text("100040", "22007", "Date '{value}' is not recognized")),
    (r"invalid timestamp field format: \"(?P<value>.*?)\"",
     _text("100035", "22007", "Timestamp '{value}' is not recognized")),
    (r"No space left on device", lambda _, __: DiskFullError()),
    (r"Malformed JSON",
     _text("100069", "22P02", "Error parsing JSON")),
    (r"Division by zero", _text("100051", "22012", "Division by zero")),
    (r"NOT NULL constraint failed: (?P<name>\S+)",
     _text("100072", "22000", "NULL result in a non-nullable column")),
    (r"Overflow|out of range|Casting value .* failed: value is out of range",
     _text("100039", "22003", "Numeric value is out of range")),
    (r"Current transaction is aborted",
     _text("000625", "57014", "The transaction was rolled back by an earlier error; end it with ROLLBACK.")),
    (r"[Cc]onflict on",
     _text("000625", "57014", "Statement aborted: it conflicts with another transaction on the same rows.")),
)  # fmt: skip

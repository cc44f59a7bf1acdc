"""Calls of the service's own functions: CALL f(…), SELECT f(…), CALL service!method(…)."""

from __future__ import annotations

from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader
from sfml.emulator.statements.tokens import Kind


def call(reader: Reader) -> c.Command:
    target, function = _callee(reader)
    args, named = arguments(reader)
    if any(isinstance(value, c.Expression) for value in (*args, *named.values())):
        raise unsupported("CALL with an expression as argument")
    reader.end()
    return c.Call(function=function, column=function, target=target, args=args, named=named)


def select_call(reader: Reader) -> c.Command | None:
    """``SELECT SYSTEM$F(…) [[AS] alias]`` or ``SELECT service!method(…)``; None for any other query."""
    begin = reader.at
    try:
        target, function = _callee(reader)
        if target is None and not function.startswith("SYSTEM$"):
            return None
        args, named = arguments(reader)
    except Fault:
        return None
    if any(isinstance(value, c.Expression) for value in (*args, *named.values())):
        return None
    column = alias(reader) or reader.slice(begin).upper()
    if not reader.done():
        return None
    return c.Call(function=function, column=column, target=target, args=args, named=named)


def _callee(reader: Reader) -> tuple[ObjectName | None, str]:
    parts = reader.parts()
    if not reader.accept("!"):
        return None, ".".join(parts)
    if len(parts) > 3:
        raise reader.wrong()
    database, schema, name = (None,) * (3 - len(parts)) + parts
    return ObjectName(name=name or "", schema=schema, database=database), reader.identifier()


def arguments(reader: Reader) -> tuple[tuple[object, ...], dict[str, object]]:
    """``(a, b, name => c)``: positional and named ones; what is no literal becomes an ``Expression``."""
    args: list[object] = []
    named: dict[str, object] = {}
    reader.expect("(")
    while not reader.accept(")"):
        if args or named:
            reader.expect(",")
        following = reader.peek(1)
        if following is not None and following.text == "=>":
            name = reader.identifier()
            reader.expect("=>")
            named[name] = _argument(reader)
        else:
            args.append(_argument(reader))
    return tuple(args), named


def _argument(reader: Reader) -> object:
    begin, binds = reader.at, reader.binds_used
    token = reader.peek()
    if token is not None and token.word() == "LAST_QUERY_ID":
        reader.next()
        return c.ContextFunction(name="LAST_QUERY_ID", args=arguments(reader)[0])
    try:
        value = reader.literal()
    except Fault as fault:
        if fault.code != "001003":
            raise
    else:
        if reader.sees(",") or reader.sees(")"):
            return value
    reader.rewind(begin, binds)
    return _expression(reader)


def _expression(reader: Reader) -> c.Expression:
    begin = reader.at
    text = reader.expression(",", ")")
    if any(token.kind in (Kind.BIND, Kind.VARIABLE) for token in reader.tokens[begin : reader.at]):
        raise unsupported("a bound value inside an argument's expression")
    return c.Expression(text=text)


def alias(reader: Reader) -> str | None:
    """``[AS] name``, if one comes next."""
    if reader.accept("AS"):
        return reader.identifier()
    token = reader.peek()
    if token is None or token.kind not in (Kind.WORD, Kind.QUOTED):
        return None
    begin = reader.at
    try:
        return reader.identifier()
    except Fault:
        reader.at = begin
        return None

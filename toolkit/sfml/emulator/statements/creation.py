"""The shape that CREATE, ALTER and DROP share, and builders for the commands that have just that shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sfml.emulator.faults import Fault
from sfml.emulator.statements.commands import Command
from sfml.emulator.statements.reader import Reader


@dataclass(frozen=True, kw_only=True, slots=True)
class Modifiers:
    """What stands between CREATE and the kind."""

    or_replace: bool = False
    words: frozenset[str] = frozenset()


Creator = Callable[[Reader, Modifiers], Command]
Parser = Callable[[Reader], Command]


class Named(Protocol):
    """How the name of a kind is read: ``Reader.account_name``, ``schema_name`` or ``object_name``."""

    def __call__(self, reader: Reader, /) -> Any: ...


Options = Callable[[Reader], Mapping[str, object]]
"""How the options of a kind are read: ``Reader.options``, unless some of them hold names of objects."""


def creates(
    command: Callable[..., Command], named: Named, *, options: Options = Reader.options, **words: str
) -> Creator:
    """A parser of ``[IF NOT EXISTS] name options``; ``words`` map a field to the modifier that sets it."""

    def parse(reader: Reader, modifiers: Modifiers) -> Command:
        if_not_exists = reader.accept("IF", "NOT", "EXISTS")
        if modifiers.or_replace and if_not_exists:
            raise conflict("OR REPLACE", "IF NOT EXISTS")
        name = named(reader)
        flags = {field: word in modifiers.words for field, word in words.items()}
        found = options(reader)
        reader.end()
        return command(
            name=name, or_replace=modifiers.or_replace, if_not_exists=if_not_exists, options=found, **flags
        )

    return parse


def drops(command: Callable[..., Command], named: Named) -> Parser:
    """A parser of ``[IF EXISTS] name``."""

    def parse(reader: Reader) -> Command:
        if_exists = reader.accept("IF", "EXISTS")
        name = named(reader)
        reader.end()
        return command(name=name, if_exists=if_exists)

    return parse


def describes(command: Callable[..., Command], named: Named) -> Parser:
    """A parser of ``name``."""

    def parse(reader: Reader) -> Command:
        name = named(reader)
        reader.end()
        return command(name=name)

    return parse


def alters(
    command: Callable[..., Command],
    named: Named,
    *plain: str,
    renames: bool = False,
    options: Options = Reader.options,
) -> Parser:
    """A parser of ``[IF EXISTS] name action``: SET, UNSET, RENAME TO, and the ``plain`` ones."""

    def parse(reader: Reader) -> Command:
        if_exists = reader.accept("IF", "EXISTS")
        name = named(reader)
        action = reader.accept_any(*plain, "SET", "UNSET", *(("RENAME TO",) if renames else ()))
        if action is None:
            raise reader.wrong()
        details = _details(reader, action, named, options)
        reader.end()
        return command(name=name, if_exists=if_exists, action=action.removesuffix(" TO"), **details)

    return parse


def _details(reader: Reader, action: str, named: Named, options: Options) -> Mapping[str, object]:
    if action == "SET":
        if reader.done():
            raise reader.wrong()
        return {"options": options(reader)}
    if action == "UNSET":
        return {"options": dict.fromkeys(reader.option_names())}
    return {"new_name": named(reader)} if action == "RENAME TO" else {}


def shows(command: Callable[..., Command], *, bare_scope: str = "SCHEMA") -> Parser:
    """A parser of a SHOW statement's tail."""

    def parse(reader: Reader) -> Command:
        return command(filter=reader.show_filter(bare_scope=bare_scope))

    return parse


def conflict(first: str, second: str) -> Fault:
    """Two options that exclude each other (number and text: docs.snowflake.com, "Common error messages")."""
    text = f"SQL compilation error:\noptions {first} and {second} are incompatible."
    return Fault("002024", "42601", text)

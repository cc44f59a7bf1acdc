"""ALTER USER: attributes, and programmatic access tokens."""

from __future__ import annotations

from sfml.emulator.statements import commands as c
from sfml.emulator.statements.creation import alters
from sfml.emulator.statements.reader import Reader

_WORDS = ("PROGRAMMATIC ACCESS TOKEN", "PAT")
_alter = alters(c.AlterUser, Reader.account_name)


def alter_user(reader: Reader) -> c.Command:
    """``[IF EXISTS] [name] ADD | REMOVE PROGRAMMATIC ACCESS TOKEN token …``, or what changes attributes."""
    begin = reader.at
    if_exists = reader.accept("IF", "EXISTS")
    nameless = reader.sees("ADD") or reader.sees("REMOVE")
    user = None if nameless else reader.account_name()
    action = reader.accept_any("ADD", "REMOVE")
    if action is None:
        reader.at = begin
        return _alter(reader)
    if reader.accept_any(*_WORDS) is None:
        raise reader.wrong()
    token = reader.account_name()
    options = reader.options() if action == "ADD" else {}
    reader.end()
    return c.AlterUserToken(user=user, action=action, token=token, if_exists=if_exists, options=options)

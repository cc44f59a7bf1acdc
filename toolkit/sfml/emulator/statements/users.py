"""ALTER USER: attributes, and programmatic access tokens."""

from __future__ import annotations

from sfml.emulator.statements import commands as c
from sfml.emulator.statements.creation import alters
from sfml.emulator.statements.reader import Reader

_WORDS = ("PROGRAMMATIC ACCESS TOKEN", "PAT")
_ACTIONS = ("ADD", "REMOVE", "MODIFY")
_alter = alters(c.AlterUser, Reader.account_name)


def alter_user(reader: Reader) -> c.Command:
    """``[IF EXISTS] [name] ADD | MODIFY | REMOVE PROGRAMMATIC ACCESS TOKEN token …``, or of attributes."""
    begin = reader.at
    if_exists = reader.accept("IF", "EXISTS")
    nameless = any(reader.sees(action) for action in _ACTIONS)
    user = None if nameless else reader.account_name()
    action = reader.accept_any(*_ACTIONS)
    if action is None:
        reader.at = begin
        return _alter(reader)
    if reader.accept_any(*_WORDS) is None:
        raise reader.wrong()
    token = reader.account_name()
    if action == "MODIFY":
        reader.expect("SET")
    options = {} if action == "REMOVE" else reader.options()
    reader.end()
    return c.AlterUserToken(user=user, action=action, token=token, if_exists=if_exists, options=options)

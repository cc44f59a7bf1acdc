"""Network rules, external access integrations, secrets and image repositories.

The four have one shape: CREATE with options, ALTER … SET and UNSET, DROP, SHOW, DESCRIBE.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from sfml.emulator.catalog import Kind
from sfml.emulator.faults import Fault
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.creation import (
    Creator,
    Modifiers,
    Parser,
    alters,
    creates,
    describes,
    drops,
    shows,
)
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader

_object = Reader.object_name
_NAMES = (
    "ALLOWED_NETWORK_RULES",
    "ALLOWED_AUTHENTICATION_SECRETS",
    "ALLOWED_API_AUTHENTICATION_INTEGRATIONS",
)


def _account(reader: Reader) -> ObjectName:
    return ObjectName(name=reader.account_name())


def _integration_options(reader: Reader) -> Mapping[str, object]:
    """As ``Reader.options``, and names of other objects as such."""
    found: dict[str, object] = {}
    while not reader.done():
        reader.accept(",")
        key = reader.option_name()
        reader.expect("=")
        found[key] = _names(reader) if key in _NAMES else reader.value()
    return found


def _names(reader: Reader) -> object:
    """``(a, b.c.d)`` as a tuple of names; ALL and NONE, in parentheses or not, as that word."""
    bracketed = reader.accept("(")
    word = reader.accept_any("ALL", "NONE")
    if not bracketed:
        if word is None:
            raise reader.wrong()
        return word
    names = [] if word or reader.sees(")") else [reader.object_name()]
    while names and reader.accept(","):
        names.append(reader.object_name())
    reader.expect(")")
    return word or tuple(names)


def _masked(parse: Callable[[], c.Command]) -> c.Command:
    """The command; a syntax error does not repeat the text where it stands, which may be of a secret."""
    try:
        return parse()
    except Fault as fault:
        text = re.sub(r"unexpected '(?!<EOF>').*'", "unexpected '****'", fault.message, flags=re.DOTALL)
        raise Fault(fault.code, fault.sqlstate, text) from None


def _create_secret(reader: Reader, modifiers: Modifiers) -> c.Command:
    return _masked(lambda: creates(partial(c.CreateObject, kind=Kind.SECRET), _object)(reader, modifiers))


def _alter_secret(reader: Reader) -> c.Command:
    return _masked(lambda: alters(partial(c.AlterObject, kind=Kind.SECRET), _object)(reader))


def _show_images(reader: Reader) -> c.Command:
    """``SHOW IMAGES [LIKE …] IN IMAGE REPOSITORY …``"""
    like = reader.string() if reader.accept("LIKE") else None
    reader.expect("IN", "IMAGE", "REPOSITORY")
    name = reader.object_name()
    reader.end()
    return c.ShowImages(repository=name, like=like)


_alter_integration = alters(
    partial(c.AlterObject, kind=Kind.INTEGRATION), _account, options=_integration_options
)
_drop_integration = drops(partial(c.DropObject, kind=Kind.INTEGRATION), _account)
_describe_integration = describes(partial(c.DescribeObject, kind=Kind.INTEGRATION), _account)
_show_integrations = shows(partial(c.ShowObjects, kind=Kind.INTEGRATION))

CREATE: Mapping[str, Creator] = {
    "NETWORK RULE": creates(partial(c.CreateObject, kind=Kind.NETWORK_RULE), _object),
    "EXTERNAL ACCESS INTEGRATION": creates(
        partial(c.CreateObject, kind=Kind.INTEGRATION), _account, options=_integration_options
    ),
    "SECRET": _create_secret,
    "IMAGE REPOSITORY": creates(partial(c.CreateObject, kind=Kind.IMAGE_REPOSITORY), _object),
}
ALTER: Mapping[str, Parser] = {
    "NETWORK RULE": alters(partial(c.AlterObject, kind=Kind.NETWORK_RULE), _object),
    "EXTERNAL ACCESS INTEGRATION": _alter_integration,
    "INTEGRATION": _alter_integration,
    "SECRET": _alter_secret,
    "IMAGE REPOSITORY": alters(partial(c.AlterObject, kind=Kind.IMAGE_REPOSITORY), _object),
}
DROP: Mapping[str, Parser] = {
    "NETWORK RULE": drops(partial(c.DropObject, kind=Kind.NETWORK_RULE), _object),
    "EXTERNAL ACCESS INTEGRATION": _drop_integration,
    "INTEGRATION": _drop_integration,
    "SECRET": drops(partial(c.DropObject, kind=Kind.SECRET), _object),
    "IMAGE REPOSITORY": drops(partial(c.DropObject, kind=Kind.IMAGE_REPOSITORY), _object),
}
DESCRIBE: Mapping[str, Parser] = {
    "NETWORK RULE": describes(partial(c.DescribeObject, kind=Kind.NETWORK_RULE), _object),
    "EXTERNAL ACCESS INTEGRATION": _describe_integration,
    "INTEGRATION": _describe_integration,
    "SECRET": describes(partial(c.DescribeObject, kind=Kind.SECRET), _object),
}
SHOW: Mapping[str, Parser] = {
    "NETWORK RULES": shows(partial(c.ShowObjects, kind=Kind.NETWORK_RULE)),
    "EXTERNAL ACCESS INTEGRATIONS": _show_integrations,
    "INTEGRATIONS": _show_integrations,
    "SECRETS": shows(partial(c.ShowObjects, kind=Kind.SECRET)),
    "IMAGE REPOSITORIES": shows(partial(c.ShowObjects, kind=Kind.IMAGE_REPOSITORY)),
    "IMAGES": _show_images,
}

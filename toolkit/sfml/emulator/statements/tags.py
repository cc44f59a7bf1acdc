"""Tags: declared like other objects, and set on services."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sfml.emulator.catalog import Kind
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.creation import Creator, Parser, alters, creates, drops, shows
from sfml.emulator.statements.names import ObjectName
from sfml.emulator.statements.reader import Reader

_object = Reader.object_name
CREATE: Mapping[str, Creator] = {"TAG": creates(partial(c.CreateObject, kind=Kind.TAG), _object)}
ALTER: Mapping[str, Parser] = {"TAG": alters(partial(c.AlterObject, kind=Kind.TAG), _object)}
DROP: Mapping[str, Parser] = {"TAG": drops(partial(c.DropObject, kind=Kind.TAG), _object)}
SHOW: Mapping[str, Parser] = {"TAGS": shows(partial(c.ShowObjects, kind=Kind.TAG))}


def values(reader: Reader) -> dict[ObjectName, str]:
    """``name = 'value', …`` up to the end or a parenthesis; what follows TAG."""
    found: dict[ObjectName, str] = {}
    while not found or reader.accept(","):
        name = reader.object_name()
        reader.expect("=")
        found[name] = reader.string()
    return found


def names(reader: Reader) -> dict[ObjectName, None]:
    """``name, …``: what follows UNSET TAG."""
    found = [reader.object_name()]
    while reader.accept(","):
        found.append(reader.object_name())
    return dict.fromkeys(found)

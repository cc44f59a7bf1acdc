"""Snapshots of block volumes: CREATE, and what they share with other declared objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from sfml.emulator.catalog import Kind
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.creation import (
    Creator,
    Modifiers,
    Parser,
    alters,
    conflict,
    describes,
    drops,
    shows,
)
from sfml.emulator.statements.reader import Reader


def _create(reader: Reader, modifiers: Modifiers) -> c.Command:
    """``[IF NOT EXISTS] name FROM SERVICE s VOLUME "v" INSTANCE n options``"""
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    if modifiers.or_replace and if_not_exists:
        raise conflict("OR REPLACE", "IF NOT EXISTS")
    name = reader.object_name()
    reader.expect("FROM", "SERVICE")
    service = reader.object_name()
    reader.expect("VOLUME")
    volume = reader.identifier()
    reader.expect("INSTANCE")
    instance, options = reader.integer(), reader.options()
    reader.end()
    return c.CreateSnapshot(
        name=name, service=service, volume=volume, instance=instance, options=options,
        or_replace=modifiers.or_replace, if_not_exists=if_not_exists,
    )  # fmt: skip


_object = Reader.object_name
CREATE: Mapping[str, Creator] = {"SNAPSHOT": _create}
ALTER: Mapping[str, Parser] = {"SNAPSHOT": alters(partial(c.AlterObject, kind=Kind.SNAPSHOT), _object)}
DROP: Mapping[str, Parser] = {"SNAPSHOT": drops(partial(c.DropObject, kind=Kind.SNAPSHOT), _object)}
DESCRIBE: Mapping[str, Parser] = {
    "SNAPSHOT": describes(partial(c.DescribeObject, kind=Kind.SNAPSHOT), _object)
}
SHOW: Mapping[str, Parser] = {"SNAPSHOTS": shows(partial(c.ShowObjects, kind=Kind.SNAPSHOT))}

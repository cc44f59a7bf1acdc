"""Network rules, integrations, secrets, image repositories and snapshots: ``kind`` says which.

An integration is the account's: its name has one part.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sfml.emulator.catalog import Kind
from sfml.emulator.statements.commands.base import ALL, Options
from sfml.emulator.statements.names import ObjectName, ShowFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateObject:
    """Options that name other objects hold a tuple of :class:`ObjectName`, or the word ALL or NONE."""

    kind: Kind
    name: ObjectName
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterObject:
    """``action`` is SET or UNSET (the names are the keys of ``options``)."""

    kind: Kind
    name: ObjectName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropObject:
    kind: Kind
    name: ObjectName
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowObjects:
    kind: Kind
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeObject:
    kind: Kind
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowImages:
    repository: ObjectName
    like: str | None = None

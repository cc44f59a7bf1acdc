"""Stages and their files."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfml.emulator.statements.commands.base import ALL, Options
from sfml.emulator.statements.names import ObjectName, ShowFilter, StagePath


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateStage:
    name: ObjectName
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterStage:
    """``action`` is SET, UNSET, REFRESH or RENAME (``new_name``)."""

    name: ObjectName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    new_name: ObjectName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DropStage:
    name: ObjectName
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowStages:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeStage:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """``source`` is the local path as written, without ``file://``."""

    source: str
    target: StagePath
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Get:
    """``target`` is the local directory as written, without ``file://``."""

    source: StagePath
    target: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFiles:
    location: StagePath
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveFiles:
    location: StagePath
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyFiles:
    source: StagePath
    target: StagePath
    files: tuple[str, ...] = ()
    pattern: str | None = None
    detailed: bool = True

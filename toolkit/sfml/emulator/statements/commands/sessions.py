"""Statements about the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfml.emulator.statements.commands.base import ALL, Options
from sfml.emulator.statements.names import SchemaName, ShowFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class UseDatabase:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UseSchema:
    name: SchemaName


@dataclass(frozen=True, kw_only=True, slots=True)
class UseWarehouse:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UseRole:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UseSecondaryRoles:
    """``mode`` is ALL or NONE."""

    mode: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterSession:
    """Either ``options`` to set or the names to ``unset``."""

    options: Options = field(default_factory=dict)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SetVariables:
    """``SET x = …``; values are literals, or the text of an expression for the engine in ``expressions``."""

    names: tuple[str, ...]
    expressions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsetVariables:
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    """``action`` is BEGIN, COMMIT or ROLLBACK."""

    action: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowParameters:
    """The filter's ``scope_kind`` may also be SESSION, WAREHOUSE, USER, SERVICE and so on."""

    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowRegions:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowVariables:
    filter: ShowFilter = ALL

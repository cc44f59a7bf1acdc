"""Databases, schemas and warehouses."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfml.emulator.statements.commands.base import ALL, Options
from sfml.emulator.statements.names import SchemaName, ShowFilter


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateDatabase:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    transient: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterDatabase:
    """``action`` is SET, UNSET (options' names in ``options``) or RENAME (``new_name``)."""

    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    new_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DropDatabase:
    name: str
    if_exists: bool = False
    restrict: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowDatabases:
    filter: ShowFilter = ALL
    terse: bool = False
    history: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeDatabase:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateSchema:
    name: SchemaName
    or_replace: bool = False
    if_not_exists: bool = False
    transient: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterSchema:
    name: SchemaName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    new_name: SchemaName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DropSchema:
    name: SchemaName
    if_exists: bool = False
    restrict: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowSchemas:
    filter: ShowFilter = ALL
    terse: bool = False
    history: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeSchema:
    name: SchemaName


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateWarehouse:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterWarehouse:
    """``action`` is SUSPEND, RESUME, ABORT ALL QUERIES, SET or UNSET."""

    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropWarehouse:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowWarehouses:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeWarehouse:
    name: str

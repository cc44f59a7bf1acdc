"""Compute pools, services, jobs, and calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sfml.emulator.statements.commands.base import ALL, Options
from sfml.emulator.statements.names import ObjectName, ShowFilter, StagePath


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateComputePool:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterComputePool:
    """``action`` is SUSPEND, RESUME, STOP ALL, SET or UNSET (the names are the keys of ``options``)."""

    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropComputePool:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowComputePools:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeComputePool:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowComputePoolInstanceFamilies:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecSource:
    """A specification: its ``text``, or a ``file`` on a stage; a template takes the values of ``using``."""

    text: str | None = None
    stage: StagePath | None = None
    file: str = ""
    template: bool = False
    using: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateService:
    name: ObjectName
    pool: str
    source: SpecSource
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecuteJob:
    """``EXECUTE JOB SERVICE``; the option NAME holds an :class:`ObjectName`."""

    pool: str
    source: SpecSource
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterService:
    """``action`` is SUSPEND, RESUME, FROM (``source``), SET, UNSET or RESTORE VOLUME (the last three)."""

    name: ObjectName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    source: SpecSource | None = None
    volume: str = ""
    instances: tuple[int, ...] = ()
    snapshot: ObjectName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeService:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class DropService:
    name: ObjectName
    if_exists: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServices:
    """``jobs`` is BOTH, ONLY (SHOW JOB SERVICES) or EXCLUDE (SHOW SERVICES EXCLUDE JOBS)."""

    filter: ShowFilter = ALL
    jobs: str = "BOTH"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServiceInstances:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServiceContainers:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowEndpoints:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServiceRoles:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateSnapshot:
    """Of the block ``volume`` of one instance of a service."""

    name: ObjectName
    service: ObjectName
    volume: str
    instance: int
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """``CALL f(…)``, ``SELECT f(…)`` or ``CALL db.sch.svc!method(…)`` with literal arguments.

    ``function`` is upper-case (``SYSTEM$EXECUTE_ML_JOB``, ``SPCS_WAIT_FOR``); ``target`` is the service
    before the ``!``; ``column`` names the answer's column (the alias, else the function or the expression).
    """

    function: str
    column: str
    target: ObjectName | None = None
    args: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)

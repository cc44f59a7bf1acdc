"""Compute pools: what the catalog keeps of them, and the state that follows from the jobs on them.

Nodes are this machine, so they are there at once; the states while they are made are shown for a moment only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sfml.emulator.catalog import Catalog, Kind, Name, Record
from sfml.emulator.faults import Fault, invalid, missing
from sfml.emulator.services.model import Service
from sfml.specs.families import FAMILIES, Family

_STARTING = timedelta(seconds=1)
# The two pools that each account has (Snowflake's "Working with compute pools", default compute pools).
_SYSTEM = {"SYSTEM_COMPUTE_POOL_CPU": ("CPU_X64_S", 150), "SYSTEM_COMPUTE_POOL_GPU": ("GPU_NV_S", 25)}
_SYSTEM_AUTO_SUSPEND = 600
DEFAULTS: Mapping[str, Any] = {"auto_resume": True, "auto_suspend_secs": 3600}
"""CREATE COMPUTE POOL's defaults, and what UNSET returns to."""
_ONLY_SUSPENDED = ("instance_family", "placement_group")


class PoolState(StrEnum):
    STARTING = "STARTING"
    IDLE = "IDLE"
    ACTIVE = "ACTIVE"
    STOPPING = "STOPPING"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Of one pool: nodes taken by instances, jobs and services that are not over, when it was last used."""

    nodes: int = 0
    jobs: int = 0
    services: int = 0
    # Services among them that are suspended.
    resting: int = 0
    # Instances that wait for a node.
    waiting: int = 0
    last: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolView:
    """A pool at one moment."""

    record: Record
    state: PoolState
    usage: Usage
    target_nodes: int
    idle_nodes: int

    def __getitem__(self, name: str) -> Any:
        """A stored property."""
        return self.record.properties.get(name)


def usage_of(there: Mapping[int, Service], running: Sequence[int], last: datetime | None) -> Usage:
    """Of a pool with these services and jobs; ``running`` names one for each node that is taken."""
    return Usage(
        nodes=sum(number in there for number in running),
        jobs=sum(service.is_job for service in there.values()),
        services=sum(not service.is_job for service in there.values()),
        resting=sum(service.suspended for service in there.values()),
        waiting=sum(i.placed_on is None for service in there.values() for i in service.instances),
        last=last,
    )


class Pools:
    """The account's pools in the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def ensure_system(self, owner: str, *, now: datetime) -> None:
        """Create the pools that every account has, where they are missing; anybody may use them."""
        for name, (family, nodes) in _SYSTEM.items():
            if self._catalog.get(Kind.COMPUTE_POOL, Name(name=name)) is None:
                given = {"instance_family": family, "min_nodes": 1, "max_nodes": nodes}
                extra = {"auto_suspend_secs": _SYSTEM_AUTO_SUSPEND, "suspended": True}
                made = self.create(name, {**given, **extra}, owner=owner, comment=None, now=now)
                self._catalog.open_to_all(made, "USAGE")

    def create(
        self, name: str, given: Mapping[str, Any], *, owner: str, comment: str | None, now: datetime
    ) -> Record:
        """The new pool; :class:`Fault` when its name is taken or a value cannot be."""
        kept = {"suspended": False, **DEFAULTS, **given, "resumed_on": now.isoformat()}
        check(kept)
        return self._catalog.create(
            Kind.COMPUTE_POOL, Name(name=name), owner=owner, comment=comment, properties=kept
        )

    def get(self, name: str) -> Record:
        found = self._catalog.get(Kind.COMPUTE_POOL, Name(name=name))
        if found is None:
            raise missing(Kind.COMPUTE_POOL, name)
        return found

    def all(self) -> list[Record]:
        return self._catalog.find(Kind.COMPUTE_POOL)

    def change(self, record: Record, changes: Mapping[str, Any], *, comment: str | None = None) -> Record:
        """The pool with other properties; what needs a suspended pool is refused on a running one."""
        for name in _ONLY_SUSPENDED:
            if name in changes and changes[name] != record.properties.get(name) and not suspended(record):
                pool = f"compute pool '{record.name}'"
                raise invalid(f"{name.upper()} of {pool} can be changed only when it is suspended.")
        check({**record.properties, **changes})
        return self._catalog.update(record, properties=changes, comment=comment)

    def suspend(self, record: Record) -> Record:
        return self._catalog.update(record, properties={"suspended": True})

    def resume(self, record: Record, *, now: datetime) -> Record:
        if not suspended(record):
            return record
        return self._catalog.update(record, properties={"suspended": False, "resumed_on": now.isoformat()})

    def drop(self, record: Record) -> None:
        self._catalog.drop(record)


def suspended(record: Record) -> bool:
    return bool(record.properties["suspended"])


def resumed_on(record: Record) -> datetime:
    return datetime.fromisoformat(record.properties["resumed_on"])


def family(record: Record) -> Family:
    return FAMILIES[record.properties["instance_family"]]


def idle_too_long(record: Record, usage: Usage, now: datetime) -> bool:
    """Whether AUTO_SUSPEND_SECS are over without a job."""
    limit = record.properties["auto_suspend_secs"]
    if suspended(record) or usage.jobs or usage.services > usage.resting or not limit:
        return False
    since = max(resumed_on(record), usage.last or resumed_on(record))
    return now - since >= timedelta(seconds=limit)


def view(record: Record, usage: Usage, now: datetime) -> PoolView:
    """The pool's state and node counts: at least ``min_nodes``, more as jobs take them."""
    state = _state(record, usage, now)
    target = 0 if suspended(record) else max(record.properties["min_nodes"], usage.nodes)
    up = target if state is not PoolState.STARTING else 0
    return PoolView(
        record=record, state=state, usage=usage, target_nodes=target, idle_nodes=max(up - usage.nodes, 0)
    )


def check(kept: Mapping[str, Any]) -> None:
    """:class:`Fault` for a family that there is not, or counts that cannot be."""
    if kept["instance_family"] not in FAMILIES:
        raise invalid(f"Invalid instance family '{kept['instance_family']}'.")
    low, high = kept["min_nodes"], kept["max_nodes"]
    if low < 1:
        raise _bad_value(low, "MIN_NODES", "it must be at least 1")
    if high < low:
        raise _bad_value(high, "MAX_NODES", f"it must be at least MIN_NODES ({low})")
    if kept["auto_suspend_secs"] < 0:
        raise _bad_value(kept["auto_suspend_secs"], "AUTO_SUSPEND_SECS", "it must not be negative")


def _bad_value(value: object, name: str, reason: str) -> Fault:
    return invalid(f"invalid value [{value}] for parameter '{name}': {reason}.")


def _state(record: Record, usage: Usage, now: datetime) -> PoolState:
    if suspended(record):
        return PoolState.STOPPING if usage.nodes else PoolState.SUSPENDED
    if usage.nodes:
        return PoolState.ACTIVE
    return PoolState.STARTING if now - resumed_on(record) < _STARTING else PoolState.IDLE

"""Snapshots of block volumes: the executor keeps their files, under names of their own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sfml.emulator.catalog import Catalog, Kind, Name, Record
from sfml.emulator.executors.base import Executor
from sfml.emulator.faults import Fault
from sfml.emulator.services import volumes
from sfml.emulator.services.model import Service

CREATED = "CREATED"
_BACKUP = "SYS_BACKUP_ON_DELETE"
"""How the names of those begin that are made when a volume is deleted (the page on block storage)."""
_KEPT_FOR = "7d"
_UNITS = {"h": "hours", "d": "days"}


class Snapshots:
    """Those of one server. A snapshot has one state here: it is written down when its files are there."""

    def __init__(self, catalog: Catalog, executor: Executor, clock: Callable[[], datetime]) -> None:
        self._catalog = catalog
        self._executor = executor
        self._clock = clock

    def take(self, service: Service, volume: Mapping[str, Any], instance: int) -> dict[str, Any]:
        """What the catalog is to keep of a snapshot whose files are copied now; 395106 if they cannot be."""
        kept = f"snapshot-{secrets.token_hex(8)}"
        try:
            self._executor.copy(volumes.name(service, instance, volume["name"]), kept)
        except OSError as error:
            what = f"volume '{volume['name']}' of instance {instance} of service {service.name.name}"
            text = f"Failed to take a snapshot of {what}: {error}."
            raise Fault("395106", "58030", text) from None
        return _properties(service, volume, instance, kept)

    def back_up(self, service: Service, volume: Mapping[str, Any], instance: int) -> None:
        """A snapshot with a copy of a volume that is about to be deleted."""
        self._store_backup(service, volume, self.take(service, volume, instance))

    def take_over(self, service: Service) -> frozenset[str]:
        """Make snapshots of the block volumes of a service that goes; the executor's names of those."""
        found = []
        for volume, instance, kept in volumes.each(service):
            if volumes.saved_on_delete(volume, service) and self._executor.holds(kept):
                self._store_backup(service, volume, _properties(service, volume, instance, kept))
                found.append(kept)
        return frozenset(found)

    def restore(self, kept: str, target: str) -> None:
        """Put the files of a snapshot in the place of a volume; 395106 if that fails."""
        self._executor.forget(target)
        try:
            self._executor.copy(kept, target)
        except OSError as error:
            raise Fault("395106", "58030", f"Failed to restore the volume: {error}.") from None

    def forget(self, record: Record) -> None:
        """Delete the files of a snapshot that the catalog has no more."""
        self._executor.forget(record.properties["kept"])

    def expire(self) -> None:
        """Drop those whose time is over."""
        now = self._clock()
        for record in self._catalog.find(Kind.SNAPSHOT):
            expires = record.properties["expires"]
            if expires and datetime.fromisoformat(expires) <= now:
                self._catalog.drop(record)
                self.forget(record)

    def _store_backup(self, service: Service, volume: Mapping[str, Any], properties: dict[str, Any]) -> None:
        now = self._clock()
        name = f"{_BACKUP}{secrets.token_hex(4).upper()}_{now:%Y%m%d%H%M%S}"
        after = (volume.get("blockConfig") or {}).get("snapshotDeleteAfter") or _KEPT_FOR
        expires = now + timedelta(**{_UNITS[after[-1]]: int(after[:-1])})
        self._catalog.create(
            Kind.SNAPSHOT,
            Name(name=name, schema=service.name.schema, database=service.name.database),
            owner=service.record.owner,
            properties={**properties, "expires": expires.isoformat()},
        )


def content(name: Name, catalog: Catalog) -> str:
    """The executor's name of a snapshot's files, also of one that was dropped; '' if there never was one."""
    found = catalog.find(Kind.SNAPSHOT, database=name.database, schema=name.schema, dropped=True)
    named = [record for record in found if record.name == name]
    return str(max(named, key=lambda record: record.id).properties["kept"]) if named else ""


def _properties(service: Service, volume: Mapping[str, Any], instance: int, kept: str) -> dict[str, Any]:
    return {
        "state": CREATED,
        "service": str(service.name),
        "volume": volume["name"],
        "instance": instance,
        "size": volumes.gibibytes(volume),
        "encryption": volumes.encryption(volume),
        "kept": kept,
        "expires": None,
    }

"""Block volumes: which a specification has, and their names at the executor, which keeps their files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sfml.emulator.services.model import Service


def blocks(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The block volumes that a specification defines."""
    return tuple(volume for volume in spec["spec"].get("volumes", ()) if volume.get("source") == "block")


def name(service: Service, instance: int, volume: str) -> str:
    """The name under which every run of the instance finds the volume."""
    return f"{service.record.id}-{instance}-{volume}"


def owner(volume: Mapping[str, Any]) -> tuple[int, int] | None:
    """User and group that a volume belongs to; None where the specification leaves it to root."""
    if "uid" not in volume and "gid" not in volume:
        return None
    return int(volume.get("uid", 0)), int(volume.get("gid", 0))


def kept(service: Service) -> tuple[str, ...]:
    """The names of all that the service may have; their number cannot be changed while it lives."""
    return tuple(kept for _, _, kept in each(service))


def each(service: Service) -> Iterator[tuple[Mapping[str, Any], int, str]]:
    """All block volumes that the service may have: definition, instance, and name at the executor."""
    for volume in blocks(service.spec):
        for number in range(service.maximum):
            yield volume, number, name(service, number, volume["name"])


def saved_on_delete(volume: Mapping[str, Any], service: Service) -> bool:
    """Whether a snapshot is made before the volume goes: for services, unless the specification says no."""
    asked = (volume.get("blockConfig") or {}).get("snapshotOnDelete")
    return not service.is_job if asked is None else bool(asked)


def source(volume: Mapping[str, Any]) -> str:
    """The name of the snapshot that the volume begins with; '' where it begins empty."""
    initial = (volume.get("blockConfig") or {}).get("initialContents") or {}
    return str(initial.get("fromSnapshot", ""))


def encryption(volume: Mapping[str, Any]) -> str:
    return str((volume.get("blockConfig") or {}).get("encryption") or "SNOWFLAKE_SSE")


def gibibytes(volume: Mapping[str, Any]) -> int:
    """Its size, which a specification gives in Gi."""
    return int(str(volume["size"]).removesuffix("Gi"))

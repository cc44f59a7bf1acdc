"""Block volumes: which a specification has, and their names at the executor, which keeps their files."""

from __future__ import annotations

from collections.abc import Mapping
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
    found = blocks(service.spec)
    return tuple(name(service, number, one["name"]) for one in found for number in range(service.maximum))

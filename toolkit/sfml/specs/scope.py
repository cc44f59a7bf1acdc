"""What a rule may know beside the value that it looks at: the rest of the spec, and what it is to run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sfml.specs.words import placeholder

if TYPE_CHECKING:  # the table is read only where a family is named
    from sfml.specs.families import Family

# Stands for a template expression whose value is not known; Unicode keeps this character for private use.
HOLE = "\ue000"
Maps = list[tuple[int, dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the spec is to be: ``service`` or ``job``, on which family, on which clouds; empty is unknown."""

    kind: str = ""
    family: Family | None = None
    clouds: frozenset[str] = frozenset()


class Scope:
    """The parts of one spec that rules look across; parts of the wrong kind are left out."""

    def __init__(self, spec: Mapping[str, Any], target: Target) -> None:
        self.spec = spec
        self.target = target

    @cached_property
    def containers(self) -> Maps:
        """The containers with their indexes."""
        return maps(self.spec, "containers", "container")

    @cached_property
    def endpoints(self) -> Maps:
        """The endpoints with their indexes."""
        return maps(self.spec, "endpoints", "endpoint")

    @cached_property
    def volumes(self) -> Maps:
        """The volumes with their indexes."""
        return maps(self.spec, "volumes", "volume")

    @cached_property
    def volume_names(self) -> frozenset[str]:
        """The names of the volumes."""
        return names(self.volumes)

    @cached_property
    def endpoint_names(self) -> frozenset[str]:
        """The names of the endpoints."""
        return names(self.endpoints)

    @cached_property
    def volumes_are_open(self) -> bool:
        """Whether a template may add volumes, or name them."""
        return self._is_open("volumes", "volume", self.volume_names)

    @cached_property
    def endpoints_are_open(self) -> bool:
        """Whether a template may add endpoints, or name them."""
        return self._is_open("endpoints", "endpoint", self.endpoint_names)

    def _is_open(self, key: str, legacy: str, known: frozenset[str]) -> bool:
        return unknown(self.spec.get(key)) or unknown(self.spec.get(legacy)) or any(map(unknown, known))

    def mount_paths(self, volume: str) -> list[str]:
        """Where the containers mount the volume."""
        mounts = [mount for _, container in self.containers for _, mount in maps(container, "volumeMounts")]
        paths = [mount.get("mountPath") for mount in mounts if mount.get("name") == volume]
        return [path for path in paths if type(path) is str]


def maps(parent: object, *keys: str) -> Maps:
    """The maps in the list below the first of ``keys`` that is there, each with its index."""
    if type(parent) is not dict:
        return []
    for key in keys:
        value = parent.get(key)
        if type(value) is list:
            return [(index, item) for index, item in enumerate(value) if type(item) is dict]
    return []


def names(items: Maps) -> frozenset[str]:
    """The names of the items that have one."""
    return frozenset(name for _, item in items if type(name := item.get("name")) is str)


def templated(value: object) -> bool:
    """Whether the value holds a template expression."""
    return type(value) is str and HOLE in value


def unknown(value: object) -> bool:
    """Whether the value holds a template expression or a placeholder, so that it equals no other."""
    return type(value) is str and (HOLE in value or ("<" in value and placeholder(value)))


def texts_of(items: object, key: str) -> Iterator[tuple[int, str]]:
    """The texts that the maps of a list have under a key, each with its index."""
    for index, item in enumerate(items if type(items) is list else ()):
        value = item.get(key) if type(item) is dict else None
        if type(value) is str:
            yield index, value

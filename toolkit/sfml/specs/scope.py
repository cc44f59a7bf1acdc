"""What a rule may know beside the value that it looks at: the rest of the spec, and what it is to run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import TYPE_CHECKING, Any

from sfml.specs.words import placeholder

if TYPE_CHECKING:  # the table is read only where a family is named
    from sfml.specs.families import Family

# Stands for a template expression whose value is not known; Unicode keeps this character for private use.
HOLE = "\ue000"
Maps = list[tuple[int, dict[str, Any]]]


class Knowledge(Flag):
    """What is known of the place that a spec is to run at, and lets more rules speak."""

    NOTHING = 0
    JOB = auto()
    FAMILY = auto()


def published_families() -> Mapping[str, Family]:
    """The families that Snowflake documents, by name."""
    from sfml.specs.families import FAMILIES

    return FAMILIES


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the spec is to be, service or job, on which family, on which clouds; empty is unknown.

    ``families`` are those that a comment in a spec may name; it is called when one does.
    """

    kind: str = ""
    family: Family | None = None
    clouds: frozenset[str] = frozenset()
    families: Callable[[], Mapping[str, Family]] = published_families

    @property
    def knowledge(self) -> Knowledge:
        """What the rules may rely on."""
        job = Knowledge.JOB if self.kind == "job" else Knowledge.NOTHING
        return job | (Knowledge.FAMILY if self.family else Knowledge.NOTHING)


class Scope:
    """The parts of one spec that rules look across; parts of the wrong kind are left out.

    ``containers``, ``endpoints`` and ``volumes`` are the maps of those lists with their indexes; ``mounts``
    has the paths that each volume is mounted at, by its name.
    """

    __slots__ = (
        "containers",
        "endpoint_names",
        "endpoints",
        "mounts",
        "spec",
        "target",
        "volume_names",
        "volumes",
    )

    def __init__(self, spec: Mapping[str, Any], target: Target) -> None:
        self.spec = spec
        self.target = target
        self.containers = maps(spec, "containers", "container")
        self.endpoints = maps(spec, "endpoints", "endpoint")
        self.volumes = maps(spec, "volumes", "volume")
        self.endpoint_names = names(self.endpoints)
        self.volume_names = names(self.volumes)
        self.mounts = _mounts(self.containers)

    def volumes_are_open(self) -> bool:
        """Whether a template may add volumes, or name them."""
        return self._is_open("volumes", "volume", self.volume_names)

    def endpoints_are_open(self) -> bool:
        """Whether a template may add endpoints, or name them."""
        return self._is_open("endpoints", "endpoint", self.endpoint_names)

    def _is_open(self, key: str, legacy: str, known: frozenset[str]) -> bool:
        return unknown(self.spec.get(key)) or unknown(self.spec.get(legacy)) or any(map(unknown, known))

    def mounts_are_open(self) -> bool:
        """Whether a template may add mounts, or name them."""
        lists = [container.get("volumeMounts") for _, container in self.containers]
        return any(map(unknown, lists)) or any(map(unknown, self.mounts))


def _mounts(containers: Maps) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, container in containers:
        mounts = container.get("volumeMounts")
        for mount in mounts if type(mounts) is list else ():
            name = mount.get("name") if type(mount) is dict else None
            if type(name) is str:
                path = mount.get("mountPath")
                found.setdefault(name, []).append(path if type(path) is str else "")
    return found


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

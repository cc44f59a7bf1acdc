"""What is known of a job or service when the question is why it does not run (records only)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sfml.pools import Pool
from sfml.specs.families import FAMILIES, Family
from sfml.specs.model import Container, Specification

# What a container's state says when there is nothing to say (docs.snowflake.com, "Monitoring services").
_SAYS_NOTHING = ("", "Running", "Waiting to start")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The job or service in question; ``spec`` is None where this role may not see it."""

    name: str
    kind: str
    spec: Specification | None = None
    containers: tuple[str, ...] = ("main",)
    instances: int = 1
    integrations: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ContainerState:
    """A row of SHOW SERVICE CONTAINERS: one container of one instance."""

    name: str
    instance: str = "0"
    status: str = ""
    message: str = ""
    image: str = ""
    restarts: int = 0
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """A row of SPCS_GET_EVENTS: what the platform did, and with which container."""

    time: str = ""
    severity: str = "INFO"
    name: str = ""
    status: str = ""
    message: str = ""
    container: str | None = None
    instance: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that was found; ``images`` is what the repository of a missing image has.

    ``lines`` are the last ones of each container's log, by its name.
    """

    name: str
    status: str
    kind: str = "job"
    containers: Sequence[ContainerState] = ()
    events: Sequence[Event] = ()
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    spec: Specification | None = None
    pool: Pool | None = None
    families: Mapping[str, Family] = field(default_factory=lambda: FAMILIES)
    images: Sequence[str] | None = None
    integrations: Sequence[str] = ()
    role: str = "<your role>"

    @property
    def family(self) -> Family | None:
        """The instance family of the pool, where it is known."""
        return self.families.get(self.pool.family) if self.pool else None

    @property
    def messages(self) -> list[tuple[str | None, str]]:
        """What the platform says now, with the container concerned; where that is nothing, its last event."""
        now = [(state.name, state.message) for state in self.containers if state.message not in _SAYS_NOTHING]
        if now or any(state.exit_code is not None for state in self.containers):
            return [*now]
        newest = {event.container: event.message for event in reversed(self.events) if event.message}
        return list(newest.items())

    @property
    def failed(self) -> ContainerState | None:
        """The container that ended badly: one with an exit code, else one that never started."""
        ended = [container for container in self.containers if container.exit_code]
        bad = [container for container in self.containers if container.status == "FAILED"]
        return next(iter([*ended, *bad]), None)

    def container(self, name: str | None) -> Container | None:
        """The container of this name in the spec; its only one where no name is known."""
        found = self.spec.spec.containers if self.spec else ()
        if name is None and len(found) == 1:
            return found[0]
        return next((container for container in found if container.name == name), None)

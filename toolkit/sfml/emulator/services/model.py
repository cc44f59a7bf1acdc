"""A service or a job as a value, and how the catalog keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sfml.emulator.catalog import Name, Record
from sfml.emulator.services import states
from sfml.emulator.services.states import ContainerStatus, InstanceStatus, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One container of an instance. ``exit_code`` is that of its last end, None before the first."""

    name: str
    status: ContainerStatus = ContainerStatus.PENDING
    message: str = states.NO_ROOM
    restarts: int = 0
    started_on: datetime | None = None
    restarted_on: datetime | None = None
    exit_code: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One replica. Times are None until they happened, ``exit_code`` until a job's run has ended."""

    id: int
    containers: tuple[Container, ...] = ()
    status: InstanceStatus = InstanceStatus.PENDING
    message: str = states.NO_ROOM
    # When it got a node: from then on it may have had effects, so a job's is never started again.
    placed_on: datetime | None = None
    started_on: datetime | None = None
    ended_on: datetime | None = None
    exit_code: int | None = None
    created_on: datetime | None = None
    # The specification that it runs, or will run: an upgrade changes that of one instance after another.
    spec_digest: str = ""

    def container(self, name: str) -> Container:
        """KeyError when there is none of that name."""
        for container in self.containers:
            if container.name == name:
                return container
        raise KeyError(name)

    def with_container(self, container: Container) -> Instance:
        found = tuple(container if old.name == container.name else old for old in self.containers)
        return replace(self, containers=found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A service or job at one moment. ``spec`` is its specification, checked and complete.

    ``minimum`` is how many instances a job must see succeed, and how many of a service must be ready
    (MIN_READY_INSTANCES); ``replicas`` how many there are to be (MIN_INSTANCES), ``maximum`` the most.
    """

    record: Record
    is_job: bool = True
    status: Status = Status.PENDING
    message: str
    pool: str
    spec: Mapping[str, Any]
    spec_digest: str
    minimum: int
    replicas: int
    maximum: int
    asynchronous: bool = False
    instances: tuple[Instance, ...]
    query_id: str = ""
    query_warehouse: str | None = None
    integrations: tuple[str, ...] = ()
    auto_resume: bool = True
    auto_suspend_secs: int = 0
    log_level: str | None = None
    # Digests of images by their name in the specification, as they were when it was given.
    images: Mapping[str, str]
    # Why no node can ever hold an instance; '' when one can.
    unschedulable: str = ""
    # Names of volumes that are stages on which the owner has no WRITE.
    read_only: tuple[str, ...] = ()
    resumed_on: datetime | None = None
    suspended_on: datetime | None = None
    completed_on: datetime | None = None

    @property
    def name(self) -> Name:
        return self.record.name

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it: a job that ended, and what was dropped."""
        return not self.transitions[self.status]

    @property
    def suspended(self) -> bool:
        return self.status in (Status.SUSPENDING, Status.SUSPENDED)

    @property
    def transitions(self) -> states.Transitions:
        return states.JOB if self.is_job else states.SERVICE

    @property
    def containers(self) -> tuple[Mapping[str, Any], ...]:
        """The specification's containers."""
        return tuple(self.spec["spec"]["containers"])

    def instance(self, number: int) -> Instance | None:
        return next((instance for instance in self.instances if instance.id == number), None)

    def with_instance(self, instance: Instance) -> Service:
        """The service with that instance's new state."""
        instances = tuple(instance if old.id == instance.id else old for old in self.instances)
        return replace(self, instances=instances)

    def new_instance(self, number: int, at: datetime) -> Instance:
        """One that waits for a node."""
        message = self.unschedulable or states.NO_ROOM
        names = [container["name"] for container in self.containers]
        return Instance(
            id=number,
            containers=tuple(Container(name=name, message=message) for name in names),
            message=message,
            created_on=at,
            spec_digest=self.spec_digest,
        )

    def to(self, status: Status, *, at: datetime, message: str | None = None) -> Service:
        """The service in its next state; an unlawful step is a bug."""
        if status is self.status:
            return self
        assert status in self.transitions[self.status], f"{self.name}: {self.status} -> {status}"
        texts = states.JOB_TEXTS if self.is_job else states.SERVICE_TEXTS
        moved = replace(self, status=status, message=texts[status] if message is None else message)
        return replace(moved, completed_on=at if moved.over else None)


_PLAIN = (
    "is_job", "status", "message", "pool", "spec_digest", "minimum", "replicas", "maximum", "asynchronous",
    "query_id", "query_warehouse", "auto_resume", "auto_suspend_secs", "log_level", "unschedulable",
)  # fmt: skip
_TIMES = ("resumed_on", "suspended_on", "completed_on")
_INSTANCE = ("id", "status", "message", "exit_code", "spec_digest")
_INSTANCE_TIMES = ("placed_on", "started_on", "ended_on", "created_on")
_CONTAINER = ("name", "status", "message", "restarts", "exit_code")
_CONTAINER_TIMES = ("started_on", "restarted_on")


def properties(service: Service) -> dict[str, Any]:
    """What the catalog keeps of a service beside its name, owner, comment and times."""
    return {
        **_kept(service, _PLAIN, _TIMES),
        "spec": dict(service.spec),
        "images": dict(service.images),
        "integrations": list(service.integrations),
        "read_only": list(service.read_only),
        "instances": [
            {
                **_kept(instance, _INSTANCE, _INSTANCE_TIMES),
                "containers": [_kept(one, _CONTAINER, _CONTAINER_TIMES) for one in instance.containers],
            }
            for instance in service.instances
        ],
    }


def from_record(record: Record) -> Service:
    """The service that the catalog's record describes."""
    kept = record.properties
    return Service(
        record=record,
        **{
            **_read(kept, _PLAIN, _TIMES),
            "status": Status(kept["status"]),
            "spec": kept["spec"],
            "images": kept["images"],
            "integrations": tuple(kept["integrations"]),
            "read_only": tuple(kept["read_only"]),
            "instances": tuple(map(_instance, kept["instances"])),
        },
    )


def _instance(kept: Mapping[str, Any]) -> Instance:
    found = _read(kept, _INSTANCE, _INSTANCE_TIMES)
    containers = tuple(map(_container, kept["containers"]))
    return Instance(**{**found, "status": InstanceStatus(kept["status"]), "containers": containers})


def _container(kept: Mapping[str, Any]) -> Container:
    found = _read(kept, _CONTAINER, _CONTAINER_TIMES)
    return Container(**{**found, "status": ContainerStatus(kept["status"])})


def _kept(value: object, plain: tuple[str, ...], times: tuple[str, ...]) -> dict[str, Any]:
    found = {name: getattr(value, name) for name in plain}
    return {**found, **{name: _text(getattr(value, name)) for name in times}}


def _read(kept: Mapping[str, Any], plain: tuple[str, ...], times: tuple[str, ...]) -> dict[str, Any]:
    return {**{name: kept[name] for name in plain}, **{name: _time(kept[name]) for name in times}}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

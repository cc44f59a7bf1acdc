"""The states of services and jobs, of their instances and containers, and which follows which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Status(StrEnum):
    """``status`` of DESCRIBE SERVICE."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    # jobs
    DONE = "DONE"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    # services
    SUSPENDING = "SUSPENDING"
    SUSPENDED = "SUSPENDED"
    DELETED = "DELETED"


class InstanceStatus(StrEnum):
    """``status`` of SHOW SERVICE INSTANCES."""

    PENDING = "PENDING"
    READY = "READY"
    TERMINATING = "TERMINATING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        return self in (InstanceStatus.SUCCEEDED, InstanceStatus.FAILED)


class ContainerStatus(StrEnum):
    """``status`` of SHOW SERVICE CONTAINERS."""

    PENDING = "PENDING"
    READY = "READY"
    TERMINATING = "TERMINATING"
    DONE = "DONE"
    FAILED = "FAILED"


Transitions = Mapping[Status, frozenset[Status]]
_ENDED_BY_US = frozenset(
    {Status.FAILED, Status.CANCELLING, Status.INTERNAL_ERROR, Status.DELETED, Status.CANCELLED}
)
JOB: Transitions = {
    Status.PENDING: frozenset({Status.RUNNING, Status.DONE}) | _ENDED_BY_US,
    Status.RUNNING: frozenset({Status.DONE}) | _ENDED_BY_US,
    Status.CANCELLING: frozenset({Status.CANCELLED, Status.DELETED}),
    Status.DONE: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.INTERNAL_ERROR: frozenset(),
    Status.DELETED: frozenset(),
}
"""How a job goes on; what nothing follows is its end."""
_WHILE_UP = frozenset({Status.PENDING, Status.RUNNING, Status.FAILED, Status.SUSPENDING, Status.DELETED})
SERVICE: Transitions = {
    Status.PENDING: _WHILE_UP,
    Status.RUNNING: _WHILE_UP,
    Status.FAILED: _WHILE_UP,
    Status.SUSPENDING: frozenset({Status.SUSPENDED, Status.PENDING, Status.DELETED}),
    Status.SUSPENDED: frozenset({Status.PENDING, Status.DELETED}),
    Status.DELETED: frozenset(),
}
"""How a service goes on: a failed one is tried again until it is dropped or suspended."""

# The messages of Snowflake's page "Monitoring services"; that of DONE is the job history's example.
JOB_TEXTS: Mapping[Status, str] = {
    Status.PENDING: "Job is pending",
    Status.RUNNING: "Job is running",
    Status.DONE: "Job completed successfully.",
    Status.FAILED: "Job has failed",
    Status.CANCELLING: "Job is being canceled",
    Status.CANCELLED: "Job has been canceled",
    Status.INTERNAL_ERROR: "Job has encountered an error",
    Status.DELETED: "Job was deleted before it ended",
}
SERVICE_TEXTS: Mapping[Status, str] = {
    Status.PENDING: "Service is pending",
    Status.RUNNING: "Service is ready",
    Status.FAILED: "Service has failed",
    Status.SUSPENDING: "Service is suspending",
    Status.SUSPENDED: "Service has suspended",
    Status.DELETED: "Service has been deleted",
}
# Container messages of the page "Monitoring services".
WAITING = "Waiting to start"
NO_ROOM = "Unschedulable due to insufficient resources"
RUNNING = "Running"
COMPLETED = "Completed successfully"
USER_ERROR = "User application error, check container logs"


def status_of(instances: Sequence[InstanceStatus], minimum: int) -> Status:
    """The job's status by its instances': one failure fails it; done is it when enough have succeeded."""
    found = set(instances)
    if InstanceStatus.FAILED in found:
        return Status.FAILED
    if found == {InstanceStatus.PENDING}:
        return Status.PENDING
    started = found - {InstanceStatus.PENDING}
    enough = sum(status is InstanceStatus.SUCCEEDED for status in instances) >= minimum
    return Status.DONE if started == {InstanceStatus.SUCCEEDED} and enough else Status.RUNNING


def service_status(instances: Sequence[InstanceStatus], minimum: int) -> Status:
    """A service's: it runs when enough instances are ready; else it failed if one of them did."""
    if sum(status is InstanceStatus.READY for status in instances) >= minimum:
        return Status.RUNNING
    return Status.FAILED if InstanceStatus.FAILED in instances else Status.PENDING


def instance_status(containers: Sequence[ContainerStatus]) -> InstanceStatus:
    """That of an instance that runs: a failed container fails it, all ready ones make it ready."""
    if ContainerStatus.FAILED in containers:
        return InstanceStatus.FAILED
    pending = ContainerStatus.PENDING in containers
    return InstanceStatus.PENDING if pending else InstanceStatus.READY

"""The states of jobs, of their instances and containers, and which follows which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Status(StrEnum):
    """``status`` of DESCRIBE SERVICE, for jobs."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    DELETED = "DELETED"

    @property
    def final(self) -> bool:
        return not TRANSITIONS[self]


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


_ENDED_BY_US = frozenset(
    {Status.FAILED, Status.CANCELLING, Status.INTERNAL_ERROR, Status.DELETED, Status.CANCELLED}
)
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.DONE}) | _ENDED_BY_US,
    Status.RUNNING: frozenset({Status.DONE}) | _ENDED_BY_US,
    Status.CANCELLING: frozenset({Status.CANCELLED, Status.DELETED}),
    Status.DONE: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.INTERNAL_ERROR: frozenset(),
    Status.DELETED: frozenset(),
}

CONTAINER_OF: Mapping[InstanceStatus, ContainerStatus] = {
    InstanceStatus.PENDING: ContainerStatus.PENDING,
    InstanceStatus.READY: ContainerStatus.READY,
    InstanceStatus.TERMINATING: ContainerStatus.TERMINATING,
    InstanceStatus.SUCCEEDED: ContainerStatus.DONE,
    InstanceStatus.FAILED: ContainerStatus.FAILED,
}
"""A job's instance has one container here, which is where its status comes from."""

# The job messages of Snowflake's page "Monitoring services"; that of DONE is the job history's example.
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
# Container messages of the page "Monitoring services".
WAITING = "Waiting to start"
NO_ROOM = "Unschedulable due to insufficient resources"
RUNNING = "Running"
COMPLETED = "Completed successfully"
USER_ERROR = "User application error, check container logs"
NOT_STARTED = "Encountered fatal error while starting container"
FATAL = "Encountered fatal error while running, check container logs"


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

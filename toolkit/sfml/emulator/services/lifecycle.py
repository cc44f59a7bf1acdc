"""What follows from what happens to a service's instances; decides only, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sfml.emulator.executors import words
from sfml.emulator.executors.base import ContainerNews, Ended, Phase, Report
from sfml.emulator.services import states
from sfml.emulator.services.model import Container, Instance, Service
from sfml.emulator.services.states import ContainerStatus, InstanceStatus, Status

LOST = "The local backend stopped while the job was running"


def placed(instance: Instance, at: datetime) -> Instance:
    """The instance has a node and is about to start."""
    waiting = tuple(replace(one, message=states.WAITING) for one in instance.containers)
    return replace(instance, containers=waiting, placed_on=at, message=states.WAITING)


def unplaced(instance: Instance, message: str) -> Instance:
    """An instance for which its node has not what it needs now: it waits once more."""
    waiting = tuple(replace(one, message=message) for one in instance.containers)
    return replace(instance, containers=waiting, placed_on=None, message=message)


def started_again(instance: Instance, at: datetime) -> Instance:
    """A service's instance whose run ended, about to run once more on its node."""
    containers = tuple(
        replace(
            one, status=ContainerStatus.PENDING, message=states.WAITING, restarts=one.restarts + 1,
            restarted_on=at, started_on=None,
        )
        for one in instance.containers
    )  # fmt: skip
    return replace(
        instance, containers=containers, status=InstanceStatus.PENDING, message=states.WAITING, ended_on=None
    )


def after(service: Service, instance: Instance, report: Report) -> Instance:
    """The instance after an executor's report."""
    if isinstance(report, Ended):
        return _ended(service, instance, report)
    if isinstance(report, ContainerNews):
        if report.container not in (one.name for one in instance.containers):
            return instance
        changed = _after_news(service, instance.container(report.container), report)
        return _summed_up(service, instance.with_container(changed))
    waiting = [one for one in instance.containers if one.started_on is None]
    for container in waiting:
        instance = instance.with_container(_begun(service, container, report.at))
    return _summed_up(service, replace(instance, started_on=instance.started_on or report.at))


def _after_news(service: Service, container: Container, news: ContainerNews) -> Container:
    if news.phase is Phase.ENDED:
        return _over(service, container, news.code, news.reason)
    if news.phase is Phase.READY:
        return replace(container, status=ContainerStatus.READY, message=states.RUNNING)
    if news.phase is Phase.UNREADY:
        message = news.reason or _unready(service, container.name)
        return replace(container, status=ContainerStatus.PENDING, message=message)
    if news.restarts > container.restarts:
        container = replace(container, restarts=news.restarts, restarted_on=news.at)
    return _begun(service, container, news.at)


def _begun(service: Service, container: Container, at: datetime) -> Container:
    """A container that runs: ready, unless a probe has to find that out."""
    probed = "readinessProbe" in _definition(service, container.name)
    return replace(
        container,
        started_on=at,
        status=ContainerStatus.PENDING if probed else ContainerStatus.READY,
        message=_unready(service, container.name) if probed else states.RUNNING,
    )


def _over(service: Service, container: Container, code: int | None, reason: str) -> Container:
    good = code == 0
    if good and not service.is_job:
        return replace(container, status=ContainerStatus.PENDING, message=states.COMPLETED, exit_code=0)
    status = ContainerStatus.DONE if good else ContainerStatus.FAILED
    message = _ending(code, reason)
    if not service.is_job and message == states.USER_ERROR:
        message = words.RETRYING
    return replace(container, status=status, message=message, exit_code=code)


def _ended(service: Service, instance: Instance, report: Ended) -> Instance:
    """All containers have ended; those of which nothing was heard have ended as the run did."""
    told = (ContainerStatus.DONE, ContainerStatus.FAILED)
    for container in instance.containers:
        if container.status not in told:
            instance = instance.with_container(_over(service, container, report.code, report.reason))
    good = report.code == 0
    status = InstanceStatus.SUCCEEDED if good else InstanceStatus.FAILED
    if good and not service.is_job:
        status = InstanceStatus.PENDING
    return replace(
        instance, status=status, ended_on=report.at, exit_code=report.code, message=_message(instance, report)
    )


def _message(instance: Instance, report: Ended) -> str:
    failed = [one.message for one in instance.containers if one.status is ContainerStatus.FAILED]
    return failed[0] if failed and report.code != 0 else _ending(report.code, report.reason)


def _summed_up(service: Service, instance: Instance) -> Instance:
    """The instance with what its containers make of it; a job's is over only when its run is."""
    if instance.status.final and service.is_job:
        return instance
    statuses = [one.status for one in instance.containers]
    if service.is_job:
        statuses = [ContainerStatus.READY if s is not ContainerStatus.PENDING else s for s in statuses]
    status = states.instance_status(statuses)
    troubled = [one.message for one in instance.containers if one.status is not ContainerStatus.READY]
    ready = status is InstanceStatus.READY
    return replace(instance, status=status, message=states.RUNNING if ready else troubled[0])


def _unready(service: Service, container: str) -> str:
    probe = _definition(service, container).get("readinessProbe")
    return words.NOT_READY.format(**probe) if probe else states.WAITING


def _definition(service: Service, container: str) -> Mapping[str, Any]:
    return next((one for one in service.containers if one["name"] == container), {})


def _ending(code: int | None, reason: str) -> str:
    if code == 0:
        return states.COMPLETED
    if code is not None:
        return reason or states.USER_ERROR
    told = reason.startswith((words.PULL_FAILED, words.CANNOT_START))
    return reason if told else f"{words.CANNOT_START}: {reason}"


# --- the service as a whole


def outcome(service: Service, at: datetime, *, running: bool) -> Service:
    """The service in the status that its instances give it; ``running``: the end of some is not reported."""
    if service.status is Status.CANCELLING:
        return service if running else service.to(Status.CANCELLED, at=at)
    if service.status is Status.SUSPENDING:
        return service if running else replace(service.to(Status.SUSPENDED, at=at), instances=())
    if service.suspended:
        return service
    statuses = [instance.status for instance in service.instances]
    if not service.is_job:
        return service.to(states.service_status(statuses, service.minimum), at=at)
    status = states.status_of(statuses, service.minimum)
    if status is Status.PENDING or (not states.JOB[status] and running):
        return service
    if status is Status.RUNNING and service.resumed_on is None:
        service = replace(service, resumed_on=at)
    return service.to(status, at=at, message=failure(service) if status is Status.FAILED else None)


def failure(job: Service) -> str:
    """One line for the history: which instance failed first, and of what."""
    failed = [instance for instance in job.instances if instance.status is InstanceStatus.FAILED]
    first = min(failed, key=lambda instance: (instance.ended_on is None, instance.ended_on, instance.id))
    code = "" if first.exit_code is None else f" (exit code {first.exit_code})"
    where = f"instance {first.id}: " if len(job.instances) > 1 else ""
    return f"{states.JOB_TEXTS[Status.FAILED]}: {where}{first.message}{code}"


def suspending(service: Service, at: datetime) -> Service:
    """The service while its containers get their time to end."""
    instances = tuple(
        replace(
            instance,
            status=InstanceStatus.TERMINATING,
            containers=tuple(replace(c, status=ContainerStatus.TERMINATING) for c in instance.containers),
        )
        for instance in service.instances
    )
    return replace(service.to(Status.SUSPENDING, at=at), instances=instances, suspended_on=at)


def resumed(service: Service, at: datetime) -> Service:
    """A suspended service with new instances that wait for nodes."""
    pending = replace(service.to(Status.PENDING, at=at), instances=(), resumed_on=at)
    return with_replicas(pending, at)


def with_replicas(service: Service, at: datetime) -> Service:
    """The service with as many instances as it is to have: more that wait, or without those of highest id."""
    kept = tuple(instance for instance in service.instances if instance.id < service.replicas)
    there = {instance.id for instance in kept}
    new = tuple(service.new_instance(n, at) for n in range(service.replicas) if n not in there)
    return replace(service, instances=(*kept, *new))


def outdated(service: Service) -> Instance | None:
    """The instance that an upgrade replaces next: the highest first, none while another is not ready."""
    old = [one for one in service.instances if one.spec_digest != service.spec_digest]
    new = [one for one in service.instances if one.spec_digest == service.spec_digest]
    coming = any(one.status is not InstanceStatus.READY for one in new)
    return max(old, key=lambda one: one.id) if old and not coming else None


def interrupted(service: Service, at: datetime) -> Service:
    """What a server that ended left: a job that may have run failed, a service begins afresh."""
    if not service.is_job:
        return _again(service, at)
    if service.status is Status.CANCELLING:
        return _stop(service, at).to(Status.CANCELLED, at=at)
    if not any(instance.placed_on for instance in service.instances):
        return service
    return _stop(service, at).to(Status.FAILED, at=at, message=LOST)


def _again(service: Service, at: datetime) -> Service:
    if service.status is Status.SUSPENDING:
        return replace(service.to(Status.SUSPENDED, at=at), instances=())
    if service.status is Status.SUSPENDED:
        return service
    fresh = tuple(service.new_instance(instance.id, at) for instance in service.instances)
    return replace(service.to(Status.PENDING, at=at), instances=fresh)


def _stop(job: Service, at: datetime) -> Service:
    return replace(job, instances=tuple(_lost(instance, at) for instance in job.instances))


def _lost(instance: Instance, at: datetime) -> Instance:
    if instance.status.final or instance.placed_on is None:
        return instance
    containers = tuple(
        one
        if one.status is ContainerStatus.DONE
        else replace(one, status=ContainerStatus.FAILED, message=LOST)
        for one in instance.containers
    )
    return replace(instance, status=InstanceStatus.FAILED, ended_on=at, message=LOST, containers=containers)

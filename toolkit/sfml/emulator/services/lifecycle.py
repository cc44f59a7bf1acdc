"""What follows from what happens to a job's instances; decides only, changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sfml.emulator.executors.base import Ended, Report
from sfml.emulator.services import states
from sfml.emulator.services.model import Instance, Service
from sfml.emulator.services.states import InstanceStatus, Status

LOST = "The local backend stopped while the job was running"


def placed(instance: Instance, at: datetime) -> Instance:
    """The instance has a node and is about to start."""
    return replace(instance, placed_on=at, message=states.WAITING)


def after(instance: Instance, report: Report) -> Instance:
    """The instance after an executor's report."""
    if not isinstance(report, Ended):
        return replace(instance, status=InstanceStatus.READY, started_on=report.at, message=states.RUNNING)
    good = report.code == 0
    status = InstanceStatus.SUCCEEDED if good else InstanceStatus.FAILED
    return replace(
        instance, status=status, ended_on=report.at, exit_code=report.code, message=_ending(report)
    )


def outcome(job: Service, at: datetime, *, running: bool) -> Service:
    """The job in the status that its instances give it; ``running``: the end of some is not reported."""
    if job.status is Status.CANCELLING:
        return job if running else job.to(Status.CANCELLED, at=at)
    status = states.status_of([instance.status for instance in job.instances], job.minimum)
    if status is Status.PENDING or (status.final and running):
        return job
    if status is Status.RUNNING and job.resumed_on is None:
        job = replace(job, resumed_on=at)
    return job.to(status, at=at, message=failure(job) if status is Status.FAILED else None)


def failure(job: Service) -> str:
    """One line for the history: which instance failed first, and of what."""
    failed = [instance for instance in job.instances if instance.status is InstanceStatus.FAILED]
    first = min(failed, key=lambda instance: (instance.ended_on is None, instance.ended_on, instance.id))
    code = "" if first.exit_code is None else f" (exit code {first.exit_code})"
    where = f"instance {first.id}: " if len(job.instances) > 1 else ""
    return f"{states.JOB_TEXTS[Status.FAILED]}: {where}{first.message}{code}"


def interrupted(job: Service, at: datetime) -> Service:
    """A job that its server left unfinished: failed if any of it may have run, else it still waits."""
    if job.status is Status.CANCELLING:
        return _stop(job, at).to(Status.CANCELLED, at=at)
    if not any(instance.placed_on for instance in job.instances):
        return job
    return _stop(job, at).to(Status.FAILED, at=at, message=LOST)


def _stop(job: Service, at: datetime) -> Service:
    return replace(job, instances=tuple(_lost(instance, at) for instance in job.instances))


def _lost(instance: Instance, at: datetime) -> Instance:
    if instance.status.final or instance.placed_on is None:
        return instance
    return replace(instance, status=InstanceStatus.FAILED, ended_on=at, message=LOST)


def _ending(report: Ended) -> str:
    if report.code is None:
        return f"{states.NOT_STARTED}: {report.reason}"
    return states.COMPLETED if report.code == 0 else states.USER_ERROR

"""The functions around jobs: those that are called, and those whose rows a query reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.executors.base import LogFiles
from sfml.emulator.faults import Fault, invalid, unsupported
from sfml.emulator.handlers import service_events
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.objects import require_container
from sfml.emulator.handlers.pools import get_status as get_pool_status
from sfml.emulator.handlers.privileges import ADMIN, require
from sfml.emulator.handlers.service_changes import finish
from sfml.emulator.handlers.services import dns_domain, find, image, iso
from sfml.emulator.mljobs import runtimes
from sfml.emulator.mljobs.submit import execute_ml_job
from sfml.emulator.results import Column, Rows, StatementType, Type, scalar
from sfml.emulator.services import logs, names
from sfml.emulator.services.model import Instance, Service
from sfml.emulator.services.pools import family
from sfml.emulator.services.states import InstanceStatus, Status
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName

Handler = Callable[[c.Call, Request, Context, Backend], Rows]
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_HISTORY_KEPT = timedelta(days=30)
_HISTORY_ROWS = 100
"""GET_JOB_HISTORY's default RESULT_LIMIT; both figures are of its documentation page."""


# --- called


def get_runtime(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$GET_ML_JOB_RUNTIME(pool, selector): the image that a job on the pool gets."""
    pool_name, selector = _texts(command, 2)
    pool = backend.services.pools.get(names.resolve(pool_name))
    require(context, backend, "USAGE", Kind.COMPUTE_POOL, pool.name)
    return scalar(command.column, runtimes.choose(selector, family(pool)))


def execute_job(command: c.Call, request: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$EXECUTE_ML_JOB(name, pool, specification, job): the job's id, at once or when it is done."""
    name, pool, specification, settings = _texts(command, 4)
    require(context, backend, "USAGE", Kind.COMPUTE_POOL, Name(name=names.resolve(pool)))
    place = names.job_name(name, context, suffix=False)
    require_container(backend, place)
    schema = Name(name=place.schema, database=place.database)
    require(context, backend, "CREATE SERVICE", Kind.SCHEMA, schema)
    job = execute_ml_job(
        (name, pool, specification, settings),
        jobs=backend.services,
        catalog=backend.catalog,
        context=context,
        query_id=request.query_id,
        require=partial(require, context, backend),
    )
    if not job.asynchronous:
        finish(job, request, backend)
    return scalar(command.column, names.written(job.name))


def wait_for(command: c.Call, request: Request, context: Context, backend: Backend) -> Rows:
    """service!SPCS_WAIT_FOR(status, seconds): an error as soon as the status cannot come in time."""
    name = _target(command, context)
    wanted, seconds = _wanted(command)
    find(name, context, backend)
    job = backend.services.wait_for(name, wanted, seconds=seconds, cancelled=request.cancelled)
    if job.status is wanted:
        return scalar(command.column, f"Service {name.name} reached status {wanted}.")
    hopeless = job.over or wanted not in job.transitions
    why = "can no longer reach" if hopeless else f"did not within {seconds:g} seconds reach"
    text = f"Service {name.name} {why} status {wanted}. Current status: {job.status}."
    raise Fault("395101", "57014", text)


def cancel_job(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """service!SPCS_CANCEL_JOB(), and SYSTEM$CANCEL_JOB(service)."""
    name = _target(command, context) if command.target else _named(_texts(command, 1)[0], context)
    if not find(name, context, backend, "OPERATE", "OWNERSHIP").is_job:
        raise Fault("395102", "22023", f"Service {name.name} is no job and cannot be canceled.")
    job = backend.services.cancel(name)
    if job.status not in (Status.CANCELLING, Status.CANCELLED):
        raise Fault("395102", "22023", f"Job {name.name} cannot be canceled: its status is {job.status}.")
    return scalar(command.column, f"Cancellation of job {name.name} was requested.")


def get_status(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$GET_SERVICE_STATUS(service[, seconds]): a JSON array, one object for each container."""
    if not command.args or not isinstance(command.args[0], str):
        raise invalid(f"{command.function} takes the name of a service.")
    job = find(_named(command.args[0], context), context, backend)
    found = [
        {
            "status": container.status,
            "message": container.message,
            "containerName": container.name,
            "instanceId": str(instance.id),
            "serviceName": job.name.name,
            "image": image(job, container.name, backend)[0],
            "restartCount": container.restarts,
            "startTime": iso(container.started_on),
        }
        for instance in job.instances
        for container in instance.containers
    ]
    return scalar(command.column, json.dumps(found))


def get_logs(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$GET_SERVICE_LOGS(service, instance, container[, lines[, previous[, since[, timestamps]]]])."""
    service, number, container, lines, previous, since, stamped = _log_arguments(command)
    job = find(_named(service, context), context, backend)
    instance = _instance(job, number, container)
    path = backend.services.launcher.log(job, instance.id, container)
    if previous:
        path = LogFiles(text=path).previous
        if not path.exists():
            raise invalid(f"Container '{container}' was not restarted: there are no previous logs.")
    if not since and not stamped:
        return scalar(command.column, logs.tail(path, lines=lines))
    found = [
        f"{line.at:%Y-%m-%dT%H:%M:%S.%fZ} {line.text}" if stamped else line.text
        for line in logs.timed(path, after=_time(since) if since else None)
    ]
    text = "\n".join(found[-lines:] if lines else found)
    return scalar(command.column, text.encode()[-logs.LIMIT :].decode(errors="ignore"))


def get_domain(command: c.Call, _: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$GET_SERVICE_DNS_DOMAIN('[db.]schema')."""
    parts = _texts(command, 1)[0].split(".")
    database = names.resolve(parts[0]) if len(parts) > 1 else context.database or ""
    return scalar(command.column, dns_domain(database, names.resolve(parts[-1]), backend))


CALLS: Mapping[str, Handler] = {
    "SYSTEM$GET_ML_JOB_RUNTIME": get_runtime,
    "SYSTEM$EXECUTE_ML_JOB": execute_job,
    "SYSTEM$CANCEL_JOB": cancel_job,
    "SYSTEM$GET_SERVICE_STATUS": get_status,
    "SYSTEM$GET_SERVICE_LOGS": get_logs,
    "SYSTEM$GET_SERVICE_DNS_DOMAIN": get_domain,
    "SYSTEM$GET_COMPUTE_POOL_STATUS": get_pool_status,
}
METHODS: Mapping[str, Handler] = {"SPCS_WAIT_FOR": wait_for, "SPCS_CANCEL_JOB": cancel_job}
"""Called as ``service!METHOD(…)``."""


# --- read by queries

_HISTORY = (
    Column(name="QUERY_ID"),
    Column(name="ID"),
    Column(name="NAME"),
    Column(name="DATABASE_NAME"),
    Column(name="SCHEMA_NAME"),
    Column(name="CREATED_TIME", type=Type.TIMESTAMP_LTZ),
    Column(name="COMPLETED_TIME", type=Type.TIMESTAMP_LTZ),
    Column(name="DELETED_TIME", type=Type.TIMESTAMP_LTZ),
    Column(name="STATUS"),
    Column(name="MESSAGE"),
    Column(name="INSTANCE_STATUSES", type=Type.VARIANT),
    Column(name="COMPUTE_POOL_NAME"),
    Column(name="OWNER"),
    Column(name="OWNER_ROLE_TYPE"),
    Column(name="PARAMETERS", type=Type.VARIANT),
    Column(name="MANAGING_OBJECT"),
)
_LOG = (
    Column(name="TIMESTAMP", type=Type.TIMESTAMP_NTZ),
    Column(name="INSTANCE_ID", type=Type.FIXED),
    Column(name="CONTAINER_NAME"),
    Column(name="LOG"),
    Column(name="RECORD_ATTRIBUTES", type=Type.OBJECT),
)


def rows_of(
    function: str,
    target: ObjectName | None,
    args: tuple[object, ...],
    named: Mapping[str, object],
    context: Context,
    backend: Backend,
) -> Rows:
    """The rows of a table function of this module; :class:`Fault` for one that there is not."""
    if target is None and function.endswith("GET_JOB_HISTORY"):
        return _history(
            _bound(("CREATED_TIME_START", "CREATED_TIME_END", "RESULT_LIMIT"), args, named), context, backend
        )
    if target is None and function == "EVENTS":
        return service_events.event_table(context, backend)
    if target is not None and function == "SPCS_GET_LOGS":
        job = find(target.resolve(context), context, backend)
        return _log_rows(job, _bound(("START_TIME", "END_TIME"), args, named), backend)
    if target is not None and function == "SPCS_GET_EVENTS":
        service = find(target.resolve(context), context, backend)
        begin, end = _period(_bound(("START_TIME", "END_TIME"), args, named), backend)
        return service_events.rows(service, begin, end, backend)
    raise unsupported(function)


def _history(given: Mapping[str, object], context: Context, backend: Backend) -> Rows:
    """SNOWFLAKE.SPCS.GET_JOB_HISTORY: the role's jobs of the last 30 days, newest first, deleted ones too."""
    now = backend.clock()
    begin = max(
        _time(given["CREATED_TIME_START"]) if given["CREATED_TIME_START"] else now - _HISTORY_KEPT,
        now - _HISTORY_KEPT,
    )
    end = _time(given["CREATED_TIME_END"]) if given["CREATED_TIME_END"] else now
    limit = given["RESULT_LIMIT"] if given["RESULT_LIMIT"] is not None else _HISTORY_ROWS
    if not isinstance(limit, int) or not 1 <= limit <= 10_000:
        raise invalid(f"invalid value [{limit}] for parameter 'RESULT_LIMIT': it must be from 1 to 10000.")
    jobs = [
        job
        for job in backend.services.find(dropped=True)
        if job.is_job and begin <= job.record.created_on <= end and context.role in (ADMIN, job.record.owner)
    ]
    newest = sorted(jobs, key=lambda job: job.record.id, reverse=True)
    rows = [_history_row(job, backend) for job in islice(newest, limit)]
    return Rows(columns=_HISTORY, rows=rows, statement=StatementType.SELECT)


def _history_row(job: Service, backend: Backend) -> tuple[object, ...]:
    record = job.record
    parameters = {"ASYNC": job.asynchronous, "REPLICAS": len(job.instances)}
    return (
        job.query_id, str(record.id), job.name.name, job.name.database, job.name.schema, record.created_on,
        job.completed_on, record.dropped_on, job.status, job.message, json.dumps(_statuses(job, backend)),
        job.pool, record.owner, "ROLE", json.dumps(parameters), None,
    )  # fmt: skip


def _statuses(job: Service, backend: Backend) -> dict[str, Any]:
    """INSTANCE_STATUSES: how many instances are in which state, and their containers."""
    counts = {
        "failedInstances": InstanceStatus.FAILED,
        "pendingInstances": InstanceStatus.PENDING,
        "runningInstances": InstanceStatus.READY,
        "succeededInstances": InstanceStatus.SUCCEEDED,
    }
    states = [instance.status for instance in job.instances]
    return {
        **{name: states.count(state) for name, state in counts.items()},
        "totalInstances": len(states),
        "instances": [_instance_status(job, instance, backend) for instance in job.instances],
    }


def _instance_status(job: Service, instance: Instance, backend: Backend) -> dict[str, Any]:
    containers = [
        {
            "containerName": container.name,
            "image": image(job, container.name, backend)[0],
            "imageSha256": image(job, container.name, backend)[1],
            "lastExitCode": container.exit_code,
            "message": container.message,
            "restartCount": container.restarts,
            "startTime": iso(container.started_on),
            "status": container.status,
        }
        for container in instance.containers
    ]
    return {"instanceId": str(instance.id), "containers": containers}


def _log_rows(job: Service, given: Mapping[str, object], backend: Backend) -> Rows:
    """service!SPCS_GET_LOGS: every line of the last day, or of the given time, of all instances."""
    begin, end = _period(given, backend)
    rows = [row for instance in job.instances for row in _lines(job, instance, begin, end, backend)]
    return Rows(columns=_LOG, rows=rows, statement=StatementType.SELECT)


def _period(given: Mapping[str, object], backend: Backend) -> tuple[datetime, datetime | None]:
    """From when to when: the last day, unless told otherwise."""
    begin = _time(given["START_TIME"]) if given["START_TIME"] else backend.clock() - _DAY
    return begin, _time(given["END_TIME"]) if given["END_TIME"] else None


def _lines(
    job: Service, instance: Instance, begin: datetime, end: datetime | None, backend: Backend
) -> Iterator[tuple[object, ...]]:
    """Times grow with each line, so that ORDER BY TIMESTAMP keeps the order in which lines were written."""
    attributes = json.dumps({"log.iostream": "stdout"})
    for container in instance.containers:
        last = datetime.min.replace(tzinfo=UTC)
        for line in logs.both(backend.services.launcher.log(job, instance.id, container.name), begin, end):
            last = max(line.at, last + _MICROSECOND)
            yield last.replace(tzinfo=None), instance.id, container.name, line.text, attributes


# --- arguments


def _texts(command: c.Call, count: int) -> tuple[str, ...]:
    """Exactly so many arguments, all of them text ('' for NULL)."""
    if len(command.args) != count or command.named:
        found = len(command.args)
        raise invalid(
            f"Invalid argument count for function {command.function}: expected {count}, got {found}."
        )
    for argument in command.args:
        if argument is not None and not isinstance(argument, str):
            raise invalid(f"Invalid argument for function {command.function}: {argument!r} is no text.")
    return tuple(str(argument or "") for argument in command.args)


def _named(text: str, context: Context) -> Name:
    """The service that a text argument names."""
    return names.job_name(text, context, suffix=False)


def _target(command: c.Call, context: Context) -> Name:
    if command.target is None:
        raise unsupported(f"{command.function} without a service")
    return command.target.resolve(context)


def _wanted(command: c.Call) -> tuple[Status, float]:
    if len(command.args) != 2 or not isinstance(command.args[1], int) or command.args[1] < 0:
        raise invalid("SPCS_WAIT_FOR takes a status and a number of seconds.")
    text = str(command.args[0]).upper()
    if text not in Status.__members__:
        raise invalid(f"Invalid service status '{command.args[0]}'.")
    return Status[text], float(command.args[1])


def _log_arguments(command: c.Call) -> tuple[str, int, str, int | None, bool, str, bool]:
    if not 3 <= len(command.args) <= 7:
        raise invalid(
            "SYSTEM$GET_SERVICE_LOGS takes a service, an instance, a container and up to four options."
        )
    service, number, container, lines, previous, since, stamped = (*command.args, *(None,) * 4)[:7]
    try:
        count = None if lines is None else int(str(lines))
        return (
            str(service),
            int(str(number)),
            str(container),
            count,
            bool(previous),
            str(since or ""),
            bool(stamped),
        )
    except ValueError:
        raise invalid(
            "Instance and number of lines of SYSTEM$GET_SERVICE_LOGS must be whole numbers."
        ) from None


def _instance(job: Service, number: int, container: str) -> Instance:
    """The instance whose logs are asked for; of one that has not begun ML Jobs looks for this text."""
    instance = job.instance(number)
    if instance is None:
        raise invalid(f"Instance '{number}' of service '{job.name.name}' does not exist.")
    found = next((one for one in instance.containers if one.name == container), None)
    if found is None:
        raise invalid(f"Container '{container}' of service '{job.name.name}' does not exist.")
    if instance.started_on is None and not instance.status.final:
        text = f"Logs of '{container}' are not available yet. Container Status: PENDING. {found.message}"
        raise Fault("395103", "57P03", text)
    return instance


def _bound(
    parameters: tuple[str, ...], args: tuple[object, ...], named: Mapping[str, object]
) -> dict[str, object]:
    """Arguments by parameter, None where not given."""
    unknown = set(named) - set(parameters)
    if unknown or len(args) > len(parameters):
        raise invalid(f"unknown argument {', '.join(sorted(unknown)) or len(args)}")
    return {**dict.fromkeys(parameters), **dict(zip(parameters, args, strict=False)), **named}


def _time(value: object) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid(f"Timestamp '{value}' is not recognized") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

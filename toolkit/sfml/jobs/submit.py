"""Submit one job through snowflake.ml.jobs; nothing stays behind where that fails."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError, NoConnectionError, NotFoundError, SfmlError
from sfml.jobs import definitions, depot, entry, once
from sfml.jobs.definitions import Definitions
from sfml.jobs.depot import Delivery
from sfml.jobs.payload import StagedPayload
from sfml.jobs.places import comment, payload_folder, users
from sfml.jobs.request import Request
from sfml.jobs.upload import StagedUpload, Upload
from sfml.pools import check_pool, find_pool
from sfml.services.status import job_status
from sfml.session import Opening, in_background, without_collection
from sfml.session.faults import NO_DATABASE, NO_SCHEMA, translated
from sfml.session.rows import over, rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.ml.jobs import MLJobDefinition
    from snowflake.snowpark import Session

# The options of the launcher in a job (snowflake.ml.jobs, mljob_launcher.py): it takes them, and every
# abbreviation of them, out of the script's arguments.
_LAUNCHER_OPTIONS = ("--help", "--script_main_func", "--function_args")

# After Ctrl-C, an upload that is still under way gets this long to end, so that it can be removed.
_TAKE_BACK_WITHIN = 10.0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request whose pool was found and whose files are on the stage."""

    delivery: Delivery
    payload: Upload | StagedUpload

    @property
    def folder(self) -> str:
        return self.delivery.folder


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A job that came into being."""

    id: str
    connection: SnowflakeConnection = field(repr=False)

    @property
    def status(self) -> str:
        """Its state, asked of the server."""
        return job_status(self.connection, self.id).status


def submit(opening: Opening, request: Request, *, gpu: bool = False) -> Submitted:
    """Submit the job. Files that were sent for a job that was refused are removed.

    The files travel while the client is imported, which takes longer; a job that was submitted before does
    without it.
    """
    (job,) = submit_all(opening, [request], gpu=gpu)
    return job


def submit_all(opening: Opening, requests: Sequence[Request], *, gpu: bool = False) -> Iterator[Submitted]:
    """Submit several jobs of the same files, which travel once; each job as soon as it is there.

    The requests differ in arguments and key only.
    """
    first = requests[0]
    preparing = in_background(lambda: prepare(opening.connection(), first, gpu=gpu))
    try:
        if not Definitions(first.state).know(first.payload):
            load_client()
        prepared = preparing.result()
    except BaseException:
        _take_back(opening, preparing, first)
        raise
    try:
        for request in requests:
            yield _submitted(opening, request, prepared)
    except NoConnectionError:
        raise  # the job may have come into being: it would need its files
    except SfmlError:
        _take_away(opening.connection(), prepared, first)
        raise
    finally:
        prepared.delivery.release()


def load_client() -> None:
    """Import Snowflake's client for jobs, which takes seconds."""
    with without_collection():
        import snowflake.ml.jobs  # noqa: F401


def prepare(connection: SnowflakeConnection, request: Request, *, gpu: bool = False) -> Prepared:
    """Find the pool, then see to it that the files are on the stage."""
    require_schema(connection, request)
    if isinstance(request.payload, StagedPayload):
        _check_pool(connection, request, gpu=gpu)
        return _to_be_copied(request, request.payload)
    upload = Upload(
        payload=request.payload, requirements=request.requirements, with_entry=needs_entry(request)
    )
    folders = upload.folders()
    content = depot.content(folders, request.name)
    _check_pool(connection, request, gpu=gpu)
    path = f"{payload_folder(request.stage, request.user, content.digest)}/{request.name}"
    try:
        delivery = depot.deliver(connection, folders, path, content, state=request.state)
    except InputError as error:
        raise _without_place(error, connection, request) from error
    return Prepared(delivery=delivery, payload=upload)


def _without_place(error: InputError, connection: SnowflakeConnection, request: Request) -> SfmlError:
    """What the session lacks, by its name: a login names what it was asked for, whether or not it exists."""
    number = getattr(error.__cause__, "errno", None)
    if number not in (NO_DATABASE, NO_SCHEMA):
        return error
    kind = "database" if number == NO_DATABASE else "schema"
    wanted = getattr(request, kind) or getattr(connection, kind)
    return NotFoundError(f"there is no {kind} {wanted}, or your role may not see it", hint=error.hint)


def _check_pool(connection: SnowflakeConnection, request: Request, *, gpu: bool) -> None:
    pool = request.seen_pool or find_pool(over(connection), request.compute_pool)
    check_pool(pool, nodes=request.nodes, gpu=gpu)


def _to_be_copied(request: Request, payload: StagedPayload) -> Prepared:
    """Files of another stage: what is in them is not known, so each job has a copy of its own."""
    folder = payload_folder(request.stage, request.user, uuid.uuid4().hex[:24])
    staged = StagedUpload(payload=payload, requirements=request.requirements, with_entry=needs_entry(request))
    return Prepared(delivery=Delivery(folder=folder, fresh=True, release=lambda: None), payload=staged)


def _submitted(opening: Opening, request: Request, prepared: Prepared) -> Submitted:
    """Start the job: with the statement that is kept for it, else with one of the client's."""
    connection, known = opening.connection(), Definitions(request.state)
    with_entry = needs_entry(request)
    variables = environment(request, with_entry=with_entry)
    digest = definitions.digest(connection, request, prepared.folder, variables)
    arguments = () if with_entry else request.args
    found = known.find(request, digest)
    if found is not None:
        try:
            return _execute(connection, found.statement(arguments))
        except NoConnectionError:
            raise
        except SfmlError:  # an image that is gone, say: the client's own statement decides
            known.drop(request, digest)
    load_client()
    definition = _definition(opening.session(), request, prepared, variables)
    if request.key is not None:
        return Submitted(id=once.submit(definition, request.key, arguments).id, connection=connection)
    with translated():
        made = definitions.parted(definition.to_sql(job_args=[definitions.MARK], use_async=True))
    job = _execute(connection, made.statement(arguments))
    known.keep(request, digest, made)
    return job


def _execute(connection: SnowflakeConnection, statement: str) -> Submitted:
    with translated():
        (row,) = rows_of(connection, statement)
    return Submitted(id=str(next(iter(row.values()))), connection=connection)


def _definition(
    session: Session, request: Request, prepared: Prepared, variables: Mapping[str, str]
) -> MLJobDefinition[..., Any]:
    from snowflake.ml.jobs import MLJobDefinition

    return MLJobDefinition(
        source=str(request.payload.source),
        compute_pool=request.compute_pool,
        stage_name=prepared.folder,
        session=session,
        name=request.name,
        target_instances=request.nodes,
        external_access_integrations=list(request.eai) or None,
        artifact_repositories=list(request.artifact_repositories) or None,
        env_vars=dict(variables),
        query_warehouse=request.warehouse,
        runtime_environment=request.runtime,
        database=request.database,
        schema=request.schema,
        payload=replace(prepared.payload, with_entry=needs_entry(request)),
        # By it, whoever wants to remove a payload finds the jobs that use it.
        comment=comment(prepared.folder),
    )


def _take_back(opening: Opening, preparing: Future[Prepared], request: Request) -> None:
    """Remove what was sent for a job that will not run, also when the upload ends only now."""
    try:
        prepared = preparing.result(timeout=_TAKE_BACK_WITHIN)
    except (
        SfmlError,
        FutureTimeout,
    ):  # without its marker nobody runs it; the error under way is to be reported
        return
    _take_away(opening.connection(), prepared, request)


def _take_away(connection: SnowflakeConnection, prepared: Prepared, request: Request) -> None:
    """Remove a payload that was sent just now, unless another job uses it by now."""
    from snowflake.connector.errors import Error

    prepared.delivery.release()
    if not prepared.delivery.fresh:
        return
    try:
        with depot.alone(request.state, prepared.folder):
            if not users(connection, prepared.folder, request.name):
                connection.cursor().execute(sql.remove_files(prepared.folder))
    except (Error, SfmlError):  # the connection is gone, say; the error under way is the one to report
        return


def require_schema(connection: SnowflakeConnection, request: Request) -> None:
    """InputError where neither the request nor the session says in which schema the job is to be."""
    if request.database is not None and request.schema is None:
        raise InputError("a database was given without a schema", hint="add --schema")
    database = request.database or connection.database
    schema = request.schema or connection.schema
    missing = [word for word, value in (("database", database), ("schema", schema)) if value is None]
    if missing:
        raise InputError(
            f"the job needs a {' and a '.join(missing)} to be in",
            hint="name them: --database and --schema, in sfml.yaml, or in the connection",
        )
    for value in (database, schema):
        sql.service_name(str(value))


def needs_entry(request: Request) -> bool:
    """Whether the script alone would not do: it has a time limit, or arguments that need help."""
    helped = (swallowed(argument) or entry.VARIABLE.search(argument) for argument in request.args)
    return request.max_runtime is not None or any(helped)


def swallowed(argument: str) -> bool:
    """Whether the launcher would take this argument for its own."""
    option = argument.split("=")[0]
    long = option.startswith("--") and any(known.startswith(option) for known in _LAUNCHER_OPTIONS)
    return long or argument.startswith("-h")


def environment(request: Request, *, with_entry: bool) -> dict[str, str]:
    """The job's variables: output that appears at once, the user's own, and the order for entry.py."""
    variables = {"PYTHONUNBUFFERED": "1", **request.env}
    if with_entry:
        order = {
            "script": str(request.payload.entrypoint),
            "args": list(request.args),
            "max_runtime": request.max_runtime,
        }
        variables["SFML_ENTRY"] = base64.b64encode(json.dumps(order).encode()).decode()
    return variables

"""Submit one job through snowflake.ml.jobs; nothing stays behind where that fails."""

from __future__ import annotations

import base64
import json
import uuid
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfml import sql
from sfml.errors import InputError, NoConnectionError, SfmlError
from sfml.jobs import entry
from sfml.jobs.payload import StagedPayload
from sfml.jobs.places import payload_folder
from sfml.jobs.request import Request
from sfml.jobs.upload import StagedUpload, Upload
from sfml.pools import check_pool, find_pool
from sfml.session import Opening, in_background, without_collection
from sfml.session.faults import translated
from sfml.session.rows import over

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

# The options of the launcher in a job (snowflake.ml.jobs, mljob_launcher.py): it takes them, and every
# abbreviation of them, out of the script's arguments.
_LAUNCHER_OPTIONS = ("--help", "--script_main_func", "--function_args")

# After Ctrl-C, an upload that is still under way gets this long to end, so that it can be removed.
_TAKE_BACK_WITHIN = 10.0


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request whose pool was found and whose files are on the stage, below ``folder``."""

    folder: str
    payload: Upload | StagedUpload


def submit(opening: Opening, request: Request, *, gpu: bool = False) -> Any:
    """Submit the job; the client's ``MLJob``. Files of a job that was refused are removed again.

    The files travel while the client is imported, which takes longer.
    """
    preparing = in_background(lambda: prepare(opening.connection(), request, gpu=gpu))
    try:
        load_client()
        session, prepared = opening.session(), preparing.result()
    except BaseException:
        _take_back(opening, preparing)
        raise
    try:
        return _execute(session, request, prepared)
    except NoConnectionError:
        raise  # the job may have come into being: it would need its files
    except SfmlError:
        _remove(session.connection, prepared.folder)
        raise


def load_client() -> None:
    """Import Snowflake's client for jobs, which takes seconds."""
    with without_collection():
        import snowflake.ml.jobs  # noqa: F401


def prepare(connection: SnowflakeConnection, request: Request, *, gpu: bool = False) -> Prepared:
    """Find the pool, then upload; nothing is left on the stage where that fails."""
    require_schema(connection, request)
    check_pool(find_pool(over(connection), request.compute_pool), nodes=request.nodes, gpu=gpu)
    folder = payload_folder(request.stage, request.user, uuid.uuid4().hex[:24])
    if isinstance(request.payload, StagedPayload):
        staged = StagedUpload(
            payload=request.payload, requirements=request.requirements, with_entry=needs_entry(request)
        )
        return Prepared(folder=folder, payload=staged)
    payload = Upload(
        payload=request.payload, requirements=request.requirements, with_entry=needs_entry(request)
    )
    try:
        with translated():
            payload.send(connection, f"{folder}/{request.name}")
    except BaseException:
        _remove(connection, folder)
        raise
    return Prepared(folder=folder, payload=payload)


def _execute(session: Session, request: Request, prepared: Prepared) -> Any:
    from snowflake.ml.jobs import MLJobDefinition

    with_entry = prepared.payload.with_entry
    definition = MLJobDefinition(
        source=str(request.payload.source),
        compute_pool=request.compute_pool,
        stage_name=prepared.folder,
        session=session,
        name=request.name,
        target_instances=request.nodes,
        external_access_integrations=list(request.eai) or None,
        artifact_repositories=list(request.artifact_repositories) or None,
        env_vars=environment(request, with_entry=with_entry),
        query_warehouse=request.warehouse,
        runtime_environment=request.runtime,
        database=request.database,
        schema=request.schema,
        payload=prepared.payload,
        # By it, whoever wants to remove a payload finds the jobs that use it: SHOW prints comments.
        comment=comment(prepared.folder),
    )
    with translated():
        return definition(*(() if with_entry else request.args))


def _take_back(opening: Opening, preparing: Future[Prepared]) -> None:
    """Remove the files of a job that will not run, also when the upload ends only now."""
    try:
        prepared = preparing.result(timeout=_TAKE_BACK_WITHIN)
    except (SfmlError, FutureTimeout):  # nothing is there; or the error under way is the better one to report
        return
    _remove(opening.connection(), prepared.folder)


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


def comment(folder: str) -> str:
    """What a job of the payload in this folder has as its comment."""
    return f"sfml {folder.rpartition('/')[2]}"


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


def _remove(connection: SnowflakeConnection, folder: str) -> None:
    """Take back what was uploaded; the error under way is the one to report."""
    from snowflake.connector.errors import Error

    try:
        connection.cursor().execute(sql.remove_files(folder))
    except Error:  # no stage yet, or the connection is gone
        return

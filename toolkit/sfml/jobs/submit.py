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
from sfml.config import nearest
from sfml.errors import InputError, NoConnectionError, NotFoundError, SfmlError
from sfml.jobs.request import Request
from sfml.jobs.status import rows_of
from sfml.jobs.upload import Upload
from sfml.session import Opening, in_background, without_collection
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

# The options of the launcher in a job (snowflake.ml.jobs, mljob_launcher.py): it takes them, and every
# abbreviation of them, out of the script's arguments.
_LAUNCHER_OPTIONS = ("--help", "--script_main_func", "--function_args")

# After Ctrl-C, an upload that is still under way gets this long to end, so that it can be removed.
_TAKE_BACK_WITHIN = 10.0


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What SHOW COMPUTE POOLS says of the pool that was asked for."""

    name: str
    family: str
    state: str
    max_nodes: int


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A request whose pool was found and whose files are on the stage, below ``folder``."""

    folder: str
    payload: Upload


def submit(opening: Opening, request: Request, *, gpu: bool = False) -> Any:
    """Submit the job; the client's ``MLJob``. Files of a job that was refused are removed again.

    The files travel while the client is imported, which takes longer.
    """
    preparing = in_background(lambda: prepare(opening.connection(), request, gpu=gpu))
    try:
        with without_collection():
            import snowflake.ml.jobs  # noqa: F401
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


def prepare(connection: SnowflakeConnection, request: Request, *, gpu: bool = False) -> Prepared:
    """Find the pool, then upload; nothing is left on the stage where that fails."""
    require_schema(connection, request)
    check_pool(find_pool(connection, request.compute_pool), nodes=request.nodes, gpu=gpu)
    folder = f"{request.stage.removeprefix('@').rstrip('/')}/{uuid.uuid4().hex[:8]}"
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
        env_vars=environment(request, with_entry=with_entry),
        query_warehouse=request.warehouse,
        runtime_environment=request.runtime,
        database=request.database,
        schema=request.schema,
        payload=prepared.payload,
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


def find_pool(connection: SnowflakeConnection, name: str) -> Pool:
    """The compute pool of this name; NotFoundError names the ones that there are."""
    wanted = sql.name(name, parts=1).last
    pools = _pools(connection, like=wanted)
    if wanted not in pools:
        known = _pools(connection, like=None)
        raise NotFoundError(
            f"there is no compute pool {wanted}, or your role may not see it", hint=nearest(wanted, known)
        )
    return pools[wanted]


def check_pool(pool: Pool, *, nodes: int, gpu: bool = False) -> None:
    """InputError where the job does not fit the pool."""
    if nodes > pool.max_nodes:
        raise InputError(
            f"{nodes} nodes are more than the pool {pool.name} can have ({pool.max_nodes})",
            hint=f"ask for fewer, or: ALTER COMPUTE POOL {pool.name} SET MAX_NODES = {nodes};",
        )
    if gpu and "GPU" not in pool.family:
        raise InputError(
            f"the pool {pool.name} has no GPU ({pool.family})", hint="name a pool of a GPU_… family"
        )


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
    """Whether the script alone would not do: it has a time limit, or arguments that would not reach it."""
    return request.max_runtime is not None or any(swallowed(argument) for argument in request.args)


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


def _pools(connection: SnowflakeConnection, *, like: str | None) -> dict[str, Pool]:
    with translated():
        rows = rows_of(connection, sql.show(sql.Kind.COMPUTE_POOL, like=like))
    return {
        row["name"]: Pool(
            name=row["name"],
            family=row["instance_family"],
            state=row["state"],
            max_nodes=int(row["max_nodes"]),
        )
        for row in rows
    }


def _remove(connection: SnowflakeConnection, folder: str) -> None:
    """Take back what was uploaded; the error under way is the one to report."""
    from snowflake.connector.errors import Error

    try:
        connection.cursor().execute(sql.remove_files(folder))
    except Error:  # no stage yet, or the connection is gone
        return

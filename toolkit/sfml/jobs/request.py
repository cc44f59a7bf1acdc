"""One job as it is wanted, with every value checked: some of them the client puts into SQL as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sfml import sql
from sfml.errors import InputError
from sfml.jobs import guards
from sfml.jobs.payload import Payload, StagedPayload
from sfml.jobs.selection import select
from sfml.pools import Pool

# A tag (2.10, 2.6.0-py311), an image (repository/name:tag) or a reference (cre@name): what
# snowflake.ml.jobs puts between quotes in CALL SYSTEM$GET_ML_JOB_RUNTIME as it is.
_RUNTIME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*(?:[/:@][A-Za-z0-9_.\-]+)*\Z")
# The client takes an image as well: /db/schema/repository/name, with or without host, tag and digest.
_IMAGE = re.compile(r"[\w.-]*(?::\d+)?(?:/[\w.-]+){4,}(?::[\w.-]{1,128}|@sha256:[0-9a-f]{64})?\Z", re.ASCII)
# Folders on a stage that need no quotes in a stage path (snowflake.ml.jobs, stage_utils._RELPATH_PATTERN).
_STAGE_FOLDER = re.compile(r"[A-Za-z0-9_\-.]+\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# What the client itself sets and the launcher depends on (snowflake.ml.jobs: payload_utils, job_definition).
_RESERVED_VARIABLES = (
    "MLRS_STAGE_MOUNT_PATH",
    "MLRS_PAYLOAD_DIR",
    "MLRS_USE_EMBEDDED_SCRIPTS",
    "MLRS_SUBMITTED_TARGET_INSTANCES",
    "MLRS_RESULT_PATH",
    "SFML_ENTRY",
)
# docs.snowflake.com, EXECUTE JOB SERVICE: at most 10 integrations for a service.
_MOST_INTEGRATIONS = 10


@dataclass(frozen=True, kw_only=True)
class Request:
    """A job to submit. Names are as the user typed them, and safe; ``max_runtime`` is in seconds.

    ``state`` is the project's state folder; ``user`` is whose payload it is. Requests of one ``key`` are one
    job, however often they are submitted.
    """

    payload: Payload | StagedPayload
    compute_pool: str
    stage: str
    name: str
    user: str = "user"
    state: Path = Path(".sfml")
    key: str | None = None
    args: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    eai: tuple[str, ...] = ()
    artifact_repositories: tuple[str, ...] = ()
    seen_pool: Pool | None = field(default=None, compare=False)  # the pool, where it was looked at already
    env: Mapping[str, str] = field(default_factory=dict)
    runtime: str | None = None
    nodes: int = 1
    max_runtime: int | None = None
    database: str | None = None
    schema: str | None = None
    warehouse: str | None = None


def checked(request: Request) -> Request:
    """The same request; InputError for the first value that cannot be used."""
    sql.name(request.compute_pool, parts=1)
    check_stage(request.stage)
    if isinstance(request.payload, StagedPayload):
        check_stage(request.payload.source)
    else:
        guards.check(select(request.payload), request.payload)
    sql.service_name(request.name)
    for value in (request.database, request.schema, request.warehouse):
        if value is not None:
            sql.name(value, parts=1)
    check_runtime(request.runtime)
    check_integrations(request.eai)
    for repository in request.artifact_repositories:
        sql.name(repository)
    check_environment(request.env)
    _check_arguments(request.args)
    _check_requirements(request)
    if request.nodes < 1:
        raise InputError(f"a job needs at least one node, not {request.nodes}")
    if request.max_runtime is not None and request.max_runtime < 1:
        raise InputError(f"--max-runtime must be at least a second, not {request.max_runtime}")
    return request


def check_runtime(text: str | None) -> None:
    """InputError where this is no runtime; the client puts it between quotes as it is."""
    if text is not None and not (_RUNTIME.match(text) or _IMAGE.match(text)):
        hint = "a tag such as 2.10 or 2.6.0-py311, or an image: /db/schema/images/runtime:tag"
        raise InputError(f"{text!r} is no runtime", hint=hint)


def check_stage(text: str) -> None:
    """InputError where ``[@][database.][schema.]stage[/folder…]`` is none."""
    name, *folders = text.removeprefix("@").split("/")
    if name in ("", "~") or name.startswith("%"):
        raise InputError(f"{text!r} is not a named stage", hint="a job's files need a stage such as MY_STAGE")
    sql.name(name)
    for folder in folders:
        if folder in (".", "..") or not (
            _STAGE_FOLDER.match(folder) or (folder == "" and folder is folders[-1])
        ):
            raise InputError(f"{text!r} is not a stage path: {folder!r} cannot be a folder there")


def job_name(given: str | None, payload: Payload | StagedPayload) -> str:
    """The job's name before its suffix: the given one, or the script's as an identifier."""
    if given is not None:
        return given
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", Path(payload.entrypoint).stem).strip("_") or "job"
    return stem if re.match(r"[A-Za-z_]", stem) else f"job_{stem}"


def requirements(
    pip: Sequence[str], files: Sequence[Path], payload: Payload | StagedPayload
) -> tuple[str, ...]:
    """What a job is to install beside its folder's own requirements.txt, which the client would replace."""
    lines = [line for path in files for line in _requirement_lines(path)]
    own = payload.requirements
    if (pip or files) and own is not None and own.resolve() not in [path.resolve() for path in files]:
        raise InputError(
            f"{own} would be replaced by --pip and --requirements",
            hint=f"add the packages to that file, or name it too: --requirements {own}",
        )
    return (*lines, *pip)


def environment(items: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """``NAME=value`` texts as a mapping; ``NAME`` alone takes the value that it has here, in ``environ``."""
    variables = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals and name not in environ:
            raise InputError(f"--env {name}: it has no value here", hint="give it one: --env NAME=VALUE")
        variables[name] = value if equals else environ[name]
    return variables


def _requirement_lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    lines = [line.split(" #")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _check_requirements(request: Request) -> None:
    for requirement in request.requirements:
        if not requirement.strip() or "\n" in requirement or "\r" in requirement or "\0" in requirement:
            raise InputError(f"{requirement!r} is not a requirement for pip")
        if re.match(r"(?:-r|-c|-e|--requirement|--constraint|--editable)\b|\.{0,2}/", requirement.strip()):
            raise InputError(
                f"{requirement!r} names a file that the job will not have",
                hint="list the packages themselves, or put the file into the submitted folder",
            )


def check_integrations(names: Sequence[str]) -> None:
    """InputError for a name that is none, or too many."""
    for name in names:
        sql.name(name, parts=1)
    if len(names) > _MOST_INTEGRATIONS:
        raise InputError(f"a job takes at most {_MOST_INTEGRATIONS} integrations, not {len(names)}")


def check_environment(variables: Mapping[str, str]) -> None:
    """InputError for a variable that a job cannot have."""
    for name, value in variables.items():
        if not _VARIABLE.match(name):
            raise InputError(f"{name!r} cannot be the name of an environment variable")
        if name in _RESERVED_VARIABLES:
            raise InputError(f"the variable {name} is set by the job itself and may not be replaced")
        _check_text(value, f"the variable {name}")


def _check_arguments(args: Sequence[str]) -> None:
    for position, argument in enumerate(args, 1):
        _check_text(argument, f"argument {position}")


def _check_text(text: str, what: str) -> None:
    if "\0" in text:
        raise InputError(f"{what} holds a NUL character, which no program can be given")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{what} is not valid text: {text!r}") from None

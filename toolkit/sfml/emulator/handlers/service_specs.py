"""A statement's specification with all that it names: files, images, stages, secrets, endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sfml.emulator.catalog import Kind, Name, Record
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, missing, unsupported
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.objects import existing
from sfml.emulator.handlers.privileges import ACCOUNT, has, require
from sfml.emulator.handlers.snapshots import usable
from sfml.emulator.handlers.stages import located
from sfml.emulator.results import Target
from sfml.emulator.services import capacity, names, secrets, volumes
from sfml.emulator.services.pools import family
from sfml.emulator.stages.paths import join
from sfml.emulator.statements import commands as c

_OWN_IMAGES = "/snowflake/images/"
"""Repositories of Snowflake's own, which no account has in its catalog."""
_AMD64 = (
    "SPCS only supports image for amd64 architecture. "
    "Please rebuild your image with '--platform linux/amd64' option"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A specification that a service may have. ``images`` are digests; see ``model.Service``."""

    spec: Mapping[str, Any]
    images: Mapping[str, str]
    unschedulable: str
    read_only: tuple[str, ...]


def check(source: c.SpecSource, name: Name, pool: Record, context: Context, backend: Backend) -> Checked:
    """The specification that a statement gives for a service of this name on this pool."""
    from sfml.emulator.services import specification

    text = _text(source, context, backend)
    if source.template:
        text = specification.rendered(text, source.using)
    given = specification.read(text)
    spec = specification.complete(given, family(pool))
    inner = spec["spec"]
    _require_executor(inner["containers"], backend)
    _require_endpoints(inner.get("endpoints", []), context, backend)
    place = Context(session_id=0, user="", role=context.role, database=name.database, schema=name.schema)
    inner["volumes"] = [_volume(volume, place, context, backend) for volume in inner.get("volumes", [])]
    if not inner["volumes"]:
        del inner["volumes"]
    for container in inner["containers"]:
        secrets.check(secrets.uses(container, name), backend.catalog, partial(require, context, backend))
    return Checked(
        spec=spec,
        images=_images(inner["containers"], context, backend),
        unschedulable=capacity.unschedulable(inner["containers"], family(pool)),
        read_only=_read_only(inner.get("volumes", []), place, context, backend),
    )


def _text(source: c.SpecSource, context: Context, backend: Backend) -> str:
    if source.stage is None:
        return source.text or ""
    stage = located(source.stage, "READ", context, backend)
    path = join(source.stage.path, source.file)
    try:
        with backend.stages.open(Target(stage=stage.id, path=path)) as file:
            return file.read().decode()
    except FileNotFoundError:
        raise Fault("091016", "22000", f"Remote file '{path}' was not found.") from None
    except UnicodeDecodeError:
        raise Fault("395018", "22023", f"Invalid spec: the file '{path}' is not UTF-8 text.") from None


def _require_executor(containers: list[dict[str, Any]], backend: Backend) -> None:
    """The process executor has no images, so it runs one container that says its command."""
    if backend.services.executor.runs_images:
        return
    needs = "; that needs containers: sfml local stop, and executor: docker in sfml.yaml"
    if len(containers) > 1:
        raise unsupported(f"a service of {len(containers)} containers{needs}")
    container = containers[0]
    for probe in ("readinessProbe", "livenessProbe"):
        if probe in container:
            raise unsupported(f"{probe} of container {container['name']}{needs}")
    if not container.get("command"):
        raise unsupported(
            f"container {container['name']} without a command, which the process executor has no image for"
            f"{needs}, or a command"
        )


def _require_endpoints(endpoints: list[dict[str, Any]], context: Context, backend: Backend) -> None:
    if any(endpoint.get("public") for endpoint in endpoints):
        require(context, backend, "BIND SERVICE ENDPOINT", ACCOUNT)


def _volume(volume: Mapping[str, Any], place: Context, context: Context, backend: Backend) -> dict[str, Any]:
    """The volume; one of a stage has the stage's full name, and the role may read that."""
    source = str(volume["source"])
    staged = source == "stage"
    if volumes.source(volume):
        return _block(volume, place, context, backend)
    if not staged and not source.startswith("@"):
        return dict(volume)
    stage, path = names.stage_location(volume["stageConfig"]["name"] if staged else source, place)
    existing(backend, Kind.STAGE, stage)
    require(context, backend, "READ", Kind.STAGE, stage)
    full = f"@{names.written(stage)}" + (f"/{path}" if path else "")
    if staged:
        return {**volume, "stageConfig": {**volume["stageConfig"], "name": full}}
    return {**volume, "source": full}


def _block(volume: Mapping[str, Any], place: Context, context: Context, backend: Backend) -> dict[str, Any]:
    """A block volume with the full name of the snapshot that it begins with."""
    name = names.object_name(volumes.source(volume), place)
    usable(name, volume, context, backend)
    initial = {"initialContents": {"fromSnapshot": names.written(name)}}
    return {**volume, "blockConfig": {**volume["blockConfig"], **initial}}


def _read_only(
    given: list[dict[str, Any]], place: Context, context: Context, backend: Backend
) -> tuple[str, ...]:
    """The volumes of stages that the role may not WRITE."""
    found = []
    for volume in given:
        location = volume["stageConfig"]["name"] if "stageConfig" in volume else str(volume["source"])
        if location.startswith("@"):
            stage, _ = names.stage_location(location, place)
            if not has(context, backend, "WRITE", Kind.STAGE, stage):
                found.append(volume["name"])
    return tuple(found)


# --- images


def _images(containers: list[dict[str, Any]], context: Context, backend: Backend) -> dict[str, str]:
    """Digests by image, of those that the registry has."""
    found = {}
    for image in {str(container["image"]) for container in containers}:
        digest = _digest(image, context, backend)
        if digest:
            found[image] = digest
    return found


def _digest(image: str, context: Context, backend: Backend) -> str:
    """The image's digest; '' where none is needed: Snowflake's own, and all of them for processes."""
    path = image[image.index("/") :].lower()
    if path.startswith(_OWN_IMAGES):
        return ""
    database, schema, repository = path.upper().split("/")[1:4]
    name = Name(name=repository, schema=schema, database=database)
    known = backend.catalog.get(Kind.IMAGE_REPOSITORY, name)
    if known is None or not has(context, backend, "READ", Kind.IMAGE_REPOSITORY, name):
        raise _not_found(path)
    found = backend.images.resolve(image)
    if found is None:
        if backend.services.executor.runs_images:
            raise _not_found(path)
        return ""
    if not any(platform.startswith("linux/amd64") for platform in backend.images.platforms(found)):
        text = f"Failed to retrieve image {path} from the image repository : {_AMD64}"
        raise Fault("397013", "0A000", text)
    return found.digest


def _not_found(path: str) -> Fault:
    text = f"Failed to retrieve image {path} from the image repository : Image {path} not found"
    return Fault("397012", "23001", text)


def pool_of(name: str, context: Context, backend: Backend) -> Record:
    """The pool, which the role may use."""
    record = backend.catalog.get(Kind.COMPUTE_POOL, Name(name=name))
    if record is None:
        raise missing(Kind.COMPUTE_POOL, name)
    require(context, backend, "USAGE", Kind.COMPUTE_POOL, record.name)
    return record

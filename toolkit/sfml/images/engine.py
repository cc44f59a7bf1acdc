"""The container engine, through its command line: what it holds, and the tags that it keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfml import proc
from sfml.errors import CommandError, ToolMissingError

_ANSWER_WITHIN = 60.0
_ARCHITECTURES = {"amd64": "linux/amd64", "arm64": "linux/arm64"}
_MISSING = re.compile(r"no such (image|object)", re.IGNORECASE)
_UNREACHABLE = (
    "cannot connect to the docker daemon",
    "is the docker daemon running",
    "permission denied while",
    "rpc error: code = unavailable",  # it was there when the build began
)
INSTALL = "install Docker (https://docs.docker.com/engine/install) or start it, and check `docker info`"


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of an image."""

    size: int
    made_by: str


@dataclass(frozen=True, kw_only=True)
class Held:
    """An image that the engine holds."""

    id: str
    size: int
    platform: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    labels: Mapping[str, str]
    layers: tuple[str, ...]


def docker(*arguments: str, timeout: float | None = _ANSWER_WITHIN) -> str:
    """What ``docker ARGUMENTS`` prints; ToolMissingError when no engine answers."""
    return _run(arguments, timeout, (0,)).stdout


def _run(arguments: Sequence[str], timeout: float | None, accepted: Sequence[int]) -> proc.Completed:
    try:
        return proc.run(["docker", *arguments], timeout=timeout, accepted=accepted)
    except ToolMissingError as error:
        raise ToolMissingError(str(error), hint=INSTALL) from None
    except CommandError as error:
        raise unreachable(error.output) or error from None


def unreachable(output: str) -> ToolMissingError | None:
    """The clear word for it when the engine is what is missing."""
    if any(text in output.lower() for text in _UNREACHABLE):
        return ToolMissingError("no container engine answers", hint=f"{INSTALL}\n{output.strip()}")
    return None


def held(references: Sequence[str]) -> Mapping[str, Held]:
    """Those of the images that the engine holds, by the names that were asked for."""
    if not references:
        return {}
    # Ends with 1 where one of them is missing, and prints the others all the same.
    done = _run(["image", "inspect", *references], _ANSWER_WITHIN, (0, 1))
    other = [line for line in done.stderr.splitlines() if line and not _MISSING.search(line)]
    if other:
        text = "\n".join(other)
        raise unreachable(text) or CommandError("'docker image inspect' failed", returncode=1, hint=text)
    images = [_image(item) for item in json.loads(done.stdout or "[]")]
    by_name = {name: image for image in images for name in (*image.tags, *image.digests, image.id)}
    return {name: by_name[name] for name in references if name in by_name}


def _image(data: Mapping[str, Any]) -> Held:
    return Held(
        id=data["Id"],
        size=data["Size"],
        platform=_ARCHITECTURES.get(data["Architecture"], f"{data['Os']}/{data['Architecture']}"),
        tags=tuple(data.get("RepoTags") or ()),
        digests=tuple(data.get("RepoDigests") or ()),
        labels=(data.get("Config") or {}).get("Labels") or {},
        layers=tuple((data.get("RootFS") or {}).get("Layers") or ()),
    )


def layers(reference: str) -> Sequence[Layer]:
    """The layers of an image, the newest first."""
    lines = docker("history", "--no-trunc", "--human=false", "--format", "{{json .}}", reference).splitlines()
    rows = [json.loads(line) for line in lines]
    return [Layer(size=int(row["Size"]), made_by=row["CreatedBy"]) for row in rows]


def tag(source: str, target: str) -> None:
    """Give an image one more name."""
    docker("tag", source, target)


def remove(reference: str) -> None:
    """Take a name away; the image goes with its last one."""
    docker("image", "rm", reference)


def listed(repository: str) -> Sequence[str]:
    """Every ``repository:tag`` that the engine holds below a name with wildcards."""
    text = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository)
    return [line for line in text.splitlines() if not line.endswith(":<none>")]


def require_buildx() -> None:
    """ToolMissingError where ``docker buildx`` is missing, which builds the images."""
    try:
        docker("buildx", "version")
    except CommandError:
        raise ToolMissingError(
            "docker buildx is missing: the images need its caches and secrets, which `docker build` lacks",
            hint="install docker-buildx-plugin (Docker's packages) or docker-buildx (Debian, Ubuntu), "
            "or put the program into ~/.docker/cli-plugins",
        ) from None


def context_name() -> str:
    """The engine that ``docker`` talks to; buildx calls its own builder for it by the same name."""
    return docker("context", "inspect", "--format", "{{.Name}}").strip()

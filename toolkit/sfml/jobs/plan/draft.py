"""A plan as far as the script alone decides it: how it travels, its packages, outputs, hosts and hardware."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from sfml.analysis import Analysis, Gpu, Install, Method, Network, Package, analyse
from sfml.analysis.findings import Category
from sfml.analysis.network.services import PYPI
from sfml.jobs import request as requests
from sfml.jobs.definitions import Definitions
from sfml.jobs.payload import Payload
from sfml.jobs.plan import outputs
from sfml.jobs.plan.model import Hardware, Item, Way, Wishes, places
from sfml.jobs.request import Request
from sfml.jobs.selection import select

_GPU_WORDS = {
    Gpu.NEEDS: "GPU",
    Gpu.USES: "GPU where there is one, else CPU",
    Gpu.NEVER: "CPU",
}
_SHOWN = 4
# Of the runtimes of 2026-11 (Snowflake's page "Container Runtime release notes").
PYTHONS = ("3.10", "3.11", "3.12")


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What the job's runtime is known to have: Python, and packages with their versions where known."""

    python: str
    packages: Mapping[str, str | None] | None = None  # None: the offline list
    source: str = "the documented list"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the script needs; ``request`` has all that follows from it, but for pool and integrations."""

    asked: Request  # as the flags say it
    request: Request
    gpu: Gpu
    needs: tuple[Network, ...] = ()
    sections: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    warnings: tuple[Item, ...] = ()
    analysis: Analysis | None = None


def draft(
    request: Request,
    wishes: Wishes,
    runtime: Runtime,
    *,
    installed: Callable[[], Mapping[str, Sequence[str]]] | None = None,
) -> Draft:
    """The draft for a request as the flags say it; without inference it is that request."""
    payload = request.payload
    if not wishes.infer or not isinstance(payload, Payload):
        gpu = _wished(wishes) or Gpu.NEVER
        return Draft(asked=request, request=request, gpu=gpu, needs=_index(request, ()))
    folder = payload.source.is_dir()
    found = analyse(
        payload.source,
        python=runtime.python,
        preinstalled=runtime.packages,
        entrypoint=str(payload.entrypoint) if folder else None,
        arguments=request.args,
        installed=installed,
    )
    travelling = _travel(payload, found, wishes)
    lines = _requirements(request, found, travelling)
    moved = outputs.redirect(found.outputs, request.args)
    changed = requests.checked(
        replace(request, payload=travelling, requirements=lines, args=(*request.args, *moved))
    )
    return Draft(
        asked=request,
        request=changed,
        gpu=_wished(wishes) or found.hardware.gpu,
        needs=_index(changed, found.network),
        sections={
            "method": (_method(payload, travelling, found, wishes),),
            "hardware": (_hardware(found, wishes),),
            "packages": tuple(_packages(request, found, runtime)) or (Item(text="none"),),
            "outputs": tuple(outputs.items(found.outputs, request.args)) or (Item(text="none found"),),
            "payload": (_payload(travelling, request.state),),
        },
        warnings=tuple(_warnings(payload, travelling, found)),
        analysis=found,
    )


# --- how it travels ---


def _travel(payload: Payload, found: Analysis, wishes: Wishes) -> Payload:
    if payload.source.is_dir() or wishes.way is Way.FILE:
        return payload
    if wishes.way is not Way.DIRECTORY and found.method is not Method.DIRECTORY:
        return payload
    folder = _folder(payload, found)
    if folder is None:
        return payload
    inner = PurePosixPath(payload.source.relative_to(folder).as_posix())
    return replace(payload, source=folder, entrypoint=inner)


def _folder(payload: Payload, found: Analysis) -> Path | None:
    """The smallest folder around the script and all that it reads; None where that is no project's."""
    root = Path(found.root)
    parts = [(root / name).parent for name in (*found.modules, *found.data_files)]
    folder = Path(os.path.commonpath([payload.source.parent, *parts]))
    return None if Path.home().is_relative_to(folder) else folder


def _method(payload: Payload, travelling: Payload, found: Analysis, wishes: Wishes) -> Item:
    if payload.source.is_dir():
        return Item(text="directory", where="PATH")
    if wishes.way is not None:
        return Item(text=wishes.way, where=wishes.origins.get("method", ""))
    if travelling is payload:
        return Item(text="file")
    beside = [*found.modules[1:], *found.data_files]
    more = ", …" if len(beside) > _SHOWN else ""
    return Item(text=f"directory (needs {', '.join(beside[:_SHOWN])}{more})")


def _payload(payload: Payload, state: Path) -> Item:
    found = select(payload)
    number = "1 file" if len(found.files) == 1 else f"{len(found.files)} files"
    amount = max(1, round(sum(file.size for file in found.files) / 1024))
    more = ", …" if len(found.skipped) > _SHOWN else ""
    skipped = f" (skipped: {', '.join([*found.skipped][:_SHOWN])}{more})" if found.skipped else ""
    same = " · unchanged since the last submit" if Definitions(state).know(payload) else ""
    return Item(text=f"{number}, {amount:,} KB{skipped}{same}", where=str(payload.source))


# --- hardware ---


def _wished(wishes: Wishes) -> Gpu | None:
    if wishes.hardware is None:
        return None
    return Gpu.NEEDS if wishes.hardware is Hardware.GPU else Gpu.NEVER


def _hardware(found: Analysis, wishes: Wishes) -> Item:
    wished = _wished(wishes)
    if wished is not None:
        return Item(text=_GPU_WORDS[wished], where=wishes.origins.get("hardware", ""))
    evidence = found.hardware.evidence
    return Item(text=_GPU_WORDS[found.hardware.gpu], where=str(evidence[0]) if evidence else "")


# --- packages ---


def _requirements(request: Request, found: Analysis, payload: Payload) -> tuple[str, ...]:
    """The lines for pip; none where the folder's own requirements.txt does it: never both."""
    wanted = found.dependencies
    if request.requirements or wanted.install is Install.NOTHING:
        return request.requirements
    if wanted.install is Install.PIP_REQUIREMENTS:
        return wanted.pip_requirements
    file = Path(found.root) / (wanted.requirements_file or "requirements.txt")
    return () if payload.requirements == file else requests.requirements((), [file], payload)


def _packages(request: Request, found: Analysis, runtime: Runtime) -> Iterator[Item]:
    wanted = found.dependencies
    present = [package.name for package in wanted.packages if package.preinstalled]
    if present:
        yield Item(text=f"preinstalled: {', '.join(present)}", where=f"by {runtime.source}")
    if request.requirements:
        yield Item(text=f"to install: {', '.join(request.requirements)}", where="--pip, --requirements")
        named = " ".join(request.requirements).lower().replace("_", "-")
        left = [package for package in wanted.missing if package.name not in named]
        if left:
            yield Item(text=f"imported and not among them: {', '.join(map(_package, left))}")
    elif wanted.missing:
        how = ""
        if wanted.install is Install.REQUIREMENTS_FILE:
            how = f"by {wanted.requirements_file}, as it is"
        yield Item(text=f"to install: {', '.join(map(_package, wanted.missing))}", where=how)


def _package(package: Package) -> str:
    where = f", {places(package.evidence[:1])}" if package.evidence else ""
    return f"{package.requirement} ({package.origin}{where})"


def _index(request: Request, found: Sequence[Network]) -> tuple[Network, ...]:
    """The hosts that the run will contact: with the package index where something is to be installed."""
    sure = tuple(need for need in found if not need.optional and need.hosts)
    has_index = any(need.category is Category.PYPI for need in sure)
    if has_index or not (request.requirements or request.payload.requirements):
        return sure
    return (*sure, Network(category=Category.PYPI, hosts=tuple(sorted(PYPI)), evidence=()))


# --- warnings ---


def _warnings(payload: Payload, travelling: Payload, found: Analysis) -> Iterator[Item]:
    if found.python not in PYTHONS:
        yield Item(
            text=f"Python {found.python} is none of the runtimes' ({', '.join(PYTHONS)})",
            outcome="choose one: --runtime 2.6.0-py311",
        )
    if found.method is Method.FUNCTION:
        yield Item(text="the script submits jobs itself (@remote): it is meant to be run with python here")
    if found.method is Method.DIRECTORY and travelling is payload and not payload.source.is_dir():
        beside = ", ".join([*found.modules[1:], *found.data_files][:_SHOWN])
        yield Item(text=f"{beside}: needed, and not sent", outcome="submit a folder that holds them")
    for need in found.network:
        if need.optional:
            yield Item(
                text=f"{', '.join(need.hosts)}: contacted with an option only", where=places(need.evidence)
            )
        elif not need.hosts:
            yield Item(text="a host that only the run knows", where=places(need.evidence))
    for note in found.notes:
        yield Item(text=note.message, where=places((note.evidence,)))

"""Builds: what is missing is built with buildx, parents first, independent images at once."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sfml import __version__, proc
from sfml.errors import CommandError, InputError, SfmlError
from sfml.images import context as contexts
from sfml.images import engine
from sfml.images.engine import Held
from sfml.images.plan import NAMESPACE, Plan, to_build
from sfml.images.progress import Progress, failure
from sfml.proc import Stoppable, redact

CONTENT_LABEL = "com.snowflake-ml-accelerator.content"
SOURCE = "https://github.com/snowflake-ml-accelerator/snowflake-ml-accelerator"
Report = Callable[[str], None]
_HINTS: Mapping[str, str] = {
    "no space left on device": "the engine's disk is full: sfml image prune, docker system df",
    "invalid peer certificate": "the network inspects TLS: give its certificates with --ca-bundle FILE",
    "certificate verify failed": "the network inspects TLS: give its certificates with --ca-bundle FILE",
    "could not resolve host": "the build has no network, or its name service does not answer",
    "temporary failure in name resolution": "the build has no network, or its name service does not answer",
}


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Files that a build may read and that stay out of the image."""

    ca_bundle: Path | None = None
    build_env: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How to build; ``fresh``: anew, from what the package indexes serve now."""

    secrets: Secrets
    fresh: bool = False
    revision: str | None = None
    builder: str = "default"


@dataclass(frozen=True, kw_only=True)
class Built:
    """What became of one image; ``seconds`` is None where it was there already."""

    plan: Plan
    held: Held
    seconds: float | None


def build(
    plans: Mapping[str, Plan], names: Collection[str], manner: Manner, *, report: Report
) -> Sequence[Built]:
    """See to it that the engine holds the named images, and give them their tags; in the order of ``plans``.

    Ctrl-C ends what runs; an image gets its names when it is complete, not before.
    """
    found = engine.held([plan.reference for plan in plans.values()])
    missing = tuple(names) if manner.fresh else to_build(plans, names, found)
    took: Mapping[str, float] = {}
    if missing:
        engine.require_buildx()
        chosen = replace(manner, builder=engine.context_name())
        took = _all({name: plan for name, plan in plans.items() if name in missing}, chosen, report)
        found = engine.held([plan.reference for plan in plans.values()])
    done = [
        Built(plan=plan, held=found[plan.reference], seconds=took.get(name))
        for name, plan in plans.items()
        if name in names
    ]
    for built in done:
        _name(built)
    return done


def _all(plans: Mapping[str, Plan], manner: Manner, report: Report) -> Mapping[str, float]:
    """Build these, each after its parent; the seconds that each took."""
    programs = Stoppable()
    futures: dict[str, Future[float]] = {}
    with ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2) // 2)) as pool:
        for name, plan in plans.items():
            # A parent was handed to the pool before its children, so that waiting for it never blocks it.
            parent = futures.get(plan.parent.name) if plan.parent else None
            futures[name] = pool.submit(_after, parent, plan, manner, report, programs)
        try:
            wait(futures.values())
        except BaseException:
            programs.stop()
            raise
    return {name: future.result() for name, future in futures.items()}


def _after(
    parent: Future[float] | None, plan: Plan, manner: Manner, report: Report, programs: Stoppable
) -> float:
    if parent is not None:
        parent.result()
    with _only_builder(plan):
        if not manner.fresh and engine.held([plan.reference]):
            report(f"{plan.name}: built by another run meanwhile")
            return 0.0
        return _one(plan, manner, report, programs)


@contextmanager
def _only_builder(plan: Plan) -> Iterator[None]:
    """One build of the same content at a time on this machine: the second one finds it done."""
    try:
        import fcntl
    except ImportError:  # Windows: two builds then do the same work, with the same result
        yield
        return
    path = Path(tempfile.gettempdir(), f"sfml-build-{os.getuid()}-{plan.name}-{plan.content}.lock")
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _one(plan: Plan, manner: Manner, report: Report, programs: Stoppable) -> float:
    _require_base(plan)
    report(f"{plan.name}: building {plan.reference} for {plan.platform}")
    began = time.monotonic()
    progress = Progress()

    def line(text: str) -> None:
        told = progress.feed(text)
        if told is not None:
            report(f"{plan.name}: {redact(told)}")

    with contexts.staged(plan.context) as folder:
        # With attestations the image would be an index, which old engines do not take.
        environ = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        code = programs.stream(command(plan, folder, manner), line, env=environ)
    if code:
        raise _failed(plan, progress, code)
    _require_platform(plan)
    return time.monotonic() - began


def command(plan: Plan, folder: Path, manner: Manner) -> Sequence[str]:
    """The buildx command for one image."""
    arguments = {name.upper(): value for name, value in plan.arguments.items()}
    if plan.parent is not None:
        arguments["PARENT"] = plan.parent.reference
    secrets = {"ca_bundle": manner.secrets.ca_bundle, "build_env": manner.secrets.build_env}
    return [
        "docker", "buildx", "build",
        # The engine's own builder: others do not see the parent images, which are in the engine alone.
        "--builder", manner.builder,
        "--progress", "plain",
        "--platform", plan.platform,
        *_each("--build-arg", (f"{name}={value}" for name, value in arguments.items())),
        *_each("--label", (f"{name}={value}" for name, value in labels(plan, manner.revision).items())),
        *_each("--secret", (f"id={name},src={path}" for name, path in secrets.items() if path)),
        *(["--no-cache"] if manner.fresh else []),
        "--tag", plan.reference,
        str(folder),
    ]  # fmt: skip


def _each(option: str, values: Iterable[str]) -> Sequence[str]:
    return [word for value in values for word in (option, value)]


def labels(plan: Plan, revision: str | None) -> Mapping[str, str]:
    """The image's labels: https://specs.opencontainers.org/image-spec/annotations, and its content."""
    known = {
        "org.opencontainers.image.title": plan.name,
        "org.opencontainers.image.description": plan.image.summary,
        "org.opencontainers.image.version": __version__,
        "org.opencontainers.image.source": SOURCE,
        "org.opencontainers.image.revision": revision or "",
        CONTENT_LABEL: plan.content,
    }
    return {name: value for name, value in known.items() if value}


def revision(folder: Path) -> str | None:
    """The commit that a folder is at, with ``-dirty`` where it was changed since; None outside of git."""
    try:
        done = proc.run(["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"], cwd=folder)
    except SfmlError:
        return None
    return done.stdout.strip()


def _failed(plan: Plan, progress: Progress, code: int) -> CommandError:
    dockerfile = plan.context["Dockerfile"].content.decode()
    where, tail = failure(progress, dockerfile)
    tail = redact(tail)
    gone = engine.unreachable(tail)
    if gone is not None:
        raise gone
    known = next((hint for text, hint in _HINTS.items() if text in tail.lower()), None)
    return CommandError(
        f"building image '{plan.name}' failed" + (f" at {plan.name}/{where}" if where else ""),
        returncode=code,
        output=tail,
        hint=f"{tail}\n\n{known}" if known else tail,
    )


def _require_base(plan: Plan) -> None:
    """InputError for a base that the engine holds for another platform: it would build on it all the same."""
    base = plan.arguments.get("base_image", "")
    found = engine.held([base]).get(base) if base else None
    if found is not None and found.platform != plan.platform:
        raise InputError(
            f"base image {base} is for {found.platform}, not {plan.platform}",
            hint=f"docker pull --platform {plan.platform} {base}",
        )


def _require_platform(plan: Plan) -> None:
    found = engine.held([plan.reference])[plan.reference]
    if found.platform != plan.platform:
        engine.remove(plan.reference)
        raise InputError(
            f"image '{plan.name}' was built for {found.platform}, not {plan.platform}",
            hint=f"the engine holds a base image of another kind: docker pull --platform {plan.platform} …",
        )


def _name(built: Built) -> None:
    """The names for people, which move to this content."""
    for human in built.plan.human_tags:
        name = f"{NAMESPACE}/{built.plan.name}:{human}"
        if name not in built.held.tags:
            engine.tag(built.plan.reference, name)

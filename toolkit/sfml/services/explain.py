"""Why a job or service does not run: one diagnosis with its next steps (pure)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sfml.services import remedies
from sfml.services.evidence import ContainerState, Evidence
from sfml.services.signs import Cause, cause_of_code, causes, host_in


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What happened, as half a sentence, and what to do, the likeliest first."""

    cause: Cause
    what: str
    steps: tuple[str, ...] = ()
    container: str | None = None
    exit_code: int | None = None


Decider = Callable[[Evidence], Diagnosis | None]


def diagnose(evidence: Evidence) -> Diagnosis | None:
    """The one likeliest cause; None where nothing speaks of any (a container may still be starting)."""
    for decide in _DECIDERS:
        found = decide(evidence)
        if found is not None:
            return found
    return None


_PULL = re.compile(
    r"Failed to (?:pull|retrieve) image(?: (?P<retrieved>\S+))?|Image (?P<missing>\S+) not found",
    re.IGNORECASE,
)
_ARCHITECTURE = re.compile(r"only supports image for amd64|exec format error", re.IGNORECASE)
_SECRET = re.compile(r"[Ss]ecret '?(?P<name>[\w.\"$]+)'? does not exist or (?:is )?not authorized")
_UNSCHEDULABLE = re.compile(r"Unschedulable due to insufficient ?(?P<what>[\w/. ]*?) resources")
_PROBE = re.compile(r"(?P<kind>\w+) probe is failing at path: (?P<path>\S+), port: (?P<port>\d+)")
# error_code and status_message of DESCRIBE COMPUTE POOL, and the message of a container that waits.
_NO_CAPACITY = re.compile(r"CAPACITY_ERROR|392507|reached the maximum node limit|392508")


def _said(evidence: Evidence, pattern: re.Pattern[str]) -> tuple[str | None, re.Match[str]] | None:
    """The first message that speaks of it, with the container concerned."""
    found = ((who, pattern.search(text)) for who, text in evidence.messages)
    return next(((who, match) for who, match in found if match), None)


def _architecture(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, _ARCHITECTURE)
    lines = [who for who, text in evidence.lines.items() if Cause.ARCHITECTURE in causes(text)]
    if said is None and not lines:
        return None
    container = said[0] if said else lines[0]
    return Diagnosis(
        cause=Cause.ARCHITECTURE,
        what="the image is built for another kind of processor than the node has",
        steps=remedies.architecture(evidence, container),
        container=container,
    )


def _image(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, _PULL)
    if said is None:
        return None
    who, match = said
    image = remedies.image_of(evidence, who) or match["missing"] or match["retrieved"] or "the image"
    return Diagnosis(
        cause=Cause.IMAGE_MISSING,
        what=f"the image {image} cannot be pulled",
        steps=remedies.image(evidence, image),
        container=who,
    )


def _image_name(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, re.compile(r"image name uses an invalid format"))
    if said is None:
        return None
    return Diagnosis(
        cause=Cause.IMAGE_NAME,
        what=f"{remedies.image_of(evidence, said[0]) or 'the image'} is not the path of an image",
        steps=("write it as /database/schema/repository/name:tag",),
        container=said[0],
    )


def _room(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, _UNSCHEDULABLE)
    if said is None:
        return None
    pool = f"the pool {evidence.pool.name}" if evidence.pool else "the compute pool"
    kind = said[1]["what"].strip()
    never = remedies.never_fits(evidence)
    why = f"a node of {pool} can never hold it: {never}" if never else f"{pool} has no room for it now"
    return Diagnosis(
        cause=Cause.NO_ROOM,
        what=why + (f" ({kind})" if kind and not never else ""),
        steps=remedies.room(evidence, never=bool(never)),
        container=said[0],
    )


def _no_node(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, _NO_CAPACITY)
    if said is None:
        return None
    pool = evidence.pool.name if evidence.pool else "compute pool"
    return Diagnosis(
        cause=Cause.NO_NODE,
        what=f"the {pool} gets no node: {said[1].string}",
        steps=remedies.no_node(evidence),
        container=said[0],
    )


def _probe(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, _PROBE)
    if said is None or (evidence.failed and evidence.failed.exit_code):
        return None
    who, match = said
    return Diagnosis(
        cause=Cause.PROBE,
        what=f"{who or 'the container'} does not answer GET {match['path']} on port {match['port']} with 200",
        steps=remedies.probe(evidence, who, port=int(match["port"])),
        container=who,
    )


def _secret(evidence: Evidence) -> Diagnosis | None:
    said = _said(evidence, _SECRET)
    if said is None:
        return None
    name = said[1]["name"]
    return Diagnosis(
        cause=Cause.SECRET,
        what=f"the secret {name} is not there, or the role may not read it",
        steps=(f"GRANT READ ON SECRET {name} TO ROLE {evidence.role};  (USAGE is not enough)",),
        container=said[0],
    )


def _ended_badly(evidence: Evidence) -> Diagnosis | None:
    """A program that ended: its last lines say more than its code, the platform's word most of all."""
    failed = evidence.failed
    if failed is None:
        return None
    found = _cause(failed, evidence.lines.get(failed.name, ()))
    what, steps = _ENDINGS[found](evidence, failed.name)
    code = "" if failed.exit_code is None else f" (exit code {failed.exit_code})"
    return Diagnosis(
        cause=found, what=f"{what}{code}", steps=steps, container=failed.name, exit_code=failed.exit_code
    )


def _cause(failed: ContainerState, lines: Sequence[str]) -> Cause:
    if "OOMKilled" in failed.message:
        return Cause.MEMORY
    said = next(iter(causes([*lines[-30:], failed.message])), None) or cause_of_code(failed.exit_code)
    never_ran = "while starting container" in failed.message and failed.exit_code is None
    return said or (Cause.COMMAND_MISSING if never_ran else Cause.PROGRAM)


Ending = Callable[[Evidence, str], tuple[str, tuple[str, ...]]]


def _network(evidence: Evidence, who: str) -> tuple[str, tuple[str, ...]]:
    host = host_in(evidence.lines.get(who, ()))
    return f"{who} could not reach {host or 'a host'}", remedies.network(evidence, host)


def _not_there(evidence: Evidence, who: str) -> tuple[str, tuple[str, ...]]:
    container = evidence.container(who)
    command = container.command[0] if container and container.command else "its command"
    return f"{who}: the image has no {command}", remedies.command(evidence, who)


def _program(evidence: Evidence, who: str) -> tuple[str, tuple[str, ...]]:
    failed = evidence.failed
    said = failed.message if failed and failed.exit_code is None else ""
    return f"{who} failed" + (f": {said}" if said else ""), ()


_ENDINGS: dict[Cause, Ending] = {
    Cause.SHARED_MEMORY: lambda e, who: (f"{who}: /dev/shm is too small", remedies.shared_memory(e, who)),
    Cause.GPU_MEMORY: lambda e, who: (f"{who} needs more memory on the GPU", remedies.gpu_memory(e)),
    Cause.MEMORY: lambda e, who: (f"{who} was killed for lack of memory", remedies.memory(e, who)),
    Cause.NETWORK: _network,
    Cause.PRIVILEGE: lambda e, who: (
        f"{who} may not do something in Snowflake",
        (f"it works with the role that owns the job, {e.role}: grant that what it lacks",),
    ),
    Cause.ARCHITECTURE: lambda e, who: (f"{who}: wrong architecture", remedies.architecture(e, who)),
    Cause.NOT_EXECUTABLE: lambda e, who: (
        f"{who}: its command is no program",
        remedies.not_executable(e, who),
    ),
    Cause.COMMAND_MISSING: _not_there,
    Cause.CRASH: lambda _, who: (
        f"{who} crashed in native code",
        ("look for packages whose versions do not match, such as numpy beside wheels built for another one",),
    ),
    Cause.ENDED: lambda _, who: (
        f"{who} was asked to end from outside",
        ("it was cancelled, or its node went away: run it again, and let it resume from a checkpoint",),
    ),
    Cause.PROGRAM: _program,
}

_DECIDERS: tuple[Decider, ...] = (
    _architecture,
    _image_name,
    _image,
    _secret,
    _room,
    _no_node,
    _ended_badly,
    _probe,
)

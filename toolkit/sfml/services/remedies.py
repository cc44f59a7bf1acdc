"""What to do about each cause: the line of the spec, the statement or the command that helps (pure)."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence

from sfml import sql
from sfml.services.evidence import Evidence
from sfml.specs.families import Family
from sfml.specs.memory import shm_size
from sfml.specs.model import Amounts, Container
from sfml.specs.quantities import cores, gib, gib_text

SHM = "/dev/shm"  # noqa: S108 - the path in a container
_SHOWN = 5
_GPU = "nvidia.com/gpu"


def image_of(evidence: Evidence, container: str | None) -> str | None:
    """The image of a container, as the spec has it, else as the platform says."""
    found = evidence.container(container)
    if found is not None:
        return found.image
    states = (state.image for state in evidence.containers if state.name == container and state.image)
    return next(states, None)


def image(evidence: Evidence, path: str) -> tuple[str, ...]:
    """What the repository has instead, and how an image gets there."""
    if evidence.images is None:
        return (
            "check the path, and that your role may READ the repository: SHOW IMAGE REPOSITORIES;",
            f"push it: docker push <registry>{path if path.startswith('/') else '/' + path}",
        )
    wanted = path.rpartition("/")[2]
    near = difflib.get_close_matches(wanted, evidence.images, n=1)
    some = sorted(evidence.images)[:_SHOWN]
    more = f" and {len(evidence.images) - _SHOWN} more" if len(evidence.images) > _SHOWN else ""
    has = f"the repository has {', '.join(some)}{more}" if some else "the repository is empty"
    return (*([f"did you mean {near[0]}?"] if near else []), f"{has}: push {wanted}, or correct the image")


def architecture(evidence: Evidence, container: str | None) -> tuple[str, ...]:
    """For which platform to build."""
    arch = evidence.family.arch if evidence.family else "amd64"
    name = image_of(evidence, container) or "the image"
    return (f"build {name} with: docker build --platform linux/{arch} …, then push it again",)


def shared_memory(evidence: Evidence, who: str) -> tuple[str, ...]:
    """The lines to add to the spec, or the one to change."""
    container = evidence.container(who)
    volume = _shm_volume(evidence, container)
    wanted = _shm_wanted(evidence, container)
    if volume is None:
        return (
            f"add to spec.volumes:    - {{name: dshm, source: memory, size: {wanted}}}",
            f"add to {who}.volumeMounts:    - {{name: dshm, mountPath: {SHM}}}",
        )
    name, size = volume
    larger = _larger(size, wanted)
    return (
        f"give the volume {name} more than {size}:    size: {larger}   (it counts against {who}'s memory)",
        "or let the program use fewer workers that share memory",
    )


def _shm_volume(evidence: Evidence, container: Container | None) -> tuple[str, str] | None:
    """Name and size of the memory volume behind /dev/shm."""
    mounted = (
        [mount.name for mount in container.volume_mounts if mount.mount_path.rstrip("/") == SHM]
        if container
        else []
    )
    volumes = evidence.spec.spec.volumes if evidence.spec else ()
    return next(((v.name, str(v.size)) for v in volumes if v.name in mounted and v.source == "memory"), None)


def _shm_wanted(evidence: Evidence, container: Container | None) -> str:
    limits = _limits(container)
    memory = limits.memory if limits else None
    return shm_size(memory, evidence.family) if memory or evidence.family else "1Gi"


def _larger(size: str, wanted: str) -> str:
    """The usual share of memory where that is more than there is now, else twice of it."""
    now, usual = gib(size) or 0.0, gib(wanted) or 0.0
    return wanted if usual > now else gib_text(now * 2)


def memory(evidence: Evidence, who: str) -> tuple[str, ...]:
    """A higher limit where the node has more, else a family with larger nodes."""
    limits = _limits(evidence.container(who))
    limit, family = gib(limits.memory) if limits and limits.memory else None, evidence.family
    steps = []
    if limit is not None and (family is None or limit < family.memory_gib):
        node = f" (a node of {family.name} has {family.memory_gib:g}Gi)" if family else ""
        steps.append(f"raise {who}.resources.limits.memory, which is {limits.memory if limits else ''}{node}")
    larger = next_family(evidence, memory=(limit or (family.memory_gib if family else 0)) * 1.01)
    if larger is not None:
        steps.append(f"a pool of a larger family: {larger.name} has {larger.memory_gib:g}Gi")
    volume = _shm_volume(evidence, evidence.container(who))
    if volume is not None:
        steps.append(f"what lies in {SHM} (volume {volume[0]}, {volume[1]}) counts as memory, too")
    return (*steps, "or let the program hold less at a time (smaller batches, fewer workers)")


def gpu_memory(evidence: Evidence) -> tuple[str, ...]:
    """Less at a time, or a larger GPU."""
    family = evidence.family
    each = (
        f" (a GPU of {family.name} has {family.gpu_memory_gb:g} GB)"
        if family and family.gpu_memory_gb
        else ""
    )
    return (f"smaller batches, or a family with larger GPUs{each}: sfml spec families --gpu",)


def network(evidence: Evidence, host: str | None) -> tuple[str, ...]:
    """Containers have no way out but through integrations."""
    name = host or "the host"
    if evidence.integrations:
        has = ", ".join(evidence.integrations)
        return (
            f"no rule of its integrations ({has}) lets it reach {name}: ALTER NETWORK RULE … adds the host",
        )
    rule = f"CREATE NETWORK RULE … TYPE = HOST_PORT MODE = EGRESS VALUE_LIST = ('{name}');" if host else ""
    return (
        f"it runs without an external access integration: --eai NAME, with a rule for {name}",
        *([rule] if rule else []),
    )


def command(evidence: Evidence, who: str) -> tuple[str, ...]:
    """What the spec says is to run, against what the image has."""
    container = evidence.container(who)
    image_name = image_of(evidence, who) or "the image"
    if container and container.command:
        return (
            f"check {who}.command, which replaces the image's ENTRYPOINT: {' '.join(container.command)}",
            f"see what is there: docker run --rm --entrypoint ls {image_name} /usr/local/bin",
        )
    return (f"the ENTRYPOINT of {image_name} names a program that is not in it",)


def not_executable(evidence: Evidence, who: str) -> tuple[str, ...]:
    """126: found, and not to be executed."""
    container = evidence.container(who)
    first = container.command[0] if container and container.command else "the entrypoint"
    return (f"chmod +x {first} in the image, or run it through its interpreter: command: [python, {first}]",)


def probe(evidence: Evidence, who: str | None, *, port: int) -> tuple[str, ...]:
    """Why a probe may fail: the wrong port, the wrong address, too little time."""
    endpoints = evidence.spec.spec.endpoints if evidence.spec else ()
    ports = [endpoint.port for endpoint in endpoints if endpoint.port]
    other = f"; the endpoints are at {', '.join(map(str, ports))}" if ports and port not in ports else ""
    log = evidence.lines.get(who or "", ())
    last = f"its last line: {log[-1]}" if log else "it has written nothing so far"
    return (
        f"the program must listen on 0.0.0.0:{port}, not on 127.0.0.1{other}",
        f"a slow start needs a higher readinessProbe.failureThreshold ({last})",
    )


def never_fits(evidence: Evidence) -> str | None:
    """What a whole node of the pool's family lacks for one instance; None where it would fit."""
    family = evidence.family
    if family is None or evidence.spec is None:
        return None
    needs = requested(evidence.spec.spec.containers)
    has = {"memory": family.memory_gib, "cpu": family.vcpu, _GPU: float(family.gpu_count)}
    lacking = [
        f"it requests {_amount(what, amount)} and {family.name} has {_amount(what, has[what])}"
        for what, amount in needs.items()
        if amount > has[what]
    ]
    return ", ".join(lacking) or None


def requested(containers: Sequence[Container]) -> dict[str, float]:
    """Memory in GiB, cores and GPUs that one instance asks for; a missing request follows the limit.

    specification-reference.md, "resources": the larger of the default (0.5) and the limit.
    """
    total = {"memory": 0.0, "cpu": 0.0, _GPU: 0.0}
    for container in containers:
        asked, limits = _requests(container), _limits(container)
        for what, value in total.items():
            total[what] = value + (_of(asked, what) or _of(limits, what) or (0.0 if what == _GPU else 0.5))
    return total


def room(evidence: Evidence, *, never: bool) -> tuple[str, ...]:
    """Another pool, or patience."""
    if never and evidence.spec is not None:
        needs = requested(evidence.spec.spec.containers)
        fits = next_family(evidence, memory=needs["memory"], cpu=needs["cpu"], gpus=needs[_GPU])
        named = f" of {fits.name}" if fits else ""
        return (f"ask for less in resources, or take a pool{named}: sfml pool list",)
    return (*_full(evidence), "see what runs there: sfml ps", "or take another pool: sfml pool list")


def _full(evidence: Evidence) -> Iterator[str]:
    pool = evidence.pool
    if pool is not None and pool.active_nodes >= pool.max_nodes:
        name = sql.Name((pool.name,))
        yield (
            f"all {pool.max_nodes} nodes are in use: wait, or"
            f" ALTER COMPUTE POOL {name} SET MAX_NODES = {pool.max_nodes + 1};"
        )


def no_node(evidence: Evidence) -> tuple[str, ...]:
    """The cloud has none, or the pool may not have more."""
    return (*_full(evidence), "wait, or take a pool of another instance family: sfml pool list")


def next_family(
    evidence: Evidence, *, memory: float = 0.0, cpu: float = 0.0, gpus: float = 0.0
) -> Family | None:
    """The cheapest known family that has so much, on the same cloud and with GPUs where these are needed."""
    now = evidence.family
    gpus = max(gpus, float(bool(now and now.gpu_count)))
    fitting = [
        family
        for family in evidence.families.values()
        if family.memory_gib >= memory
        and family.vcpu >= cpu
        and bool(family.gpu_count) == bool(gpus)
        and family.gpu_count >= gpus
        and (now is None or (family.arch == now.arch and set(family.clouds) & set(now.clouds)))
    ]
    return min(fitting, key=lambda f: (f.credits_per_hour or math.inf, f.memory_gib, f.name), default=None)


def _amount(what: str, amount: float) -> str:
    if what == "memory":
        return gib_text(amount)
    return f"{amount:g} {'vCPU' if what == 'cpu' else 'GPU'}"


def _of(amounts: Amounts | None, what: str) -> float | None:
    if amounts is None:
        return None
    if what == _GPU:
        return float(amounts.gpu) if amounts.gpu else None
    return (
        gib(amounts.memory) if what == "memory" else (cores(amounts.cpu) if amounts.cpu is not None else None)
    )


def _limits(container: Container | None) -> Amounts | None:
    return container.resources.limits if container and container.resources else None


def _requests(container: Container | None) -> Amounts | None:
    return container.resources.requests if container and container.resources else None

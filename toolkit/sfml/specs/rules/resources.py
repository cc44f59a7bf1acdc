"""Rules about memory, cores and GPUs: of a container, and against the instance family that is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.quantities import cores, gib, gib_text
from sfml.specs.rules.cases import SHM, container, mounted, targeted, top
from sfml.specs.rules.rule import Rule
from sfml.specs.scope import Knowledge, Scope, maps, unknown

_GPU = "nvidia.com/gpu"
# specification-reference.md: what a container without a request is given at least.
_LEAST_CORES, _LEAST_GIB = 0.5, 0.5
# snowflake-stage-volume.md: the side container of each stage volume requests this much unless told otherwise.
_SIDE_GIB = 0.5


def _amounts(container_: Any, kind: str) -> dict[str, Any]:
    resources = container_.get("resources")
    found = resources.get(kind) if type(resources) is dict else None
    return found if type(found) is dict else {}


def mirrored_gpu(value: Any, _: Scope) -> Iterator[Finding]:
    """GPUs in requests and limits that differ."""
    if type(value) is not dict:
        return
    both = {kind: value[kind].get(_GPU) for kind in ("requests", "limits") if type(value.get(kind)) is dict}
    asked, limit = both.get("requests"), both.get("limits")
    if asked == limit or unknown(asked) or unknown(limit):
        return
    lacking = "limits" if limit is None else "requests"
    if asked is None or limit is None:
        count = asked if limit is None else limit
        message = f"{_GPU} stands in one of requests and limits only"
        yield Finding(
            path=_there(value, lacking), message=message, fix=f"add {_GPU}: {count} to {lacking}", at_key=True
        )
    else:
        message = f"{_GPU} is {asked} in requests and {limit} in limits"
        yield Finding(path=("limits", _GPU), message=message, fix="give both the same number")


def _there(value: dict[str, Any], key: str) -> tuple[str, ...]:
    return (key,) if key in value else ()


def request_within_limit(value: Any, _: Scope) -> Iterator[Finding]:
    """A request above its limit."""
    if type(value) is not dict:
        return
    asked, limits = value.get("requests"), value.get("limits")
    if type(asked) is not dict or type(limits) is not dict:
        return
    for key, measure in (("memory", gib), ("cpu", cores)):
        low, high = measure(asked.get(key)), measure(limits.get(key))
        if low is not None and high is not None and low > high:
            message = f"the request of {asked[key]} is above the limit of {limits[key]}"
            yield Finding(path=("requests", key), message=message, fix="raise the limit or lower the request")


def fits_node(spec: Any, scope: Scope) -> Iterator[Finding]:
    """Requests that one node cannot hold together."""
    family = scope.target.family
    if family is None or not scope.containers:
        return
    asked = [_amounts(item, "requests") for _, item in scope.containers]
    side = _SIDE_GIB * sum(volume.get("source") == "stage" for _, volume in scope.volumes)
    memory = sum(gib(amounts.get("memory")) or 0.0 for amounts in asked)
    cpu = sum(cores(amounts.get("cpu")) or 0.0 for amounts in asked)
    key = "containers" if "containers" in spec else "container"
    for what, total, most in (("GiB of memory", memory, family.memory_gib), ("cores", cpu, family.vcpu)):
        extra = side if what.startswith("GiB") and total else 0.0
        if total + extra > most:
            also = f" and the stage volumes' side containers {extra:g}" if extra else ""
            message = f"the containers request {total:g} {what}{also}; a node of {family.name} has {most:g}"
            yield Finding(
                path=(key,), message=message, fix="request less, or name a larger family", at_key=True
            )


def derived_requests(spec: Any, scope: Scope) -> Iterator[Finding]:
    """Requests that Snowflake takes from limits, and that one node cannot hold together."""
    family = scope.target.family
    if family is None or not any("resources" in item for _, item in scope.containers):
        return
    key = "containers" if "containers" in spec else "container"
    plans = (
        ("memory", gib, _LEAST_GIB, family.memory_gib, "GiB"),
        ("cpu", cores, _LEAST_CORES, family.vcpu, "cores"),
    )
    for name, measure, least, most, unit in plans:
        given = [measure(_amounts(item, "requests").get(name)) for _, item in scope.containers]
        bounds = [measure(_amounts(item, "limits").get(name)) or least for _, item in scope.containers]
        total = sum(
            max(least, bound) if ask is None else ask for ask, bound in zip(given, bounds, strict=True)
        )
        if None in given and total > most >= sum(ask or 0.0 for ask in given):
            message = (
                f"a container without a {name} request is given its limit as the request; together that is "
                f"{total:g} {unit}, and a node of {family.name} has {most:g}"
            )
            yield Finding(
                path=(key,), message=message, fix=f"give each container a {name} request", at_key=True
            )


def limit_above_node(value: Any, scope: Scope) -> Iterator[Finding]:
    """A limit that no node can grant."""
    family = scope.target.family
    limits = value.get("limits") if type(value) is dict else None
    if family is None or type(limits) is not dict:
        return
    for key, measure, most in (("memory", gib, family.memory_gib), ("cpu", cores, family.vcpu)):
        limit = measure(limits.get(key))
        if limit is not None and limit > most:
            message = (
                f"the limit is above what a node of {family.name} has ({most:g}), which is what will hold"
            )
            yield Finding(path=("limits", key), message=message, fix="lower it, or name a larger family")


def shared_memory(volumes: Any, scope: Scope) -> Iterator[Finding]:
    """Memory volumes larger than the memory there is."""
    if type(volumes) is not list:
        return
    for index, volume in enumerate(volumes):
        if type(volume) is not dict or volume.get("source") != "memory":
            continue
        size = gib(volume.get("size"))
        most, whose = _memory_for(volume.get("name"), scope)
        if size is not None and most is not None and size > most:
            message = f"a memory volume of {gib_text(size)} is larger than {whose} ({gib_text(most)})"
            fix = f"30 % of it is plenty for /dev/shm: size: {max(1, int(most * 0.3))}Gi"
            yield Finding(path=(index, "size"), message=message, fix=fix)


def _memory_for(name: Any, scope: Scope) -> tuple[float | None, str]:
    """How much memory the containers that mount the volume have, and in whose words."""
    limits = [
        gib(_amounts(item, "limits").get("memory"))
        for _, item in scope.containers
        if any(mount.get("name") == name for _, mount in maps(item, "volumeMounts"))
    ]
    known = [limit for limit in limits if limit is not None]
    if known and len(known) == len(limits):
        return max(known), "the memory limit of the container that mounts it"
    family = scope.target.family
    return (family.memory_gib, f"the memory of a node of {family.name}") if family else (None, "")


def gpu_of_family(spec: Any, scope: Scope) -> Iterator[Finding]:
    """More GPUs than a node has."""
    family = scope.target.family
    if family is None:
        return
    counts = [_amounts(item, "requests").get(_GPU) for _, item in scope.containers]
    total = sum(count for count in counts if type(count) is int)
    if total > family.gpu_count:
        has = f"has {family.gpu_count}" if family.gpu_count else "has none"
        key = "containers" if "containers" in spec else "container"
        message = f"the containers request {total} GPU{'s' * (total > 1)}; a node of {family.name} {has}"
        yield Finding(path=(key,), message=message, fix="request fewer, or name another family", at_key=True)


def unused_gpu(spec: Any, scope: Scope) -> Iterator[Finding]:
    """A GPU family whose GPUs no container can see."""
    family = scope.target.family
    if family is None or not family.gpu_count or not scope.containers:
        return
    if not any(
        _GPU in _amounts(item, kind) for _, item in scope.containers for kind in ("requests", "limits")
    ):
        key = "containers" if "containers" in spec else "container"
        message = f"{family.name} has GPUs, and no container asks for one: none will see any"
        fix = f"add {_GPU}: 1 to requests and limits, or name a family without GPUs"
        yield Finding(path=(key,), message=message, fix=fix, at_key=True)


_ASKS = "resources:\n  requests:\n    memory: {0}\n  limits:\n    memory: {1}\n"
_REQUEST = "resources:\n  requests:\n    memory: 8Gi"
_GPUS = f"resources:\n  requests:\n    {_GPU}: {{0}}\n  limits:\n    {_GPU}: {{1}}\n"
_ON_SPEC = ((model.Spec, ""),)
RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS080",
        title="An amount of memory without a valid unit",
        severity=Severity.ERROR,
        why="Memory needs one of the units M, Mi, G and Gi; Kubernetes' others (Ki, T, GB, none) are "
        "refused.",
        wrong=container(_ASKS.format("2GB", "4Gi")),
        right=container(_ASKS.format("2G", "4Gi")),
    ),
    Rule(
        id="SPCS081",
        title="Not a number of cores",
        severity=Severity.ERROR,
        why="Cores are a number, a fraction, or thousandths: 2, 0.5, 500m.",
        wrong=container("resources:\n  requests:\n    cpu: two"),
        right=container("resources:\n  requests:\n    cpu: 2"),
    ),
    Rule(
        id="SPCS082",
        title="Not a number of GPUs",
        severity=Severity.ERROR,
        why="GPUs are whole: 1 or more. To have none, leave the option out.",
        wrong=container(_GPUS.format(0.5, 0.5)),
        right=container(_GPUS.format(1, 1)),
    ),
    Rule(
        id="SPCS083",
        title="GPUs differ between requests and limits",
        severity=Severity.ERROR,
        why="The number of GPUs must be the same in both.",
        on=((model.Container, "resources"),),
        check=mirrored_gpu,
        wrong=container(f"resources:\n  limits:\n    {_GPU}: 1"),
        right=container(_GPUS.format(1, 1)),
    ),
    Rule(
        id="SPCS084",
        title="A request above its limit",
        severity=Severity.ERROR,
        why="What is reserved cannot be more than what may be used.",
        on=((model.Container, "resources"), (model.StageConfig, "resources")),
        check=request_within_limit,
        wrong=container(_ASKS.format("4Gi", "2Gi")),
        right=container(_ASKS.format("2Gi", "2Gi")),
    ),
    Rule(
        id="SPCS085",
        title="The requests do not fit on a node",
        severity=Severity.ERROR,
        why="All containers of an instance run on one node. Each stage volume's side container requests "
        "0.5Gi too. "
        "CREATE SERVICE fails, or the instance stays PENDING: Unschedulable due to insufficient memory "
        "resources.",
        on=_ON_SPEC,
        check=fits_node,
        needs=Knowledge.FAMILY,
        wrong=targeted("family=CPU_X64_XS", container(_REQUEST)),
        right=targeted("family=CPU_X64_S", container(_REQUEST)),
    ),
    Rule(
        id="SPCS086",
        title="The limits, taken as requests, do not fit on a node",
        severity=Severity.WARNING,
        why="Where a request is missing, Snowflake takes the limit in its place, at least 0.5 cores and "
        "0.5 GiB.",
        on=_ON_SPEC,
        check=derived_requests,
        needs=Knowledge.FAMILY,
        wrong=targeted("family=CPU_X64_XS", container("resources:\n  limits:\n    cpu: 1"))
        + "  - name: other\n    image: /db/schema/repo/app:1.0\n",
        right=targeted(
            "family=CPU_X64_XS", container("resources:\n  requests:\n    cpu: 0.5\n  limits:\n    cpu: 1")
        )
        + "  - name: other\n    image: /db/schema/repo/app:1.0\n",
    ),
    Rule(
        id="SPCS087",
        title="A limit above the node's capacity",
        severity=Severity.WARNING,
        why="The node's capacity is what will hold.",
        on=((model.Container, "resources"),),
        check=limit_above_node,
        needs=Knowledge.FAMILY,
        wrong=targeted("family=CPU_X64_XS", container(_ASKS.format("2Gi", "8Gi"))),
        right=targeted("family=CPU_X64_S", container(_ASKS.format("2Gi", "8Gi"))),
    ),
    Rule(
        id="SPCS088",
        title="A memory volume larger than the memory",
        severity=Severity.WARNING,
        why="Files in a memory volume, /dev/shm among them, count as the container's memory; a container "
        "that fills "
        "it is killed.",
        on=((model.Spec, "volumes"),),
        check=shared_memory,
        wrong=targeted("family=CPU_X64_M", mounted("source: memory\nsize: 48Gi", path=SHM)),
        right=targeted("family=CPU_X64_M", mounted("source: memory\nsize: 8Gi", path=SHM)),
    ),
    Rule(
        id="SPCS089",
        title="More GPUs than a node has",
        severity=Severity.ERROR,
        why="All containers of an instance run on one node, and a GPU belongs to one container.",
        on=_ON_SPEC,
        check=gpu_of_family,
        needs=Knowledge.FAMILY,
        wrong=targeted("family=GPU_NV_S", container(_GPUS.format(2, 2))),
        right=targeted("family=GPU_NV_S", container(_GPUS.format(1, 1))),
    ),
    Rule(
        id="SPCS090",
        title="A GPU family whose GPUs nobody asks for",
        severity=Severity.WARNING,
        why="A container that does not ask for GPUs sees none, and the node costs as much.",
        on=_ON_SPEC,
        check=unused_gpu,
        needs=Knowledge.FAMILY,
        wrong=targeted("family=GPU_NV_S", top("")),
        right=targeted("family=GPU_NV_S", container(_GPUS.format(1, 1))),
    ),
)

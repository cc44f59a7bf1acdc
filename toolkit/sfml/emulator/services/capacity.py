"""What an instance asks of a node: requests filled in, limits capped, and whether any node can hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sfml.emulator.services.grammar import bad
from sfml.emulator.services.launch import cores, size
from sfml.specs.families import Family

GPU = "nvidia.com/gpu"
_LEAST_CPU = 0.5
_LEAST_MEMORY = 0.5
"""Cores and GiB that a container requests at least when it says nothing (specification reference)."""
_GIB = 1 << 30


def completed(container: Mapping[str, Any], family: Family) -> dict[str, Any]:
    """The container's ``resources`` with all amounts: a limit the node's, a request the limit, unless given.

    Without either it requests the least there is. A limit above the node is the node.
    """
    given = container.get("resources") or {}
    limits, requests = dict(given.get("limits") or {}), dict(given.get("requests") or {})
    full = {
        "limits": {
            "memory": _memory(min(_gib(limits.get("memory")) or family.memory_gib, family.memory_gib)),
            "cpu": _cpu(min(_given(limits.get("cpu"), family.vcpu), family.vcpu)),
        },
        "requests": {
            "memory": requests.get("memory") or _memory(max(_gib(limits.get("memory")) or 0, _LEAST_MEMORY)),
            "cpu": _cpu(_given(requests.get("cpu"), max(_given(limits.get("cpu"), 0), _LEAST_CPU))),
        },
    }
    for amounts, of in ((full["limits"], limits), (full["requests"], requests)):
        if GPU in of:
            amounts[GPU] = of[GPU]
    return full


def refuse_impossible(containers: Iterable[Mapping[str, Any]], family: Family) -> None:
    """395018 when what is requested in so many words is more than a node has, or GPUs are named once only."""
    found = list(containers)
    for at, container in enumerate(found):
        given = container.get("resources") or {}
        limit, request = ((given.get(kind) or {}).get(GPU) for kind in ("limits", "requests"))
        if limit != request:
            raise bad(f"'{GPU}' of 'containers[{at}].resources' must be the same in requests and limits")
    requests = [(container.get("resources") or {}).get("requests") or {} for container in found]
    totals = (
        ("cpu", sum(_given(one.get("cpu"), 0) for one in requests), family.vcpu),
        ("memory", sum(_gib(one.get("memory")) or 0 for one in requests), family.memory_gib),
        (GPU, float(sum(one.get(GPU) or 0 for one in requests)), float(family.gpu_count)),
    )
    for what, total, capacity in totals:
        if total > capacity:
            raise bad(
                f"invalid value {total:g} for 'total containers.requests.{what}'. Requirement exceeds "
                f"compute pool instance capacity {capacity:g}"
            )


def unschedulable(containers: Iterable[Mapping[str, Any]], family: Family) -> str:
    """The message of an instance that no node of the family can hold; '' when one can."""
    requests = [container["resources"]["requests"] for container in containers]
    if sum(_gib(one["memory"]) or 0 for one in requests) > family.memory_gib:
        return "Unschedulable due to insufficient memory resources"
    if sum(_given(one["cpu"], 0) for one in requests) > family.vcpu:
        return "Unschedulable due to insufficient CPU resources"
    return ""


def _gib(value: object) -> float | None:
    found = size(value)
    return None if found is None else found / _GIB


def _given(value: object, default: float) -> float:
    found = cores(value)
    return default if found is None else found


def _memory(gib: float) -> str:
    return f"{round(gib, 3):g}Gi"


def _cpu(amount: float) -> str:
    return f"{amount:g}"

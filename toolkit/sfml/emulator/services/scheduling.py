"""Which waiting instances start now. One instance takes one node."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """A job that has instances waiting: their ids, and how many of them must start together."""

    job: int
    waiting: tuple[int, ...]
    minimum: int = 1


def place(demands: Iterable[Demand], free: int) -> list[tuple[int, int]]:
    """(job, instance) pairs to start on ``free`` nodes: first come, first served.

    No node stays idle for a job that wants more of them than there are.
    """
    chosen: list[tuple[int, int]] = []
    for demand in demands:
        if min(free, len(demand.waiting)) < demand.minimum:
            continue
        starting = demand.waiting[:free]
        chosen += [(demand.job, instance) for instance in starting]
        free -= len(starting)
    return chosen

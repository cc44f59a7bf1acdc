"""Which compute pool a job goes to, and what speaks against the others (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sfml.config import SYSTEM_GPU_POOL, SYSTEM_POOL
from sfml.pools import STOPPED, Pool, node_price, price_text
from sfml.specs.families import FAMILIES, Family

# The workflow's formula: a warm node counts ten times, then room to grow, then a pool that runs already.
_WARM = 10
_BY_STATE = {"ACTIVE": 3, "IDLE": 1}
SYSTEM_POOLS = (SYSTEM_POOL, SYSTEM_GPU_POOL)
# What the workflow suggests where nothing is there: a node for general training.
GENERAL = {True: "GPU_NV_S", False: "CPU_X64_S"}


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A pool with its score; ``problem`` says why the job cannot, or should not, run there."""

    pool: Pool
    score: int
    price: float | None
    problem: str = ""

    @property
    def text(self) -> str:
        """The pool in words: what it is, what is warm, what it costs."""
        idle = self.pool.idle_nodes
        state = f"{idle} idle node{'s' if idle != 1 else ''}" if idle else self.pool.state
        state = "no free node" if is_full(self.pool) else state
        return f"{self.pool.name} ({self.pool.family}, {state}, {price_text(self.price)})"


def score(pool: Pool) -> int:
    """How soon and how well a pool takes a job."""
    room = pool.max_nodes - pool.active_nodes
    return pool.idle_nodes * _WARM + room + _BY_STATE.get(pool.state, 0)


def rank(
    pools: Iterable[Pool], *, gpu: bool, nodes: int = 1, families: Mapping[str, Family] = FAMILIES
) -> list[Ranked]:
    """All pools, the best first: those that fit, full ones last of them, own ones before the system's.

    Among equals the score decides, then the price.
    """
    found = [
        Ranked(
            pool=pool,
            score=score(pool),
            price=node_price(pool.family, families),
            problem=problem(pool, gpu=gpu, nodes=nodes),
        )
        for pool in pools
    ]
    return sorted(found, key=_order)


def problem(pool: Pool, *, gpu: bool, nodes: int) -> str:
    """What is wrong with a pool for such a job; "" where nothing is."""
    if gpu and not has_gpu(pool):
        return "has no GPU"
    if not gpu and has_gpu(pool):
        return "has GPUs, which the job does not use"
    if nodes > pool.max_nodes:
        return f"has at most {pool.max_nodes} nodes"
    if pool.state in STOPPED and not pool.auto_resume:
        return f"is {pool.state} and does not start by itself"
    return ""


def is_full(pool: Pool) -> bool:
    """Whether a job would wait for another to end: a dev box may hold the pool's only node for days."""
    return pool.idle_nodes == 0 and pool.active_nodes >= pool.max_nodes > 0


def has_gpu(pool: Pool) -> bool:
    """Whether the pool's nodes have GPUs: the families' names say so."""
    return "GPU" in pool.family


def _order(one: Ranked) -> tuple[object, ...]:
    price = float("inf") if one.price is None else one.price
    return (
        bool(one.problem),
        is_full(one.pool),
        one.pool.name in SYSTEM_POOLS,
        -one.score,
        price,
        one.pool.name,
    )

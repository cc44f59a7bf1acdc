"""Pools: the workflow's formula, what fits, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sfml.config import SYSTEM_GPU_POOL, SYSTEM_POOL
from sfml.jobs.plan.ranking import problem, rank, score
from sfml.pools import Pool

CPU = Pool(name="CPU", family="CPU_X64_S", state="ACTIVE", max_nodes=3, active_nodes=1, idle_nodes=1)
GPU = Pool(name="GPU", family="GPU_NV_S", state="SUSPENDED", max_nodes=1)


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        (CPU, 10 + 2 + 3),
        (replace(CPU, state="IDLE", active_nodes=0, idle_nodes=2), 20 + 3 + 1),
        (GPU, 1),
        (replace(GPU, max_nodes=4, active_nodes=4, state="ACTIVE"), 3),
    ],
)
def test_score__is_the_formula_of_the_workflow(pool: Pool, expected: int) -> None:
    assert score(pool) == expected


@pytest.mark.parametrize(
    ("pool", "gpu", "nodes", "expected"),
    [
        (GPU, True, 1, ""),
        (CPU, True, 1, "no GPU"),
        (GPU, False, 1, "does not use"),
        (replace(CPU, family="HIGHMEM_X64_S"), False, 1, ""),
        (CPU, False, 4, "at most 3 nodes"),
        (replace(GPU, auto_resume=False), True, 1, "does not start by itself"),
    ],
)
def test_problem__says_why_a_pool_is_not_for_the_job(
    pool: Pool, gpu: bool, nodes: int, expected: str
) -> None:
    found = problem(pool, gpu=gpu, nodes=nodes)
    assert expected in found
    assert bool(found) == bool(expected)


def test_rank__own_pools_come_before_the_systems_and_warm_before_cold() -> None:
    system = replace(CPU, name=SYSTEM_POOL, idle_nodes=5)
    cold = replace(CPU, name="COLD", state="SUSPENDED", active_nodes=0, idle_nodes=0)
    found = rank([GPU, system, cold, CPU], gpu=False)
    assert [one.pool.name for one in found] == ["CPU", "COLD", SYSTEM_POOL, "GPU"]


def test_rank__nothing_own_fits__the_system_pool_is_the_fallback() -> None:
    system = Pool(name=SYSTEM_GPU_POOL, family="GPU_NV_S", state="SUSPENDED", max_nodes=50)
    assert rank([CPU, system], gpu=True)[0].pool.name == SYSTEM_GPU_POOL


def test_rank__only_node_is_taken__another_pool_comes_first() -> None:
    full = replace(CPU, name="BOX", max_nodes=1, active_nodes=1, idle_nodes=0)
    system = replace(CPU, name=SYSTEM_POOL, state="SUSPENDED", active_nodes=0, idle_nodes=0)
    best, other = rank([full, system], gpu=False)
    assert best.pool.name == SYSTEM_POOL
    assert (other.pool.name, other.problem) == ("BOX", "")
    assert "no free node" in other.text


def test_rank__equal_scores__the_cheaper_one_wins() -> None:
    large = replace(GPU, name="A_LARGE", family="GPU_NV_L")
    assert rank([large, GPU], gpu=True)[0].pool.name == "GPU"

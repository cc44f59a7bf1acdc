"""Compute pools: which there are, what they cost, and whether something fits on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfml import sql
from sfml.config import nearest
from sfml.errors import InputError, NotFoundError
from sfml.session.rows import Query, flag
from sfml.specs.families import FAMILIES, Family

# docs.snowflake.com, "Working with compute pools": in these states a pool has no node and costs nothing.
STOPPED = frozenset({"SUSPENDED", "STOPPING"})


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What SHOW COMPUTE POOLS says of a pool."""

    name: str
    family: str
    state: str
    max_nodes: int
    min_nodes: int = 1
    active_nodes: int = 0
    idle_nodes: int = 0
    services: int = 0
    jobs: int = 0
    auto_suspend_secs: int = 0
    auto_resume: bool = True
    owner: str = ""
    comment: str | None = None

    @property
    def running_nodes(self) -> int:
        """The nodes that cost now: busy or not."""
        return 0 if self.state in STOPPED else self.active_nodes + self.idle_nodes


def all_pools(query: Query, *, like: str | None = None) -> list[Pool]:
    """The pools that the role may see."""
    return [_pool(row) for row in query(sql.show(sql.Kind.COMPUTE_POOL, like=like))]


def find_pool(query: Query, name: str) -> Pool:
    """The compute pool of this name; NotFoundError names the ones that there are."""
    wanted = sql.name(name, parts=1).last
    found = next((pool for pool in all_pools(query, like=wanted) if pool.name == wanted), None)
    if found is None:
        known = {pool.name: pool for pool in all_pools(query)}
        raise NotFoundError(
            f"there is no compute pool {wanted}, or your role may not see it", hint=nearest(wanted, known)
        )
    return found


def check_pool(pool: Pool, *, nodes: int, gpu: bool = False) -> None:
    """InputError where a job does not fit the pool."""
    if nodes > pool.max_nodes:
        raise InputError(
            f"{nodes} nodes are more than the pool {pool.name} can have ({pool.max_nodes})",
            hint=f"ask for fewer, or: ALTER COMPUTE POOL {sql.Name((pool.name,))} SET MAX_NODES = {nodes};",
        )
    if gpu and "GPU" not in pool.family:
        raise InputError(
            f"the pool {pool.name} has no GPU ({pool.family})", hint="name a pool of a GPU_… family"
        )
    if pool.state in STOPPED and not pool.auto_resume:
        raise InputError(
            f"the pool {pool.name} is {pool.state} and does not start by itself",
            hint=f"sfml pool resume {sql.Name((pool.name,))}",
        )


def node_price(family: str, known: Mapping[str, Family] = FAMILIES) -> float | None:
    """Credits per hour of one node of the family; None where no price was published."""
    found = known.get(family)
    return None if found is None else found.credits_per_hour


def price_text(price: float | None, *, nodes: int = 1) -> str:
    """What so many nodes cost an hour, in words."""
    return "price not published" if price is None else f"{round(price * nodes, 4):g} credits/h"


def known_family(name: str, known: Mapping[str, Family] = FAMILIES) -> str:
    """The family's name as it is written; :class:`InputError` where nobody published it."""
    wanted = sql.name(name, parts=1).last
    if wanted not in known:
        raise InputError(
            f"there is no instance family {wanted}",
            hint=f"{nearest(wanted, known)}\nsfml spec families lists them",
        )
    return wanted


def create(
    query: Query,
    name: str,
    *,
    family: str,
    min_nodes: int = 1,
    max_nodes: int = 1,
    auto_suspend_secs: int = 300,
    suspended: bool = True,
    comment: str | None = None,
) -> str:
    """Create a pool; what the server says. :class:`InputError` where one of that name is there already."""
    if max_nodes < min_nodes:
        raise InputError(f"max nodes ({max_nodes}) is below min nodes ({min_nodes})")
    wanted = sql.name(name, parts=1).last
    if any(pool.name == wanted for pool in all_pools(query, like=wanted)):
        raise InputError(
            f"there is a compute pool {wanted} already", hint="sfml pool list shows it; take another name"
        )
    statement = sql.create_compute_pool(
        name,
        family=family,
        min_nodes=min_nodes,
        max_nodes=max_nodes,
        auto_suspend_secs=auto_suspend_secs,
        initially_suspended=suspended,
        comment=comment,
    )
    return _status(query(statement))


def suspend(query: Query, pool: Pool) -> str:
    """Stop a pool: its services are suspended, its jobs go on to their end."""
    return _status(query(sql.alter_compute_pool(sql.Name((pool.name,)), "SUSPEND")))


def resume(query: Query, pool: Pool) -> str:
    """Start a pool's nodes."""
    return _status(query(sql.alter_compute_pool(sql.Name((pool.name,)), "RESUME")))


def drop(query: Query, pool: Pool) -> str:
    """Drop a pool without services; :class:`InputError` where it has some, which Snowflake refuses too."""
    if pool.services:
        what = "a service" if pool.services == 1 else f"{pool.services} services"
        raise InputError(
            f"the pool {pool.name} holds {what}",
            hint=f"drop them first: sfml service list --compute-pool {sql.Name((pool.name,))}",
        )
    return _status(query(sql.drop(sql.Kind.COMPUTE_POOL, sql.Name((pool.name,)))))


def _status(rows: Sequence[Mapping[str, Any]]) -> str:
    return str(rows[0]["status"]) if rows else ""


def _pool(row: Mapping[str, Any]) -> Pool:
    return Pool(
        name=row["name"],
        family=row["instance_family"],
        state=row["state"],
        min_nodes=int(row["min_nodes"]),
        max_nodes=int(row["max_nodes"]),
        active_nodes=int(row["active_nodes"] or 0),
        idle_nodes=int(row["idle_nodes"] or 0),
        services=int(row["num_services"] or 0),
        jobs=int(row["num_jobs"] or 0),
        auto_suspend_secs=int(row["auto_suspend_secs"] or 0),
        auto_resume=flag(row["auto_resume"]),
        owner=row["owner"] or "",
        comment=row["comment"],
    )

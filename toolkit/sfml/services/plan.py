"""What is going to run, on what, at which price, and until when: shown before anything is sent (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfml import sql
from sfml.errors import InputError
from sfml.pools import STOPPED, Pool, node_price, price_text
from sfml.services.evidence import Subject
from sfml.services.remedies import requested
from sfml.services.source import Ready
from sfml.specs.families import FAMILIES, Family
from sfml.specs.model import Spec


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A job or a service to be; ``instances`` are a job's replicas, or a service's fewest and most."""

    kind: str  # job or service
    name: sql.Name
    ready: Ready
    instances: tuple[int, int] = (1, 1)
    integrations: tuple[str, ...] = ()
    warehouse: str | None = None
    comment: str | None = None
    auto_suspend_secs: int | None = None
    auto_resume: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The wish on a pool; ``cautions`` are what the spec alone does not show."""

    wish: Wish
    pool: Pool
    nodes: int
    credits_per_hour: float | None
    ends: str
    cautions: tuple[str, ...] = ()
    uploads: tuple[str, ...] = field(default=())

    @property
    def subject(self) -> Subject:
        """What there will be to follow."""
        wish = self.wish
        return Subject(
            name=str(wish.name),
            kind=wish.kind,
            spec=wish.ready.spec,
            containers=tuple(container.name for container in wish.ready.spec.spec.containers),
            instances=wish.instances[0],
            integrations=wish.integrations,
        )

    @property
    def described(self) -> dict[str, Any]:
        """As one document."""
        containers = self.wish.ready.spec.spec.containers
        return {
            "kind": self.wish.kind,
            "name": str(self.wish.name),
            "images": [container.image for container in containers],
            "compute_pool": self.pool.name,
            "family": self.pool.family,
            "instances": list(self.wish.instances),
            "nodes": self.nodes,
            "credits_per_hour": self.credits_per_hour,
            "eai": list(self.wish.integrations),
            "uploads": list(self.uploads),
            "ends": self.ends,
            "cautions": list(self.cautions),
        }

    @property
    def lines(self) -> list[str]:
        """For a reader."""
        fewest, most = self.wish.instances
        per_node = node_price(self.pool.family)
        cost = price_text(per_node, nodes=self.nodes)
        nodes = f"{self.nodes} node{'' if self.nodes == 1 else 's'}"
        shown = {
            "image": ", ".join(self.described["images"]),
            "pool": f"{self.pool.name} ({self.pool.family}, {self.pool.state})",
            "instances": str(fewest) if fewest == most else f"{fewest} to {most}",
            "cost": f"{cost} while it runs ({nodes})",
            "network": ", ".join(self.wish.integrations) or "no way out (--eai gives one)",
            "upload": ", ".join(self.uploads),
            "ends": self.ends,
        }
        head = f"{self.wish.kind} {self.wish.name}"
        return [head, *(f"  {key:10} {text}" for key, text in shown.items() if text)]


def make(wish: Wish, pool: Pool, *, families: Mapping[str, Family] = FAMILIES) -> Plan:
    """The plan; :class:`InputError` for what Snowflake refuses and the spec alone does not show."""
    refuse(wish)
    most = wish.instances[1]
    family = families.get(pool.family)
    nodes = math.ceil(most / _per_node(wish.ready.spec.spec, family))
    price = node_price(pool.family, families)
    return Plan(
        wish=wish,
        pool=pool,
        nodes=min(nodes, pool.max_nodes),
        credits_per_hour=None if price is None else round(price * min(nodes, pool.max_nodes), 4),
        ends=_ends(wish, pool),
        cautions=tuple(_cautions(wish, pool, nodes)),
    )


def refuse(wish: Wish) -> None:
    """:class:`InputError` for clauses of the statement that do not go with the spec."""
    fewest, most = wish.instances
    spec = wish.ready.spec.spec
    if most < fewest:
        raise InputError(f"max instances ({most}) is below min instances ({fewest})")
    public = [endpoint.name for endpoint in spec.endpoints if endpoint.public]
    if wish.auto_suspend_secs and public:
        raise InputError(
            f"a service with a public endpoint ({public[0]}) cannot suspend itself",
            hint="leave out --auto-suspend, or make the endpoint private",
        )
    if wish.auto_suspend_secs and wish.auto_suspend_secs < 300:
        raise InputError(
            f"--auto-suspend must be 0 or at least 300 seconds, not {wish.auto_suspend_secs}",
            hint="0 means never",
        )
    block = [volume.name for volume in spec.volumes if volume.source == "block"]
    if block and fewest != most:
        raise InputError(
            f"a service with a block volume ({block[0]}) has as many instances at most as at least",
            hint=f"--min-instances {most} --max-instances {most}",
        )


def _per_node(spec: Spec, family: Family | None) -> int:
    """How many instances one node holds, by what they request."""
    if family is None:
        return 1
    has = {"memory": family.memory_gib, "cpu": family.vcpu, "nvidia.com/gpu": float(family.gpu_count)}
    fits = [int(has[what] // amount) for what, amount in requested(spec.containers).items() if amount]
    return max(1, min(fits, default=1))


def _ends(wish: Wish, pool: Pool) -> str:
    idle = pool.auto_suspend_secs
    after = f"{idle / 60:g} min later" if idle else "only when you suspend it"
    if wish.kind == "job":
        return f"when all its containers have ended; the idle pool stops {after}"
    if wish.auto_suspend_secs:
        return f"suspended after {wish.auto_suspend_secs} s without a request; the idle pool stops {after}"
    return f"never by itself: sfml service suspend {wish.name}"


def _cautions(wish: Wish, pool: Pool, nodes: int) -> list[str]:
    found = []
    if nodes > pool.max_nodes:
        found.append(
            f"{wish.instances[1]} instances need {nodes} nodes and the pool may have {pool.max_nodes}:"
            " some will wait until others end"
        )
    written_for = wish.ready.source.family
    if written_for and written_for != pool.family:
        found.append(f"the spec was written for {written_for}; {pool.name} is {pool.family}")
    if pool.state in STOPPED:
        found.append(f"the pool is {pool.state}: a node takes minutes to start, and bills five at least")
    elif pool.active_nodes >= pool.max_nodes and not pool.idle_nodes:
        found.append(f"all {pool.max_nodes} nodes of the pool are in use: it may wait (sfml ps)")
    return found

"""``sfml ps``: what runs now, on which pool, and what the pools cost."""

from __future__ import annotations

from typing import Any

import click

from sfml.cli import attached
from sfml.cli.options import config_options
from sfml.cli.output import Output, output_option
from sfml.cli.spec_source import known_families
from sfml.config import Config

COLUMNS = (
    "name",
    "kind",
    "status",
    "instances",
    "compute_pool",
    "family",
    "pool_nodes",
    "pool_credits_per_hour",
)


@click.command()
@click.option("-a", "--all", "everything", is_flag=True, help="What has ended or is suspended, too.")
@config_options("connection", "role")
@output_option
def ps(config: Config, *, everything: bool, out: Output) -> None:
    """List the jobs and services that run, with their pools; a pool's cost is that of its running nodes."""
    from sfml import pools, sql
    from sfml.services import manage
    from sfml.session.rows import over

    families = known_families(config)
    with attached.begin(config, light=True) as opening:
        query = over(opening.connection())
        found = manage.services(query, jobs=sql.Jobs.TOO)
        by_name = {one.name: one for one in pools.all_pools(query)}
    running = [one for one in found if everything or one.status not in manage.RESTING]
    cost = {
        name: (pools.node_price(one.family, families), one.running_nodes) for name, one in by_name.items()
    }
    rows = [_row(one.described, by_name.get(one.compute_pool), cost.get(one.compute_pool)) for one in running]
    columns = [
        "name",
        "kind",
        "status",
        "instances",
        "compute_pool",
        "family",
        "pool_nodes",
        "pool_credits_per_hour",
    ]
    out.table(rows, columns)
    known = [price * nodes for price, nodes in cost.values() if price is not None and nodes]
    unknown = sum(1 for price, nodes in cost.values() if price is None and nodes)
    more = f", and {unknown} pools whose price was not published" if unknown else ""
    out.progress(f"all running nodes of your pools: {round(sum(known), 4):g} credits/h{more}")


def _row(row: dict[str, Any], pool: Any, cost: tuple[float | None, int] | None) -> dict[str, Any]:
    price, nodes = cost or (None, 0)
    return {
        **row,
        "family": pool.family if pool else None,
        "pool_nodes": nodes,
        "pool_credits_per_hour": None if price is None else round(price * nodes, 4),
    }

"""``sfml pool``: compute pools: what there is, what it costs, start and stop."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from sfml import pools
from sfml.cli import attached
from sfml.cli.options import config_options
from sfml.cli.output import Output, dry_run_option, output_option
from sfml.cli.run_spec import yes_option
from sfml.cli.spec_source import known_families
from sfml.config import Config

_KEYS = ("connection", "role")


@click.group()
def pool() -> None:
    """Compute pools: list, create, suspend, resume, drop."""


@pool.command("list")
@config_options(*_KEYS)
@output_option
def list_(config: Config, *, out: Output) -> None:
    """List compute pools, with what their running nodes cost."""
    from sfml.session.rows import over

    families = known_families(config)
    with attached.begin(config, light=True) as opening:
        found = pools.all_pools(over(opening.connection()))
    rows = []
    for one in found:
        price = pools.node_price(one.family, families)
        per_hour = None if price is None else round(price * one.running_nodes, 4)
        rows.append({**asdict(one), "nodes": _nodes(one), "credits_per_hour": per_hour})
    columns = ["name", "state", "family", "nodes", "services", "jobs", "credits_per_hour", "owner"]
    out.table(rows, columns)


def _nodes(one: pools.Pool) -> str:
    return f"{one.active_nodes} busy, {one.idle_nodes} idle, {one.min_nodes} to {one.max_nodes}"


@pool.command()
@click.argument("name")
@click.option("--family", required=True, help="Instance family: sfml spec families lists them.")
@click.option("--min-nodes", type=click.IntRange(min=1), default=1, show_default=True, help="At least.")
@click.option("--max-nodes", type=click.IntRange(min=1), default=1, show_default=True, help="At most.")
@click.option(
    "--auto-suspend", type=click.IntRange(min=0), default=300, show_default=True, metavar="SECONDS",
    help="Stop after so long without work; 0: never.",
)  # fmt: skip
@click.option("--start", is_flag=True, help="Start nodes now, not with the first job.")
@click.option("--comment", help="A note that SHOW COMPUTE POOLS prints.")
@config_options(*_KEYS)
@dry_run_option
@output_option
def create(
    config: Config, *, name: str, family: str, start: bool, dry_run: bool, out: Output, **sizes: Any
) -> None:
    """Create a compute pool that costs nothing until it is used."""
    from sfml.session.rows import over

    families = known_families(config)
    wanted = pools.known_family(family, families)
    price = pools.node_price(wanted, families)
    out.progress(f"{wanted}: {pools.price_text(price)} for each running node")
    if dry_run:
        out.value({"name": name, "family": wanted, "credits_per_hour": price}, text=f"would create {name}")
        return
    with attached.begin(config, light=True) as opening:
        said = pools.create(
            over(opening.connection()), name, family=wanted, suspended=not start,
            min_nodes=sizes["min_nodes"], max_nodes=sizes["max_nodes"],
            auto_suspend_secs=sizes["auto_suspend"], comment=sizes["comment"],
        )  # fmt: skip
    out.value({"name": name, "family": wanted, "credits_per_hour": price}, text=said)


@pool.command()
@click.argument("name")
@config_options(*_KEYS)
@output_option
def suspend(config: Config, *, name: str, out: Output) -> None:
    """Stop a pool's nodes: services are suspended, jobs go on to their end."""
    _change(config, name, out, suspend=True)


@pool.command()
@click.argument("name")
@config_options(*_KEYS)
@output_option
def resume(config: Config, *, name: str, out: Output) -> None:
    """Start a pool's nodes."""
    _change(config, name, out, suspend=False)


def _change(config: Config, name: str, out: Output, *, suspend: bool) -> None:
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        query = over(opening.connection())
        found = pools.find_pool(query, name)
        (pools.suspend if suspend else pools.resume)(query, found)
        after = pools.find_pool(query, name)
    out.value(asdict(after), text=f"{after.name} {after.state}")


@pool.command()
@click.argument("name")
@config_options(*_KEYS)
@dry_run_option
@yes_option
@output_option
def drop(config: Config, *, name: str, dry_run: bool, yes: bool, out: Output) -> None:
    """Drop a compute pool that holds no services."""
    from sfml.session.rows import over

    with attached.begin(config, light=True) as opening:
        query = over(opening.connection())
        found = pools.find_pool(query, name)
        what = f"the pool {found.name} ({found.family}, {found.state}, {found.jobs} jobs)"
        if dry_run:
            out.value(asdict(found), text=f"would drop {what}")
            return
        if not yes and sys.stdin.isatty():
            click.confirm(f"drop {what}?", abort=True, err=True)
        pools.drop(query, found)
    out.value({"name": found.name, "state": "DROPPED"}, text=f"dropped {found.name}")

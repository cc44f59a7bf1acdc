"""``sfml spec families``: what nodes there are, how large, and what they cost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from sfml.cli.options import config_options
from sfml.cli.output import Output, output_option
from sfml.config import Config
from sfml.errors import InputError
from sfml.specs import families as table
from sfml.specs.families import Cloud, Family

COLUMNS = (
    "name",
    "clouds",
    "vcpu",
    "memory_gib",
    "gpu",
    "gpu_memory_gb",
    "node_limit",
    "credits_per_hour",
    "note",
)
CACHE = "families.json"


@click.command()
@click.option("--cloud", type=click.Choice([c.value for c in Cloud]), help="Only families of this cloud.")
@click.option("--gpu/--cpu", "gpu", default=None, help="Only families with GPUs, or only those without.")
@click.option("--refresh", is_flag=True, help="Ask your account first, and keep its answer for this project.")
@config_options("connection", "role")
@output_option
def families(config: Config, *, cloud: str | None, gpu: bool | None, refresh: bool, out: Output) -> None:
    """List instance families, the cheapest first: vCPU and GiB per node, GPUs, nodes per account, credits.

    An empty price was not published.
    """
    if refresh:
        _refresh(config)
    known, source = load_known(config.state)
    found = table.select(known, cloud=Cloud(cloud) if cloud else None, gpu=gpu)
    out.table([asdict(f) if out.as_json else _cells(f) for f in found], COLUMNS)
    out.progress(f"{source}; credits as published for {table.CREDITS_DATE}")


def load_known(state: Path) -> tuple[tuple[Family, ...], str]:
    """The families as the account named them when asked, else as published; and which of the two."""
    path = state / CACHE
    if not path.is_file():
        return table.PUBLISHED, f"capacity as documented on {table.CAPACITY_DATE}"
    found, seen_on = table.load(path.read_text(encoding="utf-8", errors="replace"))
    return found, f"capacity as your account said on {seen_on} (sfml spec families --refresh asks again)"


def _refresh(config: Config) -> None:
    from sfml import sql
    from sfml.session.rows import query as log_in

    query = log_in(config)
    region = str(query(sql.current_region())[0]["NAME"])
    rows = query(sql.show_instance_families())
    if not rows:
        raise InputError(
            "the account lists no instance families", hint="does its region have container services?"
        )
    found = table.from_rows(rows, cloud=_cloud(region))
    config.state.mkdir(parents=True, exist_ok=True)
    text = table.dump(found, seen_on=datetime.now(UTC).date())
    (config.state / CACHE).write_text(text, encoding="utf-8")


def _cloud(region: str) -> Cloud | None:
    """The cloud of a region such as AWS_US_WEST_2 or PUBLIC.AZURE_WESTEUROPE."""
    first = region.rpartition(".")[2].partition("_")[0].lower()
    return Cloud(first) if first in set(Cloud) else None


def _cells(family: Family) -> dict[str, Any]:
    """A row for a reader: GPUs and clouds in one cell each."""
    return {
        **asdict(family),
        "clouds": " ".join(family.clouds),
        "gpu": f"{family.gpu_count}x {family.gpu}" if family.gpu else "",
        "vcpu": f"{family.vcpu:g}",
        "memory_gib": f"{family.memory_gib:g}",
    }

"""``sfml spec families``: what nodes there are, how large, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from sfml.cli.output import Output, output_option
from sfml.specs.families import CAPACITY_DATE, CREDITS_DATE, Cloud, Family, select

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


@click.command()
@click.option("--cloud", type=click.Choice([c.value for c in Cloud]), help="Only families of this cloud.")
@click.option("--gpu/--cpu", "gpu", default=None, help="Only families with GPUs, or only those without.")
@output_option
def families(cloud: str | None, gpu: bool | None, out: Output) -> None:
    """List instance families, the cheapest first: vCPU and GiB per node, GPUs, nodes per account, credits.

    An empty price was not published; SHOW COMPUTE POOL INSTANCE FAMILIES tells what your account has.
    """
    found = select(cloud=Cloud(cloud) if cloud else None, gpu=gpu)
    out.table(found_rows(found, as_text=not out.as_json), COLUMNS)
    out.progress(f"capacity as documented on {CAPACITY_DATE}, credits as published for {CREDITS_DATE}")


def found_rows(found: Sequence[Family], *, as_text: bool) -> list[dict[str, Any]]:
    """Rows to print: for a reader, GPUs and clouds in one cell each."""
    from dataclasses import asdict

    if not as_text:
        return [asdict(family) for family in found]
    return [
        {
            **asdict(family),
            "clouds": " ".join(family.clouds),
            "gpu": f"{family.gpu_count}x {family.gpu}" if family.gpu else "",
            "vcpu": f"{family.vcpu:g}",
            "memory_gib": f"{family.memory_gib:g}",
        }
        for family in found
    ]

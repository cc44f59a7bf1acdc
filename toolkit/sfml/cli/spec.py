"""``sfml spec``: specs of services and jobs."""

from __future__ import annotations

import click

from sfml.cli.spec_families import families
from sfml.cli.spec_render import render


@click.group()
def spec() -> None:
    """Specs of services and jobs: rendered from templates, and the instance families that they run on."""


spec.add_command(render)
spec.add_command(families)

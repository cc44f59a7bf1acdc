"""``sfml doctor``: why a dev box cannot be made or entered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from sfml.cli.attached import query
from sfml.cli.box import place_options
from sfml.cli.options import config_options
from sfml.cli.output import Output, output_option
from sfml.config import Config
from sfml.errors import NoConnectionError
from sfml.remote import box as boxes
from sfml.remote import doctor as checks
from sfml.remote import up as ups
from sfml.remote.api import box_of
from sfml.remote.doctor import Finding, Health
from sfml.session import in_containers


@click.command()
@place_options
@click.option("--image", help="The image that the box is to have.  [default: the box's, dev for a new one]")
@config_options("connection", "role")
@output_option
def doctor(config: Config, *, project_name: str, out: Output, **options: Any) -> int:
    """Check this machine, the connection, the account and the box; exits 1 when something is broken."""
    boxes.resolve(user="ANYBODY", project=project_name, **options)
    found = []
    for finding in _findings(config, project_name, options):
        found.append(finding)
        out.line(f"{finding.health.value}  {finding.about:<12}  {finding.text}")
        for line in finding.remedy.splitlines():
            out.line(f"                  {line}")
    if out.as_json:
        out.value([{**vars(finding), "health": finding.health.name.lower()} for finding in found])
    return 1 if any(finding.health is Health.BAD for finding in found) else 0


def _findings(config: Config, project_name: str, options: dict[str, Any]) -> Iterator[Finding]:
    yield from checks.machine(os.environ)
    try:
        ask = query(in_containers(config))
    except NoConnectionError as error:
        yield checks.connection_failed(error)
        return
    who = ups.who(ask)
    yield Finding(about="connection", health=Health.GOOD, text=f"{config.connection}, user {who.user}")
    box = box_of(who, ask, project=project_name, **options)
    yield from checks.account_side(config, ask, box, now=lambda: datetime.now(UTC))

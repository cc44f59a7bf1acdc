"""``sfml doctor``: why a dev box cannot be made or entered."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from sfml import session as sessions
from sfml.cli.attached import query
from sfml.cli.box import as_made, place_options
from sfml.cli.options import config_options
from sfml.cli.output import Output, output_option
from sfml.config import Config
from sfml.errors import SfmlError
from sfml.remote import box as boxes
from sfml.remote import doctor as checks
from sfml.remote import doctor_machine
from sfml.remote import up as ups
from sfml.remote.api import box_of
from sfml.remote.health import Finding, Health, finding
from sfml.session import in_containers


@click.command()
@place_options
@click.option("--image", help="The image that the box is to have.  [default: the box's, dev for a new one]")
@config_options("connection", "role")
@output_option
def doctor(config: Config, *, project_name: str, out: Output, **options: Any) -> int:
    """Check this machine, the connection, the account and the box; exits 1 when something is broken.

    Each line is well (ok), worth a look (??) or broken (!!), and says what to do.
    """
    host = boxes.resolve(user="ANYBODY", project=project_name, **options).host
    config = as_made(config, host)
    found = []
    for one in _findings(config, project_name, options):
        found.append(one)
        out.line(f"{one.health.value}  {one.about:<12}  {one.text}")
        for line in one.remedy.splitlines():
            out.line(f"                  {line}")
    if out.as_json:
        out.value([{**vars(one), "health": one.health.name.lower()} for one in found])
    return 1 if any(one.health is Health.BAD for one in found) else 0


def _findings(config: Config, project_name: str, options: dict[str, Any]) -> Iterator[Finding]:
    server = sessions.url(config)
    yield from doctor_machine.machine(os.environ, server)
    try:
        ask = query(in_containers(config))
    except SfmlError as error:
        yield checks.connection_failed(error)
        clock = doctor_machine.clock_of(server, os.environ, time.time) if server else None
        yield from (clock,) if clock else ()
        return
    who = ups.who(ask)
    yield finding("connection", f"{config.connection}, user {who.user}")
    box = box_of(who, ask, project=project_name, **options)
    knock = checks.knocking(config, box, os.environ, Path.home())
    yield from checks.account_side(config, ask, box, now=lambda: datetime.now(UTC), knock=knock)

"""A box that can be entered: started where it was stopped, and waited for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from sfml import config, proc, sql
from sfml.config import Config
from sfml.errors import CommandError, NotFoundError
from sfml.remote import state
from sfml.remote.entry import Entry
from sfml.session.rows import Query

_ENTERED_WITHIN = 120.0
_SOON = ("-o", "ConnectTimeout=8")
"""A box that runs answers before that; without a limit, ssh waits for a stopped one to come up by itself."""
_STOPPED = ("SUSPENDED", "SUSPENDING")


def enter(
    entry: Entry,
    ssh: Sequence[str],
    log_in: Callable[[Config], Query],
    *,
    seconds: float,
    report: Callable[[str], None],
) -> None:
    """Come back when ``ssh`` has been in the box once: an editor gives up after 15 seconds.

    Logs in to Snowflake only where the box does not answer.
    """
    try:
        _try(entry, [*ssh, *_SOON])
    except CommandError:
        report(f"{entry.host} does not answer: looking why")
        query = log_in(config_of(entry))
        start(query, sql.name(entry.service), seconds=seconds, report=report)
        _try(entry, ssh)


def start(query: Query, service: sql.Name, *, seconds: float, report: Callable[[str], None]) -> None:
    """Start a stopped box, and wait until it is ready; what is awaited is reported."""
    if state.read(query, service).status in _STOPPED:
        report(f"resume {service}")
        query(sql.alter_service(service, "RESUME"))
    state.wait_until_ready(query, service, seconds=seconds, report=report)


def require_folder(ssh: Sequence[str], host: str, folder: str) -> None:
    """NotFoundError where the box has no such folder: an editor would open an empty window."""
    question = f"if test -d {shlex.quote(folder)}; then echo yes; fi"
    if proc.run([*ssh, host, question], timeout=_ENTERED_WITHIN).stdout.strip() != "yes":
        raise NotFoundError(
            f"{host} has no folder {folder}",
            hint="sfml sync up brings a project there; relative paths begin in the box's home",
        )


def _try(entry: Entry, ssh: Sequence[str]) -> None:
    proc.run([*ssh, entry.host, "true"], timeout=_ENTERED_WITHIN)


def config_of(entry: Entry) -> Config:
    """The connection that the box was made with."""
    flags = {"connection": entry.connection, "role": entry.role, "state": entry.state}
    return config.resolve(flags, os.environ, Path.home())

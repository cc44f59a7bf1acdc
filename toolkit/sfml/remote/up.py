"""From nothing to a box that ssh knows: the plan, its steps, the wait, and this machine's part."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfml import account, project, sql, steps
from sfml.config import Config
from sfml.errors import InputError, NotFoundError, RefusedError
from sfml.remote import door, entry, ssh_files, state, tokens
from sfml.remote import plan as plans
from sfml.remote.box import Box
from sfml.remote.entry import AGENT, DIRECT, Entry, SshFolder
from sfml.session.rows import Query
from sfml.steps import Finding, State
from sfml.tunnel.dial import proxy_for

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A box, its specification, and what was found of it."""

    box: Box
    spec: Mapping[str, Any]
    findings: Sequence[Finding]

    @property
    def service(self) -> Finding:
        """What was found of the service itself."""
        return self.findings[-1]

    @property
    def is_stopped(self) -> bool:
        """Whether there is a box that only has to be started."""
        return self.service.verdict.note.startswith(("suspended", "suspending"))


def look(box: Box, query: Query, *, place: SshFolder, library: Path) -> Wanted:
    """What there is of a box; makes the user's key for boxes, and changes nothing else."""
    spec = plans.specification(box, public_key=ssh_files.ensure_key(place), library=library)
    return Wanted(box=box, spec=spec, findings=steps.survey(plans.plan(box, spec), query))


def require_ours(wanted: Wanted) -> None:
    """InputError where the service's name is taken by somebody else's."""
    if wanted.service.verdict.state is State.NOTE:
        raise InputError(
            f"the service {wanted.box.service} {wanted.service.verdict.note}",
            hint="choose another project (--project), or drop that service",
        )


def carry_out(wanted: Wanted, query: Query, *, change: bool, report: Report) -> None:
    """Do what is missing; start a stopped box; with ``change``, bring it to its new specification."""
    require_ours(wanted)
    steps.carry_out(wanted.findings, query, report=lambda step: report(f"+ {step.title}"))
    if change and wanted.service.verdict.state is State.DIFFERS:
        report(f"~ service {wanted.box.service}")
        for statement in plans.change(wanted.box, wanted.spec):
            query(statement)
    if state.read(query, wanted.box.service).status in ("SUSPENDED", "SUSPENDING"):
        report(f"resume {wanted.box.service}")
        query(sql.alter_service(wanted.box.service, "RESUME"))


def enter(
    config: Config,
    box: Box,
    query: Query,
    *,
    place: SshFolder,
    environ: Mapping[str, str],
    seconds: float,
    report: Report,
) -> Entry:
    """Wait until the box can be entered, and make it known to ssh with its own host key."""
    ready = state.wait_until_ready(query, box.service, seconds=seconds, report=report)
    found = new_entry(config, box, ready, environ)
    url = found.url

    def ask() -> tuple[int, str]:
        token = tokens.token(found, place, environ)
        return door.get(
            url, "/host-key", token, proxy=proxy_for(url, environ), ca_file=environ.get("SFML_CA_FILE")
        )

    key = door.host_key(ask, seconds=seconds, report=report)
    ssh_files.write(place, found, host_key=key, program=program())
    return found


def new_entry(config: Config, box: Box, ready: state.BoxState, environ: Mapping[str, str]) -> Entry:
    """What this machine is to know of the box."""
    connection = config.connection or ""
    direct = tokens.access_token(connection, environ)
    return Entry(
        host=box.host,
        url=ready.endpoints[state.SSH],
        code_url=ready.endpoints.get(state.CODE),
        service=str(box.service),
        connection=connection,
        role=box.setup.role.last,
        state=str(config.state),
        way=DIRECT if direct else AGENT,
    )


def program() -> Sequence[str]:
    """How ssh is to call us: with this Python, and without the folder that ssh is started in on its path."""
    return [sys.executable, "-P", "-m", "sfml"]


def library(root: Path) -> Path:
    """Where the specification's template is looked for."""
    return project.specs(None, root)


def stop(query: Query, box: Box) -> None:
    """Suspend the box; its home stays, and is billed as storage alone."""
    state.read(query, box.service)
    query(sql.alter_service(box.service, "SUSPEND"))


def forget(box: Box, place: SshFolder) -> None:
    """Remove the box from this machine's ssh files."""
    ssh_files.remove(place, box.host)


def who(query: Query) -> tuple[str, str]:
    """User and role of the session; from a role that cannot own services it changes to the one for boxes."""
    user = str(query(sql.current_user())[0]["NAME"])
    role = str(query(sql.current_role())[0]["NAME"])
    if role not in account.NO_OWNERS:
        return user, role
    try:
        query(sql.use_role(account.DEFAULT_ROLE))
    except (NotFoundError, RefusedError) as error:
        raise RefusedError(
            f"{role} cannot own services, and there is no role {account.DEFAULT_ROLE} for you",
            hint="sfml account setup --public-endpoints --apply creates it; or name another one: --role",
        ) from error
    return user, account.DEFAULT_ROLE


def known(place: SshFolder) -> list[str]:
    """The boxes that this machine knows."""
    return entry.hosts(place)

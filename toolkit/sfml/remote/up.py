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
from sfml.remote import door, removal, ssh_files, state, tokens
from sfml.remote import plan as plans
from sfml.remote.box import Box
from sfml.remote.entry import AGENT, DIRECT, Entry, SshFolder
from sfml.remote.removal import Removal
from sfml.session.rows import Query
from sfml.steps import Finding, State, Step
from sfml.tunnel.dial import proxy_for

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A box, its specification, and what was found of it."""

    box: Box
    spec: Mapping[str, Any]
    around: Sequence[Finding]
    service: Finding

    @property
    def findings(self) -> Sequence[Finding]:
        """Everything, in the order in which it can be done."""
        return (*self.around, self.service)

    @property
    def is_stopped(self) -> bool:
        """Whether there is a box that only has to be started."""
        return self.service.verdict.note.startswith(("suspended", "suspending"))


def look(box: Box, who: Who, query: Query, *, place: SshFolder, library: Path) -> Wanted:
    """What there is of a box; makes the user's key for boxes, and changes nothing else."""
    spec = plans.specification(box, public_key=ssh_files.ensure_key(place), library=library)
    *around, service = steps.survey((*around_it(box, who), plans.service_step(box, spec)), query)
    return Wanted(box=box, spec=spec, around=around, service=service)


def around_it(box: Box, who: Who) -> Sequence[Step]:
    """The steps before the service, as far as this user's role goes."""
    return plans.by_administrator(box) if who.is_administrator else plans.infrastructure(box)


def require_ours(wanted: Wanted) -> None:
    """InputError where the service's name is taken by somebody else's."""
    if wanted.service.verdict.state is State.NOTE:
        raise InputError(
            f"the service {wanted.box.service} {wanted.service.verdict.note}",
            hint="choose another project (--project), or drop that service",
        )


def carry_out(wanted: Wanted, who: Who, query: Query, *, change: bool, report: Report) -> None:
    """Do what is missing; start a stopped box; with ``change``, bring it to its new specification."""
    require_ours(wanted)

    def tell(step: Step) -> None:
        report(f"+ {step.title}")

    steps.carry_out(wanted.around, query, report=tell)
    act_as_owner(who, query)
    steps.carry_out([wanted.service], query, report=tell)
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
        return door.get(url, "/host-key", token, proxy=proxy_for(url, environ))

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


def remove(found: Sequence[Removal], who: Who, query: Query) -> None:
    """Remove the service with the role that owns it, and the rest with the session's own."""
    services = [one for one in found if one.is_service and one.statement]
    if services:
        act_as_owner(who, query)
        removal.carry_out(services, query)
        act_as_before(who, query)
    removal.carry_out([one for one in found if not one.is_service], query)


def forget(box: Box, place: SshFolder) -> None:
    """Remove the box from this machine's ssh files."""
    ssh_files.remove(place, box.host)


@dataclass(frozen=True, kw_only=True)
class Who:
    """The session's user and role, and the role that owns the box: an administrator's cannot."""

    user: str
    role: str
    owner: str

    @property
    def is_administrator(self) -> bool:
        """Whether the session works with a role that cannot own services."""
        return self.role != self.owner


def who(query: Query) -> Who:
    """Who works in this session."""
    user = str(query(sql.current_user())[0]["NAME"])
    role = str(query(sql.current_role())[0]["NAME"])
    owner = account.DEFAULT_ROLE if role in account.NO_OWNERS else role
    return Who(user=user, role=role, owner=owner)


def act_as_owner(who: Who, query: Query) -> None:
    """Work with the role that owns the box from here on."""
    if not who.is_administrator:
        return
    try:
        query(sql.use_role(who.owner))
    except (NotFoundError, RefusedError) as error:
        raise RefusedError(
            f"{who.role} cannot own services, and there is no role {who.owner} for you",
            hint="sfml up makes it; or name another role: --role",
        ) from error


def act_as_before(who: Who, query: Query) -> None:
    """Work with the session's own role again."""
    if who.is_administrator:
        query(sql.use_role(who.role))

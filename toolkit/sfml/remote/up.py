"""From nothing to a box that ssh knows: the plan, its steps, the wait, and this machine's part."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sfml import account, project, sql, steps
from sfml.config import Config
from sfml.errors import InputError, NotFoundError, RefusedError
from sfml.remote import changes, door, homes, image, removal, ssh_files, state, tokens
from sfml.remote import plan as plans
from sfml.remote.box import Box, marked
from sfml.remote.changes import Change
from sfml.remote.entry import Entry, SshFolder
from sfml.remote.homes import Snapshot
from sfml.remote.image import Image, Look
from sfml.remote.removal import Removal
from sfml.services import manage
from sfml.session.rows import Query
from sfml.specs import values
from sfml.steps import Finding, State, Step
from sfml.tunnel.dial import proxy_for

Report = Callable[[str], None]
HOME_WITHIN = 900.0
"""Seconds: a snapshot of a large home is written for minutes."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A box, what was found of it and of its home, and how what is there differs."""

    box: Box
    around: Sequence[Finding]
    service: Finding
    image: Image | None  # None: a template of the project's own that names another
    changes: Sequence[Change] = ()
    home: Snapshot | None = None

    @property
    def findings(self) -> Sequence[Finding]:
        """Everything, in the order in which it can be done."""
        return (*self.around, self.service)

    @property
    def text(self) -> Sequence[str]:
        """The plan, line by line."""
        starts = [f"+ start of {self.service.step.title}"] if self.is_stopped else []
        lacks = self.lacks_image or self.makes_repository
        notes = [f"! {self.image.absence}: {self.image.remedy}"] if self.image and lacks else []
        return (
            *steps.lines(self.findings),
            *starts,
            *notes,
            *(f"    {change.text}" for change in self.changes),
        )

    @property
    def described(self) -> dict[str, Any]:
        """The plan, as a document."""
        return {
            "steps": [
                {"sign": one.verdict.state.value, "title": one.step.title, "note": one.verdict.note}
                for one in self.findings
            ],
            "changes": [change.text for change in self.changes],
            "image": self.box.image,
            "image_digest": self.box.image_digest,
        }

    @property
    def lacks_image(self) -> bool:
        """Whether an image has to be fetched that its repository does not have."""
        is_fetched = self.is_new or self.needs_new_box or any("image" in one.what for one in self.changes)
        return is_fetched and self.image is not None and self.image.look is Look.MISSING

    @property
    def makes_repository(self) -> bool:
        """Whether the image's repository is yet to be made, so that the image cannot be in it."""
        titles = [step.title for step in steps.missing(self.around)]
        return self.image is not None and f"image repository {self.image.repository}" in titles

    @property
    def is_new(self) -> bool:
        """Whether there is no box yet."""
        return self.service.verdict.state is State.ABSENT

    @property
    def needs_new_box(self) -> bool:
        """Whether something differs that cannot be altered in a box that there is."""
        return any(not change.in_place for change in self.changes)

    @property
    def is_stopped(self) -> bool:
        """Whether there is a box that only has to be started."""
        return self.service.verdict.note.startswith(("suspended", "suspending"))


def look(box: Box, who: Who, query: Query, *, place: SshFolder, library: Path) -> Wanted:
    """What there is of a box; makes the user's key for boxes, and changes nothing else."""
    key = ssh_files.ensure_key(place)
    there = image.find(box.image, query)
    box = replace(box, image=there.path, image_digest=there.digest)

    def spec_of(snapshot: Snapshot | None = None) -> Mapping[str, Any]:
        name = str(snapshot.name) if snapshot else None
        return plans.specification(box, public_key=key, library=library, snapshot=name)

    *around, service = steps.survey((*around_it(box, who), plans.service_step(box, spec_of())), query)
    told = [_at_rest(one) for one in around if not _goes_without_saying(one)]
    is_used = plans.uses(spec_of(), box.image)
    wanted = Wanted(box=box, around=told, service=service, image=there if is_used else None)
    if wanted.is_new:
        home = _newest_home(box, who, query)
        return replace(wanted, home=home, service=_with_home(service, box, spec_of(home), home))
    if service.verdict.state is State.NOTE:
        return wanted
    return _compared(wanted, query, spec_of())


def _goes_without_saying(finding: Finding) -> bool:
    """Whether a plan has no line for it: a rule's hosts, where there is nothing to be said about them."""
    return finding.step.title.startswith(plans.HOSTS) and finding.verdict.state is State.PRESENT


def _at_rest(finding: Finding) -> Finding:
    """What differs and is left so (a pool's most nodes, say) is there, with a word about it."""
    if finding.verdict.state is State.DIFFERS and not finding.step.amend:
        return replace(finding, verdict=replace(finding.verdict, state=State.PRESENT))
    return finding


def _newest_home(box: Box, who: Who, query: Query) -> Snapshot | None:
    try:
        act_as_owner(who, query)
    except RefusedError:
        return None  # there is no such role yet, and so nothing of its own
    found = homes.kept(box, query)
    act_as_before(who, query)
    if not found:
        return None
    homes.require_room(box, found[0])
    return found[0]


def _with_home(service: Finding, box: Box, spec: Mapping[str, Any], home: Snapshot | None) -> Finding:
    words = f" as in {home.text}" if home else ""
    return replace(service, step=plans.service_step(box, spec, home=words))


def _compared(wanted: Wanted, query: Query, spec: Mapping[str, Any]) -> Wanted:
    """With what differs between the service that there is and the one that is asked for."""
    box, verdict = wanted.box, wanted.service.verdict
    there = manage.describe(query, str(box.service))
    found = [*changes.of_properties(there, pool=box.setup.pool.last, integrations=plans.integrations(box))]
    if made_of := plans.pushed_anew(box, marked({"comment": there.comment})):
        found += [Change(what=f"image {box.image} was pushed anew", before=made_of, after=box.image_digest)]
    text = values.parse_values(there.spec, name=there.name) if there.spec else {}
    if verdict.state is State.DIFFERS:
        found += changes.of_specification(text, spec)
        found = found or [Change(what="specification", before="another", after="this one")]
    if not found:
        return wanted
    step = plans.service_step(box, spec, amend=plans.amendment(box, spec, text))
    differs = replace(verdict, state=State.DIFFERS)
    return replace(wanted, service=Finding(step=step, verdict=differs), changes=found)


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


def require_image(wanted: Wanted) -> None:
    """NotFoundError where the box's image has to be fetched and is not in its repository."""
    found = wanted.image
    if found and wanted.lacks_image:
        raise NotFoundError(
            found.absence,
            hint=f"{found.remedy} (with the same --connection); then run this again, and it goes on",
        )


def carry_out(wanted: Wanted, who: Who, query: Query, *, change: bool, report: Report) -> None:
    """Do what is missing; start a stopped box; with ``change``, alter in place what differs."""
    require_ours(wanted)
    if wanted.is_new or change:
        require_image(wanted)
    prepare(wanted, query, change=change, report=report)
    if wanted.is_new and wanted.image and wanted.image.look is Look.UNSEEN:  # the repository may be there now
        require_image(replace(wanted, image=image.find(wanted.image.path, query)))

    def tell(step: Step) -> None:
        report(step.title)

    act_as_owner(who, query)
    if wanted.home:
        homes.wait_until_created(wanted.box, wanted.home, query, seconds=HOME_WITHIN, report=report)
    try:
        steps.carry_out([wanted.service], query, amend=change and not wanted.needs_new_box, report=tell)
    except RefusedError:
        if not (wanted.is_new and _is_there(wanted, query)):
            raise  # else another run of ours made it meanwhile
    if state.read(query, wanted.box.service).status in ("SUSPENDED", "SUSPENDING"):
        report(f"resume {wanted.box.service}")
        query(sql.alter_service(wanted.box.service, "RESUME"))


def _is_there(wanted: Wanted, query: Query) -> bool:
    """Whether the box is there by now, and ours."""
    (found,) = steps.survey([wanted.service.step], query)
    return found.verdict.state in (State.PRESENT, State.DIFFERS)


def prepare(wanted: Wanted, query: Query, *, change: bool, report: Report) -> None:
    """Make what the box needs, and not the box itself."""
    steps.carry_out(wanted.around, query, amend=change, report=lambda step: report(step.title))


def make_room(wanted: Wanted, who: Who, query: Query, *, report: Report) -> None:
    """Drop a box that cannot be altered to what is asked for; its home becomes a snapshot, and the next look
    finds it."""
    require_ours(wanted)
    act_as_owner(who, query)
    report(f"drop service {wanted.box.service}; its home is kept")
    query(sql.drop_service(wanted.box.service, force=True))
    act_as_before(who, query)


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
    return Entry(
        host=box.host,
        url=ready.endpoints[state.SSH],
        code_url=ready.endpoints.get(state.CODE),
        jupyter_url=ready.endpoints.get(state.JUPYTER),
        service=str(box.service),
        connection=connection,
        role=box.setup.role.last,
        state=str(config.state),
        way=tokens.way(connection, environ),
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


def look_back(box: Box, who: Who, query: Query, *, data: bool, home: bool) -> tuple[Removal, ...]:
    """What there is to remove of a box."""
    kept: tuple[Snapshot, ...] = ()
    with suppress(RefusedError):  # no such role: then there is nothing of its own
        act_as_owner(who, query)
        kept = homes.kept(box, query)
        act_as_before(who, query)
    return removal.survey(box, query, data=data, home=home, homes=kept)


def remove(box: Box, found: Sequence[Removal], who: Who, query: Query, *, home: bool) -> Snapshot | None:
    """Remove service and home with the role that owns them, the rest with the session's own.

    ``home``: delete the homes, too; else the snapshot of the newest that is left, if there is one.
    """
    owned = [one for one in found if one.by_owner and one.statement]
    left: tuple[Snapshot, ...] = ()
    if any(one.by_owner for one in found):
        act_as_owner(who, query)
        removal.carry_out(owned, query)
        left = homes.kept(box, query)
        if home:
            homes.drop(left, query)
        act_as_before(who, query)
    removal.carry_out([one for one in found if not one.by_owner], query)
    return left[0] if left and not home else None


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

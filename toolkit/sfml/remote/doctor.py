"""Why a dev box cannot be made or entered: what the account lacks, and what answers at the box's door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sfml import account, sql
from sfml.config import Config
from sfml.errors import NotFoundError, RefusedError, SfmlError
from sfml.remote import doctor_machine, door, entry, image, plan, sign_in, state, tokens, up
from sfml.remote.box import Box
from sfml.remote.health import Finding, Health, finding
from sfml.remote.image import Look
from sfml.remote.state import BoxState
from sfml.session.rows import Query
from sfml.specs.families import FAMILIES
from sfml.sql import Kind
from sfml.steps import State
from sfml.tunnel.dial import proxy_for

MOST_SNAPSHOTS = 100
"""Of block volumes, in one account (documentation, "Block storage volumes")."""
_PASSING = (429, 500, 502, 503, 504)
_REFUSED = (302, 401, 403)  # perhaps only this token

Now = Callable[[], datetime]
Knock = Callable[[BoxState], tuple[int, str]]


def account_side(config: Config, query: Query, box: Box, *, now: Now, knock: Knock) -> Iterator[Finding]:
    """What the account lacks for this box, whose session is open; ``knock`` asks at the box's door."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _clock(query, now),
        lambda: _role(config, query, box),
        lambda: _default_role(query, box),
        lambda: _grants(query, box),
        lambda: _quota(query, box),
        lambda: _pool(query, box),
        lambda: _image(query, box),
        lambda: _box(config, query, box, knock),
    )
    abouts = ("clock", "role", "default role", "grants", "quota", "pool", "image", "box")
    for about, check in zip(abouts, checks, strict=True):
        try:
            yield from check()
        except (NotFoundError, RefusedError) as error:
            yield Finding(about=about, health=Health.WARN, text=str(error), remedy=error.hint or "")


def _clock(query: Query, now: Now) -> Iterator[Finding]:
    row = query(sql.server_time())[0]
    yield doctor_machine.clock(float(row["SECONDS"]) - now().timestamp())


def _role(config: Config, query: Query, box: Box) -> Iterator[Finding]:
    role = str(query(sql.current_role())[0]["NAME"])
    can_own = role not in account.NO_OWNERS
    text = f"{role}, of connection {config.connection}"
    yield finding(
        "role",
        text if can_own else f"{text}: cannot own services",
        is_well=can_own,
        remedy=f"sfml up works with {box.setup.role} in its place; or name another one: --role",
        otherwise=Health.WARN,
    )


def _default_role(query: Query, box: Box) -> Iterator[Finding]:
    user = sql.Name((box.user,))
    default = sign_in.default_role(query, user)
    remedy = sign_in.remedy(default, user, box.setup.role)
    yield finding(
        "default role", default or "none set", is_well=not remedy, remedy=remedy or "", otherwise=Health.WARN
    )


def _grants(query: Query, box: Box) -> Iterator[Finding]:
    role = box.setup.role
    try:
        rows = query(sql.show_grants_to_role(role))
    except (NotFoundError, RefusedError):
        text = f"there is no role {role}, or it is not yours to see"
        remedy = "sfml up makes it where you may; else sfml up --admin-sql tells an administrator how"
        yield finding("grants", text, is_well=False, remedy=remedy, otherwise=Health.WARN)
        return
    bind = account.grant_step(role, [sql.Privilege.BIND_SERVICE_ENDPOINT])
    may_bind = bind.judge(rows).state is State.PRESENT
    yield finding(
        "grants",
        f"{role} {'may' if may_bind else 'may not'} open endpoints",
        is_well=may_bind,
        remedy=f"an administrator can run: {bind.effect[0]};",
    )
    there = [need for need in plan.needs(box) if _exists(query, need[1], need[2])]
    steps = [account.grant_step(role, *need) for need in there]
    lacking = [step.effect[0] for step in steps if step.judge(rows).state is not State.PRESENT]
    if lacking:
        text = f"{role} itself has not all that it needs on what is there (a role granted to it may have)"
        remedy = "\n".join(["their owner can run:", *(f"{statement};" for statement in lacking)])
        yield finding("privileges", text, is_well=False, remedy=remedy, otherwise=Health.WARN)


def _exists(query: Query, kind: Kind, name: sql.Name) -> bool:
    inside = sql.Name(name.parts[:-1]) if len(name.parts) > 1 else None
    try:
        rows = query(sql.show(kind, like=name.last, inside=inside))
    except (NotFoundError, RefusedError):
        return False
    return any(row.get("name") == name.last for row in rows)


def _quota(query: Query, box: Box) -> Iterator[Finding]:
    """Nodes of the family, and snapshots: an account has a limit of each."""
    family = FAMILIES.get(box.setup.family)
    limit = family.node_limit if family else None
    pools = [
        row for row in query(sql.show(Kind.COMPUTE_POOL)) if row.get("instance_family") == box.setup.family
    ]
    nodes = sum(int(row.get(key) or 0) for row in pools for key in ("active_nodes", "idle_nodes"))
    own = sum(int(row.get("max_nodes") or 0) for row in pools if row.get("name") == box.setup.pool.last)
    yield finding(
        "quota",
        f"{nodes} of {limit or '?'} nodes of {box.setup.family} run",
        is_well=limit is None or nodes < limit or own > 0,
        remedy="stop what runs on them, choose another --family, or ask Snowflake's support for more",
    )
    snapshots = len(query(sql.show(Kind.SNAPSHOT)))
    yield finding(
        "snapshots",
        f"{snapshots} of {MOST_SNAPSHOTS}",
        is_well=snapshots < MOST_SNAPSHOTS,
        remedy="without room sfml down cannot keep the home: drop old ones",
        otherwise=Health.WARN,
    )


def _pool(query: Query, box: Box) -> Iterator[Finding]:
    row = _named(query, Kind.COMPUTE_POOL, box.setup.pool)
    if row is None:
        text = f"there is no {box.setup.pool}"
        yield finding("pool", text, is_well=False, remedy="sfml up makes it", otherwise=Health.WARN)
        return
    nodes = f"{row.get('active_nodes')} of at most {row.get('max_nodes')} nodes run something"
    text = f"{row['name']} {row.get('state')} {row.get('instance_family')}, {nodes}"
    is_well = str(row.get("state")) not in ("STOPPING", "FAILED")
    yield finding("pool", text, is_well=is_well, remedy="sfml pool resume, or another pool: --pool")


def _image(query: Query, box: Box) -> Iterator[Finding]:
    found = image.find(box.image, query)
    if found.look is Look.UNSEEN:
        text = f"the repository of {box.image} cannot be seen"
        yield finding("image", text, is_well=False, remedy=found.remedy, otherwise=Health.WARN)
        return
    is_there = found.look is Look.FOUND
    remedy = f"{found.remedy}; or name another one: --image"
    yield finding("image", found.path if is_there else found.absence, is_well=is_there, remedy=remedy)


def _box(config: Config, query: Query, box: Box, knock: Knock) -> Iterator[Finding]:
    try:
        found = state.read(query, box.service)
    except NotFoundError:
        text = f"there is no {box.service}"
        yield finding("box", text, is_well=False, remedy="sfml up makes it", otherwise=Health.WARN)
        return
    waits = f"it waits for a node of {box.setup.pool}; sfml status tells what holds it up"
    remedy = waits if found.status == "PENDING" else "sfml up starts it and waits; sfml status"
    yield finding("box", f"{found.status}: {found.awaited}", is_well=found.is_ready, remedy=remedy)
    if state.SSH not in found.endpoints:
        yield finding(
            "endpoint", "has no address yet", is_well=False, remedy="a new address takes some minutes"
        )
    elif found.is_ready:
        yield _at_the_door(config, found, box, knock)
    else:
        yield finding("endpoint", found.endpoints[state.SSH])


def _at_the_door(config: Config, found: BoxState, box: Box, knock: Knock) -> Finding:
    """What the box itself answers to this user's token."""
    url = found.endpoints[state.SSH]
    try:
        status, text = knock(found)
    except OSError as error:
        remedy = f"let this machine's DNS, firewall and proxy through to {url}"
        return finding("endpoint", f"{url} cannot be reached: {error}", is_well=False, remedy=remedy)
    except SfmlError as error:
        return finding("endpoint", str(error), is_well=False, remedy=error.hint or "")
    if status == 200:
        return finding("endpoint", f"{url} lets you in")
    said = f"{url} answers HTTP {status}: {text[:160]}".rstrip(": ")
    otherwise = Health.WARN if status in _PASSING else Health.BAD
    remedy = _remedy(status, config, box)
    return finding("endpoint", said, is_well=False, remedy=remedy, otherwise=otherwise)


def _remedy(status: int, config: Config, box: Box) -> str:
    bind = sql.grant([sql.Privilege.BIND_SERVICE_ENDPOINT], None, None, role=box.setup.role)
    known = {
        302: f"the ingress takes no token of connection {config.connection}: renew it; a network policy "
        "may keep your user out, too",
        403: f"a new endpoint may take a minute; else {box.user} needs the role {box.setup.role}, and that "
        f"USAGE on {box.setup.schema}",
        404: f"its owner may have lost the right to open it: {bind}; else sfml up",
    }
    return known.get(302 if status == 401 else status, "this mostly passes: try again, and see sfml status")


def knocking(config: Config, box: Box, environ: Mapping[str, str], home: Path) -> Knock:
    """What asks at a box's door as ssh will: once more with another token where one was refused."""

    def knock(found: BoxState) -> tuple[int, str]:
        known, place = up.new_entry(config, box, found, environ), entry.folder(home)

        def ask(refused: int) -> tuple[int, str]:
            token = tokens.token(known, place, environ, refused=refused)
            return door.get(known.url, "/host-key", token, proxy=proxy_for(known.url, environ))

        answer = ask(0)
        return ask(1) if answer[0] in _REFUSED else answer

    return knock


def connection_failed(error: SfmlError) -> Finding:
    """The finding for a session that could not be opened."""
    return Finding(about="connection", health=Health.BAD, text=str(error), remedy=error.hint or "")


def _named(query: Query, kind: Kind, name: sql.Name) -> Mapping[str, Any] | None:
    return next((row for row in query(sql.show(kind, like=name.last)) if row.get("name") == name.last), None)

"""Why a dev box cannot be made or entered: one check after the other, each with what to do."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sfml import account, proc, sql
from sfml.config import Config
from sfml.errors import NoConnectionError, NotFoundError, RefusedError, SfmlError
from sfml.remote import image, sign_in, state
from sfml.remote.box import Box
from sfml.remote.image import Look
from sfml.session.rows import Query
from sfml.specs.families import FAMILIES
from sfml.sql import Kind
from sfml.tunnel.dial import proxy_for

MIN_PYTHON = (3, 11)
MOST_SKEW = 30.0
"""Seconds: key-pair logins and signed tokens begin to fail about there."""


MOST_SNAPSHOTS = 100
"""Of block volumes, in one account (documentation, "Block storage volumes")."""


class Health(Enum):
    """What a check found; the value is its sign."""

    GOOD = "ok"
    WARN = "??"
    BAD = "!!"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check: what it is about, what was found, and what to do."""

    about: str
    health: Health
    text: str
    remedy: str = ""


def machine(environ: Mapping[str, str], url: str | None = None) -> Iterator[Finding]:
    """What this machine lacks."""
    version = platform.python_version()
    yield _when(
        sys.version_info >= MIN_PYTHON,
        "Python",
        version,
        "sfml needs 3.11 or newer: make PYTHON=python3.12 install",
    )
    yield _program("ssh", ["ssh", "-V"], "install the OpenSSH client", Health.BAD)
    yield _program(
        "snow", ["snow", "--version"], "only its own commands need it: pip install snowflake-cli", Health.WARN
    )
    yield _engine()
    proxy = proxy_for(url or "https://example.snowflakecomputing.app", environ)
    shown = proc.redact(proxy) if proxy else "none"
    has_scheme = proxy is None or proxy.startswith("http://")
    yield _when(has_scheme, "proxy", shown, "set HTTPS_PROXY to http://host:port; other kinds are not spoken")


def _program(name: str, command: list[str], remedy: str, health: Health) -> Finding:
    try:
        done = proc.run(command, timeout=30)
    except SfmlError as error:
        return Finding(about=name, health=health, text=str(error), remedy=remedy)
    words = (done.stdout or done.stderr).strip().splitlines()
    return Finding(about=name, health=Health.GOOD, text=words[0] if words else "there")


def _engine() -> Finding:
    if shutil.which("docker") is None:
        text = "no docker; building images needs it, entering a box does not"
        return Finding(about="engine", health=Health.WARN, text=text)
    try:
        version = proc.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], timeout=20
        ).stdout.strip()
    except SfmlError as error:
        return Finding(
            about="engine", health=Health.WARN, text=str(error), remedy="start Docker to build images"
        )
    return Finding(about="engine", health=Health.GOOD, text=f"docker {version}")


def account_side(config: Config, query: Query, box: Box, *, now: Callable[[], datetime]) -> Iterator[Finding]:
    """What the account lacks for this box; the session is open."""
    for check in (_clock, _role, _default_role, _grants, _quota, _pool, _image, _box):
        try:
            yield from check(config, query, box, now)
        except (NotFoundError, RefusedError) as error:
            about = check.__name__.strip("_").replace("_", " ")
            yield Finding(about=about, health=Health.WARN, text=str(error), remedy=error.hint or "")


Now = Callable[[], datetime]


def _clock(_config: Config, query: Query, _box: Box, now: Now) -> Iterator[Finding]:
    row = query(sql.server_time())[0]
    skew = abs(float(row["SECONDS"]) - now().timestamp())
    yield _when(skew < MOST_SKEW, "clock", f"{skew:.0f} s from Snowflake's", "set this machine's clock")


def _role(config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    role = str(query(sql.current_role())[0]["NAME"])
    can_own = role not in account.NO_OWNERS
    remedy = f"sfml up works with {box.setup.role} in its place; or name another one: --role"
    text = f"{role}, of connection {config.connection}"
    yield Finding(
        about="role",
        health=Health.GOOD if can_own else Health.WARN,
        text=text if can_own else f"{text}: cannot own services",
        remedy="" if can_own else remedy,
    )


def _default_role(_config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    user = sql.Name((box.user,))
    default = sign_in.default_role(query, user)
    remedy = sign_in.remedy(default, user, box.setup.role)
    health = Health.WARN if remedy else Health.GOOD
    yield Finding(about="default role", health=health, text=default or "none set", remedy=remedy or "")


def _quota(_config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    """Nodes of the family, and snapshots: an account has a limit of each."""
    family = FAMILIES.get(box.setup.family)
    limit = family.node_limit if family else None
    pools = [
        row for row in query(sql.show(Kind.COMPUTE_POOL)) if row.get("instance_family") == box.setup.family
    ]
    nodes = sum(int(row.get(key) or 0) for row in pools for key in ("active_nodes", "idle_nodes"))
    own = sum(int(row.get("max_nodes") or 0) for row in pools if row.get("name") == box.setup.pool.last)
    has_room = limit is None or nodes < limit or own > 0
    yield _when(
        has_room,
        "quota",
        f"{nodes} of {limit or '?'} nodes of {box.setup.family} run",
        "stop what runs on them, choose another --family, or ask Snowflake's support for more",
    )
    snapshots = len(query(sql.show(Kind.SNAPSHOT)))
    yield Finding(
        about="snapshots",
        health=Health.GOOD if snapshots < MOST_SNAPSHOTS else Health.WARN,
        text=f"{snapshots} of {MOST_SNAPSHOTS}",
        remedy=""
        if snapshots < MOST_SNAPSHOTS
        else "without room sfml down cannot keep the home: drop old ones",
    )


def _grants(_config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    rows = query(sql.show_grants_to_role(box.setup.role))
    held = {str(row.get("privilege")) for row in rows if str(row.get("granted_on")).upper() == "ACCOUNT"}
    wanted = sql.Privilege.BIND_SERVICE_ENDPOINT
    yield _when(
        wanted in held,
        "grants",
        f"{box.setup.role} {'may' if wanted in held else 'may not'} open endpoints",
        f"an administrator can run: {sql.grant([wanted], None, None, role=box.setup.role)};",
    )


def _pool(_config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    row = _named(query, Kind.COMPUTE_POOL, box.setup.pool)
    if row is None:
        yield Finding(
            about="pool", health=Health.BAD, text=f"there is no {box.setup.pool}", remedy="sfml up makes it"
        )
        return
    nodes = f"{row.get('active_nodes')} of at most {row.get('max_nodes')} nodes"
    text = f"{row['name']} {row.get('state')} {row.get('instance_family')}, {nodes}"
    is_well = str(row.get("state")) not in ("STOPPING", "FAILED")
    yield _when(is_well, "pool", text, "sfml pool resume, or another pool: --pool")


def _image(_config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    found = image.find(box.image, query)
    if found.look is Look.UNSEEN:
        text = f"the repository of {box.image} cannot be seen"
        yield Finding(about="image", health=Health.WARN, text=text, remedy=found.remedy)
        return
    is_there = found.look is Look.FOUND
    remedy = f"{found.remedy}; or name another one: --image"
    yield _when(is_there, "image", found.path if is_there else found.absence, remedy)


def _box(_config: Config, query: Query, box: Box, _now: Now) -> Iterator[Finding]:
    try:
        found = state.read(query, box.service)
    except NotFoundError as error:
        yield Finding(about="box", health=Health.WARN, text=str(error), remedy="sfml up makes it")
        return
    yield _when(
        found.is_ready, "box", f"{found.status}: {found.awaited}", "sfml up starts it and waits; sfml status"
    )
    has_address = state.SSH in found.endpoints
    text = found.endpoints.get(state.SSH, "has no address yet")
    yield _when(has_address, "endpoint", text, "a new address takes some minutes")


def connection_failed(error: NoConnectionError) -> Finding:
    """The finding for a session that could not be opened."""
    return Finding(about="connection", health=Health.BAD, text=str(error), remedy=error.hint or "")


def _named(query: Query, kind: Kind, name: sql.Name) -> Mapping[str, Any] | None:
    return next((row for row in query(sql.show(kind, like=name.last)) if row.get("name") == name.last), None)


def _when(is_well: bool, about: str, text: str, remedy: str) -> Finding:
    health = Health.GOOD if is_well else Health.BAD
    return Finding(about=about, health=health, text=text, remedy="" if is_well else remedy)

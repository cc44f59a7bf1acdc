"""The account's one-time set-up: role, database, stage, image repository, pool, and their grants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sfml import sql
from sfml.errors import InputError
from sfml.specs.families import FAMILIES
from sfml.sql import Kind, Name, Privilege
from sfml.steps import Rows, State, Step, Verdict, named

NO_OWNERS = frozenset({"ACCOUNTADMIN", "ORGADMIN", "GLOBALORGADMIN", "SECURITYADMIN"})
"""ACCOUNTADMIN cannot own services (documentation, "Service network communications"); with it as
default role, the browser login of an endpoint ends in "invalid consent request" ("Troubleshooting")."""

_SYSTEM_POOLS = "SYSTEM_COMPUTE_POOL_"
DEFAULT_ROLE = "ML_DEV_ROLE"
DEFAULT_EVENT_TABLE = "snowflake.telemetry.events"


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the set-up creates; names are resolved, as SHOW prints them."""

    user: Name
    role: Name
    database: Name
    schema: Name
    stage: Name
    repository: Name | None  # None: ML Jobs only, on images that Snowflake brings along
    pool: Name
    family: str
    max_nodes: int = 1
    auto_suspend_secs: int = 300
    public_endpoints: bool = False


def resolve(
    *,
    user: str | Name,
    owner_role: str = DEFAULT_ROLE,
    database: str = "ML_DEV",
    schema: str = "PUBLIC",
    stage: str = "DEV_STAGE",
    repository: str | None = "IMAGES",
    pool: str = "ML_DEV_POOL",
    family: str = "CPU_X64_XS",
    max_nodes: int = 1,
    public_endpoints: bool = False,
) -> Setup:
    """The set-up for these names; :class:`InputError` for a role or pool that cannot serve."""
    refuse_owner_role(owner_role)
    refuse_system_pool(pool)
    if max_nodes < 1:
        raise InputError(f"max nodes must be 1 or more, not {max_nodes}")
    inside = sql.name(database, parts=1).child(schema)
    return Setup(
        user=sql.name(user, parts=1),
        role=sql.name(owner_role, parts=1),
        database=inside.parent,
        schema=inside,
        stage=inside.child(stage),
        repository=inside.child(repository) if repository else None,
        pool=sql.name(pool, parts=1),
        family=sql.name(family, parts=1).last,
        max_nodes=max_nodes,
        public_endpoints=public_endpoints,
    )


def refuse_owner_role(role: str) -> None:
    """:class:`InputError` for a role that cannot own services and jobs."""
    if sql.name(role, parts=1).last in NO_OWNERS:
        raise InputError(
            f"{role} cannot own services, and as a default role it breaks the browser login of endpoints",
            hint="work with a role of its own: sfml account setup creates one",
        )


def refuse_system_pool(pool: str) -> None:
    """:class:`InputError` for a pool that runs notebooks, model serving, Streamlit and ML Jobs only."""
    if sql.name(pool, parts=1).last.startswith(_SYSTEM_POOLS):
        raise InputError(
            f"{pool} is a system pool: it runs notebooks, model serving, Streamlit and ML Jobs, nothing else",
            hint="use a pool of your own: sfml account setup creates one",
        )


def plan(setup: Setup, *, comment: str | None = None) -> tuple[Step, ...]:
    """Every step of the set-up, in the order in which they can be done; ``comment``: on all that is made."""
    return (*_objects(setup, comment), *_grants(setup), _event_table(), *_login(setup))


def _objects(setup: Setup, comment: str | None) -> tuple[Step, ...]:
    s, inside = setup, setup.schema
    return (
        object_step(Kind.ROLE, s.role, sql.create_role(s.role, comment=comment)),
        Step(
            title=f"role {s.role} for user {s.user}",
            look=sql.show_grants_to_user(s.user),
            judge=_has_role(s.role),
            effect=(sql.grant_role(s.role, user=s.user),),
            undo=(sql.revoke_role(s.role, user=s.user),),
        ),
        object_step(Kind.DATABASE, s.database, sql.create_database(s.database, comment=comment)),
        object_step(Kind.SCHEMA, s.schema, sql.create_schema(s.schema, comment=comment), inside=s.database),
        object_step(
            Kind.STAGE,
            s.stage,
            sql.create_stage(s.stage, comment=comment),
            inside=inside,
            detail="encrypted server-side",
        ),
        *_repository(s, comment),
        pool_step(s, comment=comment),
    )


def object_step(kind: Kind, name: Name, create: str, *, inside: Name | None = None, detail: str = "") -> Step:
    """The step that creates one object, unless there is one of its name."""
    return Step(
        title=f"{kind.lower()} {name}",
        detail=detail,
        look=sql.show(kind, like=name.last, inside=inside),
        judge=named(name.last),
        effect=(create,),
        undo=(sql.drop(kind, name),),
    )


def _repository(setup: Setup, comment: str | None) -> tuple[Step, ...]:
    name = setup.repository
    if name is None:
        return ()
    create = sql.create_image_repository(name, comment=comment)
    return (object_step(Kind.IMAGE_REPOSITORY, name, create, inside=setup.schema),)


def pool_step(setup: Setup, *, comment: str | None = None) -> Step:
    """The step that creates the compute pool; another pool of the name is told and left as it is."""
    family = FAMILIES.get(setup.family)
    price = family.credits_per_hour if family else None
    cost = "price not published" if price is None else f"{price:g} credits/h per node while it runs"
    idle = setup.auto_suspend_secs // 60
    return Step(
        title=f"compute pool {setup.pool}",
        detail=f"{setup.family} 1..{setup.max_nodes}, suspends after {idle} min idle, {cost}",
        look=sql.show(Kind.COMPUTE_POOL, like=setup.pool.last),
        judge=_pool_judge(setup),
        effect=(
            sql.create_compute_pool(
                setup.pool,
                family=setup.family,
                max_nodes=setup.max_nodes,
                auto_suspend_secs=setup.auto_suspend_secs,
                comment=comment,
            ),
        ),
        undo=(sql.drop(Kind.COMPUTE_POOL, setup.pool),),
    )


def _pool_judge(setup: Setup) -> Callable[[Rows], Verdict]:
    wanted = {
        "instance_family": setup.family,
        "max_nodes": setup.max_nodes,
        "auto_suspend_secs": setup.auto_suspend_secs,
    }

    def judge(rows: Rows) -> Verdict:
        row = next((row for row in rows if row.get("name") == setup.pool.last), None)
        if row is None:
            return Verdict(state=State.ABSENT)
        other = [f"{key} is {row[key]}" for key, value in wanted.items() if str(row.get(key)) != str(value)]
        if not other:
            return Verdict(state=State.PRESENT)
        return Verdict(state=State.DIFFERS, note=f"left as it is: {', '.join(other)}")

    return judge


def _grants(setup: Setup) -> tuple[Step, ...]:
    s = setup
    wanted: list[tuple[Sequence[Privilege], Kind | None, Name | None]] = [
        ([Privilege.USAGE], Kind.DATABASE, s.database),
        # CREATE STAGE: an ML Job brings its files along on a stage of its own.
        ([Privilege.USAGE, Privilege.CREATE_SERVICE, Privilege.CREATE_STAGE], Kind.SCHEMA, s.schema),
        # No USAGE, which is for external stages; READ and WRITE are an internal stage's privileges.
        ([Privilege.READ, Privilege.WRITE], Kind.STAGE, s.stage),
        ([Privilege.USAGE, Privilege.MONITOR], Kind.COMPUTE_POOL, s.pool),
    ]
    if s.repository:
        wanted.append(([Privilege.READ, Privilege.WRITE], Kind.IMAGE_REPOSITORY, s.repository))
    if s.public_endpoints:
        wanted.append(([Privilege.BIND_SERVICE_ENDPOINT], None, None))
    return tuple(grant_step(s.role, *grant) for grant in wanted)


def grant_step(
    role: Name, privileges: Sequence[Privilege], kind: Kind | None = None, name: Name | None = None
) -> Step:
    """The step that grants privileges on one object, or on the account; an owner has them all."""
    where = f"{kind.lower()} {name}" if kind else "the account"
    return Step(
        title=f"{', '.join(privileges)} on {where} for {role}",
        look=sql.show_grants_to_role(role),
        judge=_granted(privileges, kind, name),
        effect=(sql.grant(privileges, kind, name, role=role),),
        undo=(sql.revoke(privileges, kind, name, role=role),),
    )


def _granted(privileges: Sequence[str], kind: Kind | None, name: Name | None) -> Callable[[Rows], Verdict]:
    def judge(rows: Rows) -> Verdict:
        on = [
            row
            for row in rows
            if _is_on(row.get("granted_on"), kind) and (name is None or row.get("name") in _spellings(name))
        ]
        have = {row.get("privilege") for row in on}
        complete = have >= set(privileges) or (kind is not None and "OWNERSHIP" in have)
        return Verdict(state=State.PRESENT if complete else State.ABSENT)

    return judge


def _is_on(granted_on: object, kind: Kind | None) -> bool:
    return str(granted_on).upper().replace("_", " ") == (kind or "ACCOUNT")


def _spellings(name: Name) -> tuple[str, str]:
    """A qualified name with quotes where SQL needs them, and without any."""
    return str(name), ".".join(name.parts)


def _has_role(role: Name) -> Callable[[Rows], Verdict]:
    def judge(rows: Rows) -> Verdict:
        # The role stands in a column of its own; some answers give it as the granted object instead.
        there = any(role.last in (row.get("role"), row.get("name")) for row in rows)
        return Verdict(state=State.PRESENT if there else State.ABSENT)

    return judge


def _event_table() -> Step:
    def judge(rows: Rows) -> Verdict:
        if not rows:
            return Verdict(state=State.NOTE, note="cannot be seen by this role; logs may be kept nowhere")
        return Verdict(state=State.PRESENT, note=str(rows[0].get("value") or DEFAULT_EVENT_TABLE))

    return Step(title="event table for logs", look=sql.show_account_parameter("EVENT_TABLE"), judge=judge)


def _login(setup: Setup) -> tuple[Step, ...]:
    if not setup.public_endpoints:
        return ()

    def judge(rows: Rows) -> Verdict:
        if not rows:
            return Verdict(state=State.NOTE, note="cannot be seen by this role; it must not be ACCOUNTADMIN")
        default = next((row.get("value") for row in rows if row.get("property") == "DEFAULT_ROLE"), None)
        if default not in NO_OWNERS:
            return Verdict(state=State.PRESENT, note=str(default or "none set"))
        advice = sql.alter_user_default_role(setup.user, setup.role)
        return Verdict(state=State.NOTE, note=f"{default} breaks the browser login of endpoints: {advice}")

    look = sql.describe(Kind.USER, setup.user)
    return (Step(title=f"default role of {setup.user}", look=look, judge=judge),)

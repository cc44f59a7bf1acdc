"""The account's set-up through the real connector: it looks, does what is missing, then stays quiet."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sfml import account, sql, steps
from sfml.account import Setup
from sfml.errors import RefusedError
from sfml.session.rows import Query, over
from sfml.specs import families
from sfml.specs.families import FAMILIES, Cloud
from sfml.steps import State

Connect = Callable[..., Any]


@pytest.fixture
def admin(connect: Connect) -> Query:
    return over(connect(database=None, schema=None, role="ACCOUNTADMIN"))


@pytest.fixture
def setup(admin: Query) -> Setup:
    """A set-up under names that nothing else has."""
    mark = uuid.uuid4().hex[:8].upper()
    [user] = admin(sql.current_user())
    return account.resolve(
        user=sql.Name((user["NAME"],)), owner_role=f"ROLE_{mark}", database=f"DB_{mark}",
        pool=f"POOL_{mark}", public_endpoints=True,
    )  # fmt: skip


def states(setup: Setup, query: Query) -> list[State]:
    return [finding.verdict.state for finding in steps.survey(account.plan(setup), query)]


def apply(setup: Setup, query: Query) -> tuple[str, ...]:
    done = steps.carry_out(steps.survey(account.plan(setup), query), query)
    return tuple(step.title for step in done)


def test_setup__looked_at_only__changes_nothing(setup: Setup, admin: Query) -> None:
    before = states(setup, admin)
    assert before[:7] == [State.ABSENT] * 7
    assert states(setup, admin) == before
    assert admin(sql.show(sql.Kind.DATABASE, like=setup.database.last)) == []


def test_setup__applied_twice__does_everything_once_and_then_nothing(setup: Setup, admin: Query) -> None:
    assert len(apply(setup, admin)) == len([s for s in account.plan(setup) if s.effect])
    assert State.ABSENT not in states(setup, admin)
    assert apply(setup, admin) == ()


def test_setup__applied__the_role_can_use_what_was_made(setup: Setup, admin: Query, connect: Connect) -> None:
    apply(setup, admin)
    mine = over(connect(role=setup.role.last, database=setup.database.last, schema=setup.schema.last))
    assert [row["name"] for row in mine(sql.show(sql.Kind.STAGE, inside=setup.schema))] == ["DEV_STAGE"]
    [pool] = mine(sql.show(sql.Kind.COMPUTE_POOL, like=setup.pool.last))
    assert (pool["state"], int(pool["auto_suspend_secs"]), int(pool["active_nodes"])) == ("SUSPENDED", 300, 0)
    assert mine(f"LIST @{setup.stage}") == []
    [images] = mine(sql.show(sql.Kind.IMAGE_REPOSITORY, inside=setup.schema))
    assert images["name"] == "IMAGES"
    assert images["repository_url"].endswith(f"/{setup.database.last.lower()}/public/images")


def test_setup__pool_is_there_with_another_family__is_left_as_it_is(setup: Setup, admin: Query) -> None:
    admin(sql.create_compute_pool(setup.pool, family="GPU_NV_S", max_nodes=2))
    findings = steps.survey(account.plan(setup), admin)
    [pool] = [f for f in findings if f.step.title.startswith("compute pool")]
    assert pool.verdict.state is State.DIFFERS
    assert pool.verdict.note == "left as it is: instance_family is GPU_NV_S, max_nodes is 2"
    apply(setup, admin)
    assert admin(sql.show(sql.Kind.COMPUTE_POOL, like=setup.pool.last))[0]["instance_family"] == "GPU_NV_S"


def test_setup__role_without_privileges__gives_the_sql_and_goes_on_after_an_administrator_ran_it(
    setup: Setup, admin: Query, connect: Connect
) -> None:
    weak = f"WEAK_{setup.role.last}"
    admin(sql.create_role(weak))
    admin(sql.grant_role(weak, user=setup.user))
    limited = over(connect(role=weak, database=None, schema=None))
    with pytest.raises(RefusedError) as caught:
        apply(setup, limited)
    assert "nsufficient privileges" in str(caught.value)
    script = (caught.value.hint or "").partition("\n")[2]
    assert script == steps.script(steps.missing(steps.survey(account.plan(setup), limited)))
    for line in script.splitlines():
        if not line.startswith("--"):
            admin(line.removesuffix(";"))
    assert State.ABSENT not in states(setup, admin)
    assert apply(setup, admin) == ()


def test_setup__undone__leaves_nothing(setup: Setup, admin: Query) -> None:
    apply(setup, admin)
    for step in reversed(account.plan(setup)):
        for statement in step.undo:
            admin(statement)
    assert states(setup, admin)[:7] == [State.ABSENT] * 7


def test_setup__quoted_names__work_like_others(setup: Setup, admin: Query) -> None:
    mark = setup.pool.last
    odd = account.resolve(
        user=setup.user,
        owner_role=f'"role {mark}; --"',
        database=f'"Größe ""{mark}"""',
        pool=mark,
        repository=None,
    )
    apply(odd, admin)
    assert apply(odd, admin) == ()


def test_instance_families__asked_of_the_server__are_those_that_we_know(admin: Query) -> None:
    found = families.from_rows(admin(sql.show_instance_families()), cloud=Cloud.AWS)
    assert {family.name for family in found} <= set(FAMILIES)
    [family] = [family for family in found if family.name == "GPU_NV_S"]
    assert (family.gpu_count, family.memory_gib) == (1, 28)

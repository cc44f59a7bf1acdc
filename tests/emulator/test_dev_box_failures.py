"""`sfml up` and `sfml down` broken off at each step, by two runs at once, and beside objects of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from box_account import BoxUser, Breaking, everything, is_effect
from local_backend import start
from sfml.errors import NoConnectionError, RefusedError
from sfml.remote import up as ups
from sfml.session.rows import Query, over

# One after the other: a statement that Snowflake refuses, one whose answer never came, a process that ended.
WAYS: tuple[tuple[Callable[[], BaseException], bool], ...] = (
    (lambda: RefusedError("Snowflake refused: Internal error"), False),
    (lambda: NoConnectionError("Snowflake cannot be reached"), True),
    (KeyboardInterrupt, True),
)
BROKEN = (RefusedError, NoConnectionError, KeyboardInterrupt)


@pytest.fixture(scope="module")
def query(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    """An administrator's session with a server of its own: here everything is removed again and again."""
    from snowflake.connector import connect

    server = start(tmp_path_factory.mktemp("backend") / "state")
    with closing(connect(**server.parameters(role="ACCOUNTADMIN"))) as connection:
        ask = over(connection)
        for statement in (
            "CREATE DATABASE OTHER",
            "CREATE STAGE OTHER.PUBLIC.DEV_STAGE",
            "CREATE COMPUTE POOL OTHER_POOL MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_XS",
            "CREATE ROLE OTHER_ROLE",
        ):
            ask(statement)
        yield ask
    assert server.stop() == 0


@pytest.fixture
def user(query: Query, tmp_path: Path) -> BoxUser:
    return BoxUser(query, tmp_path, role="ACCOUNTADMIN")


def effects(run: Callable[[Query], object], query: Query) -> int:
    """How many statements of a whole run change something."""
    sent: list[str] = []

    def counted(statement: str) -> object:
        sent.append(statement)
        return query(statement)

    run(counted)  # type: ignore[arg-type]
    return sum(is_effect(statement) for statement in sent)


def test_up__broken_off_at_each_step__the_next_run_completes_and_down_removes_all(
    query: Query, user: BoxUser
) -> None:
    before = everything(query)
    count = effects(user.up, query)
    assert count > 15
    assert user.is_complete(), user.look().text
    user.down()
    assert everything(query) == before
    for number in range(count):
        error, done = WAYS[number % len(WAYS)]
        broken = Breaking(query, number, error, done=done)
        with pytest.raises(BROKEN):
            user.up(broken)
        if number % 2:
            user.up()
            assert user.is_complete(), broken.failed
        user.down()
        assert everything(query) == before, broken.failed


def test_down__broken_off_at_each_step__the_next_one_removes_the_rest(query: Query, user: BoxUser) -> None:
    before = everything(query)
    user.up()
    count = effects(user.down, query)
    assert count > 5
    assert everything(query) == before
    for number in range(count):
        error, done = WAYS[number % len(WAYS)]
        user.up()
        broken = Breaking(query, number, error, done=done)
        with pytest.raises(BROKEN):
            user.down(broken)
        user.down()
        assert everything(query) == before, broken.failed
        assert user.down() == []


def test_up__another_run_was_faster__goes_on_with_what_that_one_made(query: Query, user: BoxUser) -> None:
    before = everything(query)
    planned = replace(user.look(), image=None)
    user.up()
    query("USE ROLE ACCOUNTADMIN")
    ups.carry_out(planned, ups.who(query), query, change=False, report=lambda _: None)
    assert user.is_complete()
    user.down()
    assert everything(query) == before


def test_down__another_run_was_faster__has_nothing_left_to_do(query: Query, user: BoxUser) -> None:
    before = everything(query)
    user.up()
    query("USE ROLE ACCOUNTADMIN")
    who, box = ups.who(query), user.box()
    planned = ups.look_back(box, who, query, data=False, home=True)
    user.down(data=False)
    query("USE ROLE ACCOUNTADMIN")
    ups.remove(box, planned, who, query, home=True)
    user.down()
    assert everything(query) == before


_RULE = "ML_DEV.PUBLIC.ML_DEV_EGRESS"
SAME_NAMES = (
    "CREATE DATABASE ML_DEV",
    "CREATE STAGE ML_DEV.PUBLIC.DEV_STAGE",
    "CREATE IMAGE REPOSITORY ML_DEV.PUBLIC.IMAGES",
    "CREATE COMPUTE POOL ML_DEV_POOL MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_XS",
    f"CREATE NETWORK RULE {_RULE} TYPE=HOST_PORT MODE=EGRESS VALUE_LIST=('pypi.org')",
    f"CREATE EXTERNAL ACCESS INTEGRATION ML_DEV_EGRESS ALLOWED_NETWORK_RULES=({_RULE}) ENABLED=TRUE",
    "CREATE ROLE ML_DEV_ROLE",
    "GRANT ROLE ML_DEV_ROLE TO USER LOCAL",
)
AWAY_AGAIN = (
    "DROP DATABASE ML_DEV", "DROP COMPUTE POOL ML_DEV_POOL", "DROP INTEGRATION ML_DEV_EGRESS",
    "DROP ROLE ML_DEV_ROLE",
)  # fmt: skip


def test_down__others_had_objects_of_the_same_names__takes_the_service_alone(
    query: Query, user: BoxUser
) -> None:
    for statement in SAME_NAMES:
        query(statement)
    before = everything(query)
    user.up()
    assert user.down() == [f"service {user.box().service}"]
    assert everything(query) == before
    for statement in AWAY_AGAIN:
        query(statement)


@pytest.mark.parametrize(
    "comment", ["mine now", "", '{"made_by": "sfml", "project": "ml_dev", "owner": "EVE"}']
)
def test_down__comment_changed_by_hand__leaves_that_object(query: Query, user: BoxUser, comment: str) -> None:
    before = everything(query)
    user.up()
    query("USE ROLE ACCOUNTADMIN")
    query(f"ALTER COMPUTE POOL ML_DEV_POOL SET COMMENT = '{comment}'")
    user.down()
    assert {(kind, name) for kind, _, _, name, _ in everything(query) - before} == {
        ("COMPUTE POOLS", "ML_DEV_POOL")
    }
    query("DROP COMPUTE POOL ML_DEV_POOL")


def test_down__another_project_of_the_user__stays_whole(query: Query, user: BoxUser, tmp_path: Path) -> None:
    before = everything(query)
    user.up()  # and with it the role, which the other project works with, too
    other = BoxUser(query, tmp_path, role="ACCOUNTADMIN", project="churn")
    other.up()
    gone = user.down()
    assert "database ML_DEV" in gone
    assert "role ML_DEV_ROLE" not in gone
    assert other.is_complete()
    other.down()
    user.down()
    assert everything(query) == before


def test_down__a_pool_and_a_stage_of_earlier_runs__go_by_their_mark(query: Query, user: BoxUser) -> None:
    before = everything(query)
    user.up(pool="FIRST_POOL", stage="FIRST_STAGE")
    user.down(data=False)
    user.up()
    user.down()
    assert everything(query) == before

"""Only what carries our mark is removed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sfml.errors import RefusedError
from sfml.remote import removal
from sfml.remote.box import Box, resolve
from sfml.remote.homes import Snapshot
from sfml.steps import Rows

BOX = resolve(user="ANA")
OURS = {"comment": BOX.mark()}


class Account:
    """Answers SHOW from a table of kind to rows, and notes what it is told to do."""

    def __init__(self, **rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.done: list[str] = []

    def __call__(self, statement: str) -> Rows:
        if not statement.startswith("SHOW "):
            self.done.append(statement)
            return ()
        words = statement.removeprefix("SHOW ").split(" LIKE ")[0].split(" IN ")[0]
        return self.rows.get(words.replace(" ", "_").lower(), [])


def everything(box: Box = BOX, **more: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        "services": [{"name": box.service.last, "compute_pool": box.setup.pool.last, **OURS}],
        "integrations": [{"name": box.integration.last, **OURS}],
        "network_rules": [{"name": box.rule.last, **OURS}],
        "compute_pools": [{"name": box.setup.pool.last, "num_services": 1, "num_jobs": 0, **OURS}],
        "stages": [{"name": box.setup.stage.last, **OURS}],
        "databases": [{"name": box.setup.database.last, **OURS}],
        "image_repositories": [{"name": box.setup.repository.last, **OURS}] if box.setup.repository else [],
        "roles": [{"name": box.setup.role.last, **OURS}],
        "schemas": [{"name": "PUBLIC"}, {"name": "INFORMATION_SCHEMA"}],
        **more,
    }


def run(account: Account, *, data: bool, home: bool = False) -> list[str]:
    removal.carry_out(removal.survey(BOX, account, data=data, home=home), account)
    return account.done


def test_down__all_ours__goes_in_order_and_leaves_the_data() -> None:
    assert run(Account(**everything()), data=False) == [
        "DROP SERVICE ML_DEV.PUBLIC.ML_DEV_BOX_ANA FORCE",
        "DROP INTEGRATION IF EXISTS ML_DEV_EGRESS",
        "DROP NETWORK RULE IF EXISTS ML_DEV.PUBLIC.ML_DEV_EGRESS",
        "DROP COMPUTE POOL IF EXISTS ML_DEV_POOL",
    ]


def test_down__with_data__takes_stage_and_database_too() -> None:
    assert run(Account(**everything()), data=True, home=True)[-4:] == [
        "DROP STAGE IF EXISTS ML_DEV.PUBLIC.DEV_STAGE",
        "DROP IMAGE REPOSITORY IF EXISTS ML_DEV.PUBLIC.IMAGES",
        "DROP DATABASE IF EXISTS ML_DEV",
        "DROP ROLE IF EXISTS ML_DEV_ROLE",
    ]


def test_down__with_data_and_without_deleting_the_home__keeps_the_database_for_its_snapshot() -> None:
    found = removal.survey(BOX, Account(**everything()), data=True)
    (database,) = [one for one in found if one.title.startswith("database")]
    assert database.statement is None
    assert "--delete-home" in database.reason
    assert {one.reason for one in found if one.title.startswith("service")} == {
        "its home is kept as a snapshot for 7 days"
    }


def test_down__homes_of_earlier_boxes__are_dropped_only_when_asked() -> None:
    home = Snapshot(
        name=BOX.setup.schema.child("SYS_BACKUP_ON_DELETE1"),
        state="CREATED",
        gibibytes=50,
        created=datetime(2026, 11, 20, tzinfo=UTC),
    )
    (kept,) = removal.survey(BOX, Account(), homes=[home])
    assert (kept.statement, kept.reason) == (None, "stays: --delete-home drops it")
    assert "kept until 2026-11-27" in kept.text
    (gone,) = removal.survey(BOX, Account(), home=True, homes=[home])
    assert gone.statement == "DROP SNAPSHOT IF EXISTS ML_DEV.PUBLIC.SYS_BACKUP_ON_DELETE1"


def test_down__role_that_others_have__stays() -> None:
    grants = [{"grantee_name": "ANA"}, {"grantee_name": "EVE"}]
    found = removal.survey(BOX, Account(**everything(grants_of_role_ml_dev_role=grants)), data=True)
    (role,) = [one for one in found if one.title.startswith("role")]
    assert (role.statement, role.reason) == (None, "stays: EVE has it, too")


def test_down__foreign_objects_of_our_names__stay() -> None:
    foreign = {"comment": '{"made_by": "sfml", "project": "ml_dev", "owner": "EVE"}'}
    account = Account(**{kind: [{**row, **foreign} for row in rows] for kind, rows in everything().items()})
    assert run(account, data=True) == []


def test_down__something_foreign_in_the_database__stays_with_the_reason() -> None:
    account = Account(**everything(tables=[{"name": "SALES", "schema_name": "PUBLIC"}]))
    *_, database, _role = removal.survey(BOX, account, data=True, home=True)
    assert database.statement is None
    assert "table SALES" in database.reason


def test_down__foreign_schema__keeps_the_database() -> None:
    account = Account(**everything(schemas=[{"name": "PUBLIC"}, {"name": "REPORTS"}]))
    *_, database, _role = removal.survey(BOX, account, data=True, home=True)
    assert "schema REPORTS" in database.reason


def test_down__pool_runs_more_than_the_box__stays() -> None:
    pool = {"name": BOX.setup.pool.last, "num_services": 2, "num_jobs": 0, **OURS}
    done = run(Account(**everything(compute_pools=[pool])), data=False)
    assert not any("COMPUTE POOL" in statement for statement in done)


def test_down__nothing_there__does_nothing() -> None:
    assert run(Account(), data=True) == []


def test_down__one_may_not_be_removed__prints_the_rest() -> None:
    account = Account(**everything())

    def query(statement: str) -> Rows:
        if statement.startswith("DROP INTEGRATION"):
            raise RefusedError("Insufficient privileges")
        return account(statement)

    with pytest.raises(RefusedError) as error:
        removal.carry_out(removal.survey(BOX, query, data=False), query)
    assert str(error.value.hint).splitlines()[1:] == [
        "DROP INTEGRATION IF EXISTS ML_DEV_EGRESS;",
        "DROP NETWORK RULE IF EXISTS ML_DEV.PUBLIC.ML_DEV_EGRESS;",
        "DROP COMPUTE POOL IF EXISTS ML_DEV_POOL;",
    ]

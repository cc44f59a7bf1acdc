"""Only what carries our mark is removed."""

from __future__ import annotations

from typing import Any

import pytest

from sfml.errors import RefusedError
from sfml.remote import removal
from sfml.remote.box import Box, resolve
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
        "services": [{"name": box.service.last, **OURS}],
        "integrations": [{"name": box.integration.last, **OURS}],
        "network_rules": [{"name": box.rule.last, **OURS}],
        "compute_pools": [{"name": box.setup.pool.last, "num_services": 1, "num_jobs": 0, **OURS}],
        "stages": [{"name": box.setup.stage.last, **OURS}],
        "databases": [{"name": box.setup.database.last, **OURS}],
        "schemas": [{"name": "PUBLIC"}, {"name": "INFORMATION_SCHEMA"}],
        **more,
    }


def run(account: Account, *, data: bool) -> list[str]:
    removal.carry_out(removal.survey(BOX, account, data=data), account)
    return account.done


def test_down__all_ours__goes_in_order_and_leaves_the_data() -> None:
    assert run(Account(**everything()), data=False) == [
        "DROP SERVICE ML_DEV.PUBLIC.ML_DEV_BOX_ANA FORCE",
        "DROP INTEGRATION IF EXISTS ML_DEV_EGRESS",
        "DROP NETWORK RULE IF EXISTS ML_DEV.PUBLIC.ML_DEV_EGRESS",
        "DROP COMPUTE POOL IF EXISTS ML_DEV_POOL",
    ]


def test_down__with_data__takes_stage_and_database_too() -> None:
    assert run(Account(**everything()), data=True)[-2:] == [
        "DROP STAGE IF EXISTS ML_DEV.PUBLIC.DEV_STAGE",
        "DROP DATABASE IF EXISTS ML_DEV",
    ]


def test_down__foreign_objects_of_our_names__stay() -> None:
    foreign = {"comment": '{"made_by": "sfml", "project": "ml_dev", "owner": "EVE"}'}
    account = Account(**{kind: [{**row, **foreign} for row in rows] for kind, rows in everything().items()})
    assert run(account, data=True) == []


def test_down__something_foreign_in_the_database__stays_with_the_reason() -> None:
    account = Account(**everything(tables=[{"name": "SALES", "schema_name": "PUBLIC"}]))
    *_, database = removal.survey(BOX, account, data=True)
    assert database.statement is None
    assert "table SALES" in database.reason


def test_down__foreign_schema__keeps_the_database() -> None:
    account = Account(**everything(schemas=[{"name": "PUBLIC"}, {"name": "REPORTS"}]))
    *_, database = removal.survey(BOX, account, data=True)
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

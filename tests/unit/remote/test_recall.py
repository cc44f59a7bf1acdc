"""What a user does not name stays as the box has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfml.errors import InputError, NotFoundError
from sfml.remote import plan as plans
from sfml.remote.box import Box, resolve
from sfml.remote.recall import box_as_it_is
from sfml.steps import Rows

SPECS = Path(__file__).parents[3] / "specs"
WHO = {"user": "ANA", "project": "ml_dev", "role": "ML_DEV_ROLE"}
MADE: dict[str, Any] = {
    "image": "dev:1.4", "home_size": "80Gi", "stage": "FILES", "idle_minutes": 45.0, "pool": "BIG",
    "family": "GPU_NV_S", "egress": "pypi.org,files.example.org:8443",
}  # fmt: skip


class Account:
    """One box with its pool and network rule, as SHOW and DESCRIBE tell of them."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.pools = {box.setup.pool.last: box.setup.family}
        spec = plans.specification(box, public_key="ssh-ed25519 A", library=SPECS)
        access = json.dumps(plans.integrations(box)) if box.has_integration else None
        self.service: dict[str, Any] = {
            "database_name": "ML_DEV", "schema_name": "PUBLIC", "name": box.service.last, "status": "RUNNING",
            "compute_pool": box.setup.pool.last, "current_instances": 1, "target_instances": 1, "owner": "R",
            "created_on": "", "external_access_integrations": access, "comment": box.mark(),
            "dns_name": "", "spec": json.dumps(spec),
        }  # fmt: skip

    def __call__(self, statement: str) -> Rows:
        if statement.startswith("DESCRIBE SERVICE"):
            return [self.service]
        if statement.startswith("SHOW COMPUTE POOLS"):
            return [{"name": name, "instance_family": family} for name, family in self.pools.items()]
        if statement.startswith("DESCRIBE NETWORK RULE"):
            return [{"value_list": ", ".join(self.box.egress)}]
        raise NotFoundError(statement)


def test_box_as_it_is__nothing_named__is_the_box_that_there_is() -> None:
    made = resolve(**WHO, **MADE)
    assert box_as_it_is(Account(made), **WHO) == made


@pytest.mark.parametrize(
    "named",
    [
        {"image": "dev:2"}, {"home_size": "90Gi"}, {"stage": "OTHER"}, {"idle_minutes": 0.0},
        {"egress": "none"}, {"egress": "editors"}, {"eai": "MINE"}, {"pool": "NEW", "family": "CPU_X64_S"},
    ],
)  # fmt: skip
def test_box_as_it_is__one_thing_named__differs_in_that_alone(named: dict[str, Any]) -> None:
    account = Account(resolve(**WHO, **MADE))
    rest = {name: value for name, value in MADE.items() if name != "egress" or "eai" not in named}
    assert box_as_it_is(account, **WHO, **named) == resolve(**WHO, **{**rest, **named})


@pytest.mark.parametrize("access", [{"egress": "none"}, {"eai": "MINE"}, {"egress": "all"}])
def test_box_as_it_is__its_access__stays(access: dict[str, str]) -> None:
    made = resolve(**WHO, **access)
    assert box_as_it_is(Account(made), **WHO) == made


def test_box_as_it_is__somebody_else_s_service__takes_the_defaults() -> None:
    account = Account(resolve(**WHO, **MADE))
    account.service["comment"] = "hand-made"
    assert box_as_it_is(account, **WHO) == resolve(**WHO)


def test_box_as_it_is__pool_of_another_family__is_followed_or_refused() -> None:
    account = Account(resolve(**WHO, family="CPU_X64_S"))
    assert box_as_it_is(account, **WHO).setup.family == "CPU_X64_S"
    with pytest.raises(InputError, match="CPU_X64_S, and that cannot be changed to GPU_NV_S") as told:
        box_as_it_is(account, **WHO, family="GPU_NV_S")
    assert "--pool NAME" in str(told.value.hint)


def test_box_as_it_is__only_its_home_is_left__is_as_large_as_that() -> None:
    box = resolve(**WHO)
    row = {
        "name": "SYS_BACKUP_ON_DELETE1", "service_name": box.service.last, "volume_name": "home",
        "state": "CREATED", "size": 80, "created_on": datetime(2026, 11, 20, tzinfo=UTC),
    }  # fmt: skip

    def account(statement: str) -> Rows:
        if statement.startswith("SHOW SNAPSHOTS"):
            return [row]
        if statement.startswith("SHOW COMPUTE POOLS"):
            return []
        raise NotFoundError(statement)

    assert box_as_it_is(account, **WHO).home_size == "80Gi"
    assert box_as_it_is(account, **WHO, home_size="90Gi").home_size == "90Gi"

"""The doctor's checks: each finds its fault, and says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sfml.config import Config
from sfml.errors import NoConnectionError, NotFoundError, RefusedError
from sfml.remote import doctor
from sfml.remote.box import resolve
from sfml.remote.health import Finding, Health
from sfml.steps import Rows

NOW = 1_800_000_000
BOX = resolve(user="ANA")
CONFIG = Config(connection="dev", compute_pool="P", stage="S", user="ANA", state=Path("/p/.sfml"))

WELL: dict[str, list[dict[str, Any]]] = {
    "SELECT DATE_PART": [{"SECONDS": NOW + 2}],
    "SELECT CURRENT_ROLE": [{"NAME": "ML_DEV_ROLE"}],
    "SHOW GRANTS": [
        {"privilege": "BIND SERVICE ENDPOINT", "granted_on": "ACCOUNT"},
        {"privilege": "OWNERSHIP", "granted_on": "COMPUTE_POOL", "name": "ML_DEV_POOL"},
    ],
    "SHOW COMPUTE POOLS": [{"name": "ML_DEV_POOL", "state": "IDLE"}],
    "SHOW IMAGES": [{"image_name": "dev", "tags": "c0", "digest": "sha256:1", "created_on": 1}],
    "DESCRIBE USER": [{"property": "DEFAULT_ROLE", "value": "ML_DEV_ROLE"}],
    "SHOW SNAPSHOTS": [],
    "SHOW DATABASES": [],
    "SHOW SCHEMAS": [],
    "SHOW STAGES": [],
    "SHOW SERVICES": [{"name": "ML_DEV_BOX_ANA", "status": "RUNNING"}],
    "SHOW ENDPOINTS": [{"name": "ssh", "ingress_url": "a.snowflakecomputing.app"}],
    "SHOW SERVICE CONTAINERS": [
        {
            "container_name": "main", "instance_id": "0", "status": "READY", "message": "", "image_name": "",
            "restart_count": 0, "last_exit_code": None,
        }
    ],
}  # fmt: skip


def examine(*, door: tuple[int, str] | Exception = (200, "key"), **changes: Any) -> dict[str, Finding]:
    answers = {**WELL, **changes}

    def query(statement: str) -> Rows:
        start = max((key for key in answers if statement.startswith(key)), key=len)
        rows = answers[start]
        if isinstance(rows, Exception):
            raise rows
        return rows

    def knock(_: Any) -> tuple[int, str]:
        if isinstance(door, Exception):
            raise door
        return door

    now = datetime.fromtimestamp(NOW, UTC)
    found = doctor.account_side(CONFIG, query, BOX, now=lambda: now, knock=knock)
    return {one.about: one for one in found}


def test_doctor__all_well__finds_nothing() -> None:
    found = examine()
    assert {one.health for one in found.values()} == {Health.GOOD}
    assert set(found) == {
        "clock", "role", "default role", "grants", "quota", "snapshots", "pool", "image", "box", "endpoint",
    }  # fmt: skip


def test_doctor__default_role_of_an_administrator__is_warned_of_with_the_sql() -> None:
    found = examine(**{"DESCRIBE USER": [{"property": "DEFAULT_ROLE", "value": "ACCOUNTADMIN"}]})
    assert found["default role"].health is Health.WARN
    assert "ALTER USER ANA SET DEFAULT_ROLE = ML_DEV_ROLE;" in found["default role"].remedy


def test_doctor__no_node_left__says_so_unless_the_pool_has_its_own() -> None:
    other = {"name": "OTHER", "instance_family": "CPU_X64_M", "active_nodes": 400, "idle_nodes": 100}
    found = examine(**{"SHOW COMPUTE POOLS": [other]})["quota"]
    assert (found.health, found.text) == (Health.BAD, "500 of 500 nodes of CPU_X64_M run")
    own = {"name": "ML_DEV_POOL", "instance_family": "CPU_X64_M", "state": "ACTIVE", "max_nodes": 1}
    assert examine(**{"SHOW COMPUTE POOLS": [other, own]})["quota"].health is Health.GOOD


def test_doctor__no_room_for_a_snapshot__is_told() -> None:
    found = examine(**{"SHOW SNAPSHOTS": [{"name": f"S{number}"} for number in range(100)]})
    assert found["snapshots"].health is Health.WARN


@pytest.mark.parametrize(
    ("change", "about", "remedy"),
    [
        ({"SHOW GRANTS": []}, "grants", "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE ML_DEV_ROLE;"),
        ({"SHOW COMPUTE POOLS": [{"name": "ML_DEV_POOL", "state": "FAILED"}]}, "pool", "another pool"),
        (
            {"SHOW SERVICES": [{"name": "ML_DEV_BOX_ANA", "status": "PENDING"}]},
            "box",
            "a node of ML_DEV_POOL",
        ),
        ({"SHOW IMAGES": []}, "image", "sfml image push"),
        ({"SHOW SERVICES": [{"name": "ML_DEV_BOX_ANA", "status": "SUSPENDED"}]}, "box", "sfml up"),
        ({"SHOW ENDPOINTS": []}, "endpoint", "some minutes"),
    ],
)
def test_doctor__one_fault__is_found_with_its_remedy(change: dict[str, Any], about: str, remedy: str) -> None:
    finding = examine(**change)[about]
    assert finding.health is Health.BAD
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("change", "about"),
    [({"SHOW COMPUTE POOLS": []}, "pool"), ({"SHOW SERVICES": []}, "box"),
     ({"SHOW SERVICES": NotFoundError("no schema")}, "box"), ({"SHOW IMAGES": RefusedError("no")}, "image"),
     ({"SHOW GRANTS": NotFoundError("no role")}, "grants")],
)  # fmt: skip
def test_doctor__not_made_yet__is_worth_a_look_and_names_sfml_up(change: dict[str, Any], about: str) -> None:
    finding = examine(**change)[about]
    assert finding.health is Health.WARN
    assert "sfml " in finding.remedy


def test_doctor__objects_that_the_role_may_not_use__are_listed_as_sql() -> None:
    held = [
        {"privilege": "BIND SERVICE ENDPOINT", "granted_on": "ACCOUNT"},
        {"privilege": "OWNERSHIP", "granted_on": "DATABASE", "name": "ML_DEV"},
    ]
    there = {"SHOW DATABASES": [{"name": "ML_DEV"}], "SHOW SCHEMAS": [{"name": "PUBLIC"}], "SHOW STAGES": []}
    finding = examine(**{**there, "SHOW GRANTS": held})["privileges"]
    assert finding.health is Health.WARN
    assert "ON COMPUTE POOL ML_DEV_POOL TO ROLE ML_DEV_ROLE;" in finding.remedy
    assert "CREATE SERVICE" in finding.remedy
    assert "ON DATABASE" not in finding.remedy
    assert "ON STAGE" not in finding.remedy


@pytest.mark.parametrize(
    ("door", "health", "remedy"),
    [
        ((302, ""), Health.BAD, "renew it"),
        ((401, "expired"), Health.BAD, "network policy"),
        ((403, "could not find service"), Health.BAD, "ML_DEV_ROLE"),
        ((404, ""), Health.BAD, "GRANT BIND SERVICE ENDPOINT"),
        ((503, "no service hosts found"), Health.WARN, "try again"),
        (ConnectionRefusedError("refused"), Health.BAD, "firewall"),
        (NoConnectionError("no key any more", hint="sfml up notes it"), Health.BAD, "sfml up notes it"),
    ],
)
def test_doctor__door_does_not_open__says_why(
    door: tuple[int, str] | Exception, health: Health, remedy: str
) -> None:
    finding = examine(door=door)["endpoint"]
    assert finding.health is health
    assert remedy in finding.remedy


def test_doctor__clock_is_wrong__says_by_how_much() -> None:
    found = examine(**{"SELECT DATE_PART": [{"SECONDS": NOW - 90}]})["clock"]
    assert (found.health, found.text) == (Health.BAD, "90 s from Snowflake's")


def test_doctor__role_may_not_look__goes_on() -> None:
    found = examine(**{"SHOW GRANTS": RefusedError("no")})
    assert found["grants"].health is Health.WARN
    assert found["endpoint"].health is Health.GOOD

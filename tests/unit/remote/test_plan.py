"""The plan of a box is this SQL, and what is there is left as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfml import steps
from sfml.errors import InputError
from sfml.remote import plan as plans
from sfml.remote.box import Box, resolve
from sfml.steps import Rows, State

SPECS = Path(__file__).parents[3] / "specs"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLE"


def box(**options: Any) -> Box:
    return resolve(**{"user": "ANA", "egress": "packages", **options})


def spec(wanted: Box) -> Any:
    return plans.specification(wanted, public_key=KEY, library=SPECS)


def script(wanted: Box) -> list[str]:
    text = steps.script([*plans.infrastructure(wanted), plans.service_step(wanted, spec(wanted))])
    return [line for line in text.splitlines() if not line.startswith("--")]


def test_plan__a_box__is_this_sql() -> None:
    mark = """COMMENT = '{"made_by": "sfml", "project": "ml_dev", "owner": "ANA"}'"""
    *before, service = script(box())
    pool, database, schema, stage, repository, rule, seen, integration, usage, bind = before
    assert pool.startswith("CREATE COMPUTE POOL IF NOT EXISTS ML_DEV_POOL MIN_NODES = 1 MAX_NODES = 1 ")
    assert pool.endswith(f"INITIALLY_SUSPENDED = TRUE AUTO_SUSPEND_SECS = 300 {mark};")
    assert database == f"CREATE DATABASE IF NOT EXISTS ML_DEV {mark};"
    assert schema == f"CREATE SCHEMA IF NOT EXISTS ML_DEV.PUBLIC {mark};"
    assert stage.startswith("CREATE STAGE IF NOT EXISTS ML_DEV.PUBLIC.DEV_STAGE ")
    assert repository == f"CREATE IMAGE REPOSITORY IF NOT EXISTS ML_DEV.PUBLIC.IMAGES {mark};"
    assert rule == (
        "CREATE NETWORK RULE IF NOT EXISTS ML_DEV.PUBLIC.ML_DEV_EGRESS TYPE = HOST_PORT "
        f"VALUE_LIST = ('pypi.org', 'files.pythonhosted.org') MODE = EGRESS {mark};"
    )
    assert integration == (
        "CREATE EXTERNAL ACCESS INTEGRATION IF NOT EXISTS ML_DEV_EGRESS "
        f"ALLOWED_NETWORK_RULES = (ML_DEV.PUBLIC.ML_DEV_EGRESS) ENABLED = TRUE {mark};"
    )
    assert seen == "GRANT USAGE ON NETWORK RULE ML_DEV.PUBLIC.ML_DEV_EGRESS TO ROLE ML_DEV_ROLE;"
    assert usage == "GRANT USAGE ON INTEGRATION ML_DEV_EGRESS TO ROLE ML_DEV_ROLE;"
    assert bind == "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE ML_DEV_ROLE;"
    assert service.startswith("CREATE SERVICE ML_DEV.PUBLIC.ML_DEV_BOX_ANA IN COMPUTE POOL ML_DEV_POOL")
    assert " EXTERNAL_ACCESS_INTEGRATIONS = (ML_DEV_EGRESS) AUTO_RESUME = FALSE MIN_INSTANCES = 1 " in service


def test_specification__a_gpu_box__has_home_stage_memory_key_owner_and_gpu() -> None:
    found = spec(box(family="GPU_NV_S", home_size="80Gi"))["spec"]
    (container,) = found["containers"]
    assert container["image"] == "/ml_dev/public/images/dev"
    assert container["env"]["SSH_PUBLIC_KEY"] == KEY
    assert container["env"]["SFML_BOX_OWNER"] == "ANA"
    assert container["resources"]["requests"]["nvidia.com/gpu"] == 1
    volumes = {volume["name"]: volume for volume in found["volumes"]}
    assert volumes["home"]["size"] == "80Gi"
    assert volumes["stage"]["stageConfig"] == {"name": "@ML_DEV.PUBLIC.DEV_STAGE"}
    assert volumes["dev-shm"]["source"] == "memory"
    assert {endpoint["name"] for endpoint in found["endpoints"]} == {"ssh", "code", "jupyter"}


@pytest.mark.parametrize(("egress", "words"), [("none", False), ("all", True)])
def test_plan__egress__decides_rule_and_integration(egress: str, words: bool) -> None:
    text = "\n".join(script(box(egress=egress)))
    assert ("NETWORK RULE" in text) is words
    assert ("EXTERNAL_ACCESS_INTEGRATIONS" in text) is words
    assert ("'0.0.0.0:443', '0.0.0.0:80'" in text) is words


def test_plan__image_of_another_repository__makes_no_repository() -> None:
    assert "IMAGE REPOSITORY" not in "\n".join(script(box(image="/other/public/images/dev:2")))


def test_plan__own_integration__is_used_and_none_is_made() -> None:
    text = "\n".join(script(box(eai="MY_ACCESS")))
    assert "NETWORK RULE" not in text
    assert "EXTERNAL_ACCESS_INTEGRATIONS = (MY_ACCESS)" in text


def test_plan__no_privilege_for_the_integration__prints_the_rest_for_an_administrator() -> None:
    sent: list[str] = []

    def query(statement: str) -> Rows:
        sent.append(statement)
        if statement.startswith("CREATE EXTERNAL"):
            raise steps.PrivilegeError("no")
        return ()

    findings = steps.survey(plans.infrastructure(box()), query)
    with pytest.raises(steps.RefusedError) as error:
        steps.carry_out(findings, query)
    hint = str(error.value.hint)
    assert "CREATE EXTERNAL ACCESS INTEGRATION IF NOT EXISTS ML_DEV_EGRESS" in hint
    assert "GRANT USAGE ON INTEGRATION ML_DEV_EGRESS TO ROLE ML_DEV_ROLE" in hint
    assert "CREATE NETWORK RULE" not in hint  # that was done


def test_service__refused__asks_an_administrator_for_all_that_creating_it_needs() -> None:
    step = plans.service_step(box(), spec(box()))
    assert [grant.removesuffix(" TO ROLE ML_DEV_ROLE") for grant in step.by_administrator] == [
        "GRANT USAGE, MONITOR ON COMPUTE POOL ML_DEV_POOL",
        "GRANT USAGE ON DATABASE ML_DEV",
        "GRANT USAGE, CREATE SERVICE, CREATE STAGE ON SCHEMA ML_DEV.PUBLIC",
        "GRANT READ, WRITE ON STAGE ML_DEV.PUBLIC.DEV_STAGE",
        "GRANT READ ON IMAGE REPOSITORY ML_DEV.PUBLIC.IMAGES",
        "GRANT USAGE ON INTEGRATION ML_DEV_EGRESS",
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT",
    ]


def test_plan__by_an_administrator__makes_the_role_with_its_grants_too() -> None:
    text = steps.script(plans.by_administrator(box()))
    for expected in (
        "CREATE ROLE IF NOT EXISTS ML_DEV_ROLE COMMENT = ",
        "GRANT USAGE, CREATE SERVICE, CREATE STAGE ON SCHEMA ML_DEV.PUBLIC TO ROLE ML_DEV_ROLE;",
        "GRANT BIND SERVICE ENDPOINT ON ACCOUNT TO ROLE ML_DEV_ROLE;",
        "CREATE NETWORK RULE IF NOT EXISTS ML_DEV.PUBLIC.ML_DEV_EGRESS",
        "GRANT USAGE ON INTEGRATION ML_DEV_EGRESS TO ROLE ML_DEV_ROLE;",
    ):
        assert expected in text
    assert "CREATE SERVICE ML_DEV" not in text  # ACCOUNTADMIN cannot own one


def found(wanted: Box, row: dict[str, Any] | None) -> steps.Verdict:
    step = plans.service_step(wanted, spec(wanted))
    return step.judge([row] if row else [])


def row(**mark: str) -> dict[str, Any]:
    comment = json.dumps({"made_by": "sfml", "project": "ml_dev", "owner": "ANA", **mark})
    return {"name": "ML_DEV_BOX_ANA", "status": "SUSPENDED", "comment": comment}


def test_service__absent_same_changed_and_foreign__are_told_apart() -> None:
    wanted = box()
    digest = plans.spec_digest(spec(wanted))
    assert found(wanted, None).state is State.ABSENT
    assert found(wanted, row(spec=digest)).state is State.PRESENT
    assert found(wanted, row(spec=digest)).note == "suspended"
    assert found(wanted, row(spec="another")).state is State.DIFFERS
    assert found(wanted, row(owner="EVE")).state is State.NOTE
    assert found(wanted, {**row(), "comment": "hand-made"}).state is State.NOTE


def test_change__new_specification__alters_service_and_mark() -> None:
    wanted = box(image="dev:2")
    alter, access, mark = plans.amendment(wanted, spec(wanted), {})
    assert access.endswith(" SET EXTERNAL_ACCESS_INTEGRATIONS = (ML_DEV_EGRESS)")
    assert alter.startswith("ALTER SERVICE ML_DEV.PUBLIC.ML_DEV_BOX_ANA FROM SPECIFICATION $$")
    assert plans.spec_digest(spec(wanted)) in mark


@pytest.mark.parametrize(
    "options",
    [
        {"project": "a b"},
        {"project": "x; DROP"},
        {"family": "CPU_X64_N"},
        {"home_size": "50"},
        {"egress": "nowhere"},
        {"role": "ACCOUNTADMIN"},
        {"pool": "SYSTEM_COMPUTE_POOL_CPU"},
    ],
)
def test_resolve__what_cannot_be__is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        box(**options)


def test_resolve__project_with_a_dash__has_fitting_names() -> None:
    wanted = box(project="churn-2", user="ana.b@corp.com")
    assert wanted.host == "sfml-churn-2"
    assert str(wanted.service) == "CHURN_2.PUBLIC.CHURN_2_BOX_ANA_B_CORP_COM"

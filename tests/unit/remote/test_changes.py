"""A box that there is, beside the one that is asked for."""

from __future__ import annotations

import json
from typing import Any

from sfml.remote import changes
from sfml.remote import plan as plans
from sfml.services.manage import Service

THERE: dict[str, Any] = {
    "spec": {
        "containers": [
            {
                "name": "main",
                "image": "acme-ml.registry.snowflakecomputing.com/db/public/images/dev:1",
                "env": {"SFML_BOX_IDLE_MINUTES": "20", "OLD": "1", "SSH_PUBLIC_KEY": "ssh-ed25519 A"},
                "resources": {"requests": {"memory": "24Gi"}},
                "readinessProbe": {"port": 8022, "periodSeconds": 5},
            }
        ],
        "endpoints": [{"name": "ssh", "port": 8022, "public": True}, {"name": "more", "port": 1}],
        "volumes": [{"name": "home", "source": "block", "size": "50Gi"}],
    }
}


def wanted(**volume: Any) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(json.dumps(THERE))
    (container,) = spec["spec"]["containers"]
    container["image"] = "/db/public/images/dev:1"
    del container["readinessProbe"]["periodSeconds"]  # Snowflake filled it in
    spec["spec"]["volumes"][0].update(volume)
    return spec


def texts(spec: dict[str, Any]) -> list[str]:
    return [change.text for change in changes.of_specification(THERE, spec)]


def test_changes__the_same_but_for_defaults__are_none() -> None:
    assert texts(wanted()) == []
    assert texts(wanted(blockConfig={"initialContents": {"fromSnapshot": "S"}})) == []


def test_changes__in_place__are_told_with_both_values() -> None:
    spec = wanted()
    (container,) = spec["spec"]["containers"]
    container["image"] = "/db/public/images/dev:2"
    container["env"] = {"SFML_BOX_IDLE_MINUTES": "30", "NEW": 2, "SSH_PUBLIC_KEY": "ssh-ed25519 B"}
    del spec["spec"]["endpoints"][1]
    assert texts(spec) == [
        "containers[main].env.NEW: - -> 2",
        "containers[main].env.OLD: 1 -> -",
        "containers[main].env.SFML_BOX_IDLE_MINUTES: 20 -> 30",
        "containers[main].env.SSH_PUBLIC_KEY: another key",
        "containers[main].image: /db/public/images/dev:1 -> /db/public/images/dev:2",
        "endpoints[more]: there -> -",
    ]


def test_changes__of_a_block_volume__need_a_new_box() -> None:
    (change,) = changes.of_specification(THERE, wanted(size="80Gi"))
    assert not change.in_place
    assert change.text == "volumes[home].size: 50Gi -> 80Gi   (needs a new box; its home is kept)"


def service(**more: Any) -> Service:
    given = {"name": "S", "kind": "service", "status": "RUNNING", "compute_pool": "P", "instances": 1}
    return Service(
        **{**given, "target_instances": 1, "owner": "R", "created": "", "integrations": ("A",), **more}
    )


def test_properties__pool_and_integrations__differ() -> None:
    assert [*changes.of_properties(service(), pool="P", integrations=["A"])] == []
    pool, access = changes.of_properties(service(), pool="Q", integrations=[])
    assert (pool.text, pool.in_place) == ("compute pool: P -> Q   (needs a new box; its home is kept)", False)
    assert (access.text, access.in_place) == ("external access: A -> -", True)


def test_home_of__a_restored_box__is_handed_on_when_it_is_altered() -> None:
    begun = {"initialContents": {"fromSnapshot": "DB.PUBLIC.S"}}
    there = wanted(blockConfig=begun)
    altered = plans.with_home_of(wanted(), there)
    assert altered["spec"]["volumes"][0]["blockConfig"] == begun
    assert plans.spec_digest(altered) == plans.spec_digest(wanted())

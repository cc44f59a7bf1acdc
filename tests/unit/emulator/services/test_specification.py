"""The server's checks of specifications, and what it fills in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfml.emulator.faults import Fault
from sfml.emulator.services import capacity, specification
from sfml.specs.families import FAMILIES

XS = FAMILIES["CPU_X64_XS"]
EXCEEDS = "Requirement exceeds compute pool instance capacity"
IMAGE = "/db/sch/repo/app:1"


def text(container: dict[str, Any] | None = None, beside: dict[str, Any] | None = None, **spec: Any) -> str:
    main = {"name": "main", "image": IMAGE, **(container or {})}
    return json.dumps({"spec": {"containers": [main], **spec}, **(beside or {})})


def complete(given: str) -> dict[str, Any]:
    return specification.complete(specification.read(given), XS)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("[]", "expected a map with the key 'spec'"),
        ("{}", "missing 'spec'"),
        (text(beside={"service": {}}), "unknown option 'service'"),
        (text(serviceRoles=[]), "unknown option 'serviceRoles' for 'spec'"),
        (text({"images": "x"}), "unknown option 'images' for 'containers[0]'"),
        (text(endpoints=[{"name": "a", "port": 1, "auth": 1}]), "unknown option 'auth' for 'endpoints[0]'"),
        (text({"readinessProbe": {"path": "/"}}), "missing 'port' for 'readinessProbe'"),
        (text({"volumeMounts": None}), "invalid 'volumeMounts'. Value is empty"),
        (text({"env": ["A"]}), "invalid value of type list for 'env'. Expected a map"),
        (text({"resources": {"limits": {"memory": "1"}}}), "invalid value 1 for 'resources.limits.memory'"),
        (text({"image": "ghcr.io/a/b:1"}), "invalid value ghcr.io/a/b:1 for 'image'"),
        (text(endpoints=[{"name": "a"}]), "'endpoints[0]' needs one of 'port' and 'portRange'"),
        (
            text(endpoints=[{"name": "a", "port": 1, "public": True, "protocol": "TCP"}]),
            "'endpoints[0]' is public and so its protocol must be HTTP",
        ),
        (
            text({"volumeMounts": [{"name": "data", "mountPath": "/data"}]}),
            "invalid value data for 'volumeMounts[0].name'. There is no such volume",
        ),
        (
            text(
                {"volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "a", "mountPath": "/a/b"}]},
                volumes=[{"name": "a", "source": "local"}],
            ),
            "overlapping mount paths '/a/' and '/a/b/' in 'containers[0]'",
        ),
        (text(volumes=[{"name": "a", "source": "memory"}]), "missing 'size' for 'volumes[0]'"),
        (text(volumes=[{"name": "a", "source": "local"}] * 2), "duplicate name 'a' in 'volumes'"),
        (
            text(
                beside={"serviceRoles": [{"name": "r", "endpoints": ["no"]}]},
            ),
            "invalid value no for 'serviceRoles[0].endpoints'. There is no such endpoint",
        ),
        (
            text({"resources": {"requests": {"cpu": "1500m"}}}),
            f"invalid value 1.5 for 'total containers.requests.cpu'. {EXCEEDS} 1",
        ),
        (
            text({"resources": {"limits": {"nvidia.com/gpu": 1}}}),
            "'nvidia.com/gpu' of 'containers[0].resources' must be the same in requests and limits",
        ),
    ],
)
def test_specification__something_is_wrong__is_named_with_its_place(given: str, problem: str) -> None:
    with pytest.raises(Fault) as caught:
        complete(given)
    assert caught.value.code == "395018"
    assert caught.value.message == f"Invalid spec: {problem}."


def test_specification__older_keys_and_bare_values__are_todays_keys_and_strings() -> None:
    given = f"""
spec:
  container:
  - name: main
    image: {IMAGE}
    args: [1, two]
    env: {{PORT: 8085, FLAG: true, NONE: null}}
"""
    (container,) = complete(given)["spec"]["containers"]
    assert container["args"] == ["1", "two"]
    assert container["env"] == {"PORT": "8085", "FLAG": "true", "NONE": ""}


@pytest.mark.parametrize("host", ["127.0.0.1:40115", "localhost:5000"])
def test_specification__image_with_this_servers_registry__is_its_path(host: str) -> None:
    (container,) = complete(text({"image": f"{host}{IMAGE}"}))["spec"]["containers"]
    assert container["image"] == IMAGE


@pytest.mark.parametrize(
    ("given", "limits", "requests"),
    [
        ({}, {"memory": "6Gi", "cpu": "1"}, {"memory": "0.5Gi", "cpu": "0.5"}),
        ({"limits": {"memory": "2Gi"}}, {"memory": "2Gi", "cpu": "1"}, {"memory": "2Gi", "cpu": "0.5"}),
        ({"limits": {"memory": "60Gi"}}, {"memory": "6Gi", "cpu": "1"}, {"memory": "60Gi", "cpu": "0.5"}),
        (
            {"requests": {"memory": "1Gi", "cpu": 0.25}},
            {"memory": "6Gi", "cpu": "1"},
            {"memory": "1Gi", "cpu": "0.25"},
        ),
    ],
)
def test_resources__not_all_given__the_rest_is_filled_in(
    given: dict[str, Any], limits: dict[str, str], requests: dict[str, str]
) -> None:
    (container,) = complete(text({"resources": given}))["spec"]["containers"]
    assert container["resources"] == {"limits": limits, "requests": requests}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"memory": "6Gi", "cpu": 1}, ""),
        ({"memory": "7Gi"}, "Unschedulable due to insufficient memory resources"),
        ({"cpu": 2}, "Unschedulable due to insufficient CPU resources"),
    ],
)
def test_unschedulable__limits_exceed_the_node__says_of_what(limits: dict[str, Any], message: str) -> None:
    spec = complete(text({"resources": {"limits": limits}}))
    assert capacity.unschedulable(spec["spec"]["containers"], XS) == message


def test_template__variables_and_defaults__are_rendered() -> None:
    template = "{{ a }} {{ b | default('B') }}{% if on %} yes{% endif %}"
    assert specification.rendered(template, {"a": 1, "on": True}) == "1 B yes"


@pytest.mark.parametrize("template", ["{{ missing }}", "{{ broken", "{{ ''.__class__.__mro__ }}"])
def test_template__cannot_be_rendered__is_395069(template: str) -> None:
    with pytest.raises(Fault, match="Unable to render service spec from given template") as caught:
        specification.rendered(template, {})
    assert caught.value.code == "395069"

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mutants import SERVICE, UNDOCUMENTED
from sfml.errors import InputError
from sfml.specs import model
from sfml.specs.loader import load
from sfml.specs.rules.cases import container, spec, top
from sfml.specs.typed import specification
from spec_strategies import near_specs


def typed(text: str) -> model.Specification:
    (document,) = load(text).documents
    return specification(document.data)


def test_specification__complete_spec__has_every_part_in_its_type() -> None:
    found = typed(SERVICE)
    (main,) = found.spec.containers
    assert main.readiness_probe == model.Probe(
        port=8080, path="/ready", period_seconds=10, failure_threshold=3
    )
    assert main.command == ("python",)
    assert main.env == {"MODE": "serve"}
    assert main.resources is not None
    assert main.resources.limits == model.Amounts(memory="4Gi", cpu=2, gpu=1)
    assert main.secrets[0].snowflake_secret == model.SecretObject(object_name="db.schema.login")
    assert found.spec.endpoints[0].cors_settings == model.CorsSettings(
        allow_origin=("https://app.example.com",),
        allow_methods=("GET",),
        allow_headers=("Authorization",),
        expose_headers=("X-Request-Id",),
    )
    assert [volume.source for volume in found.spec.volumes] == ["stage", "block", "memory"]
    assert found.service_roles == (model.ServiceRole(name="app_user", endpoints=("web",)),)
    assert typed(UNDOCUMENTED).spec.network_policy_config == model.NetworkPolicyConfig(
        allow_internet_egress=True
    )


def test_specification__old_spellings_and_short_secrets__are_understood() -> None:
    found = typed(
        container("secrets:\n- snowflakeSecret: login\n  envVarName: A").replace("containers", "container")
    )
    assert found.spec.containers[0].secrets == (model.Secret(snowflake_secret="login", env_var_name="A"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (spec("endpoints:\n- name: a\n  auth: x"), "unknown option 'auth' for 'endpoints[0]'"),
        (container("readinessProbe: {path: /}"), "missing 'port' for 'containers[0].readinessProbe'"),
        (container("args: text"), "containers[0].args takes a list"),
        (container("env: [a]"), "containers[0].env takes a map"),
        (container("mountSessionToken: {a: 1}"), "containers[0].mountSessionToken takes no map"),
        (spec("volumes: [a]"), "volumes[0] takes a map"),
        ("[]", "a specification takes a map"),
    ],
)
def test_specification__misfit__is_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match="^" + message.replace("[", "\\[")):
        typed(text)


def test_specification__null__is_not_given() -> None:
    assert typed(container("readinessProbe:")) == typed(top(""))


@given(near_specs())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_specification__anything__is_typed_or_refused(data: dict[str, Any]) -> None:
    with contextlib.suppress(InputError):
        assert isinstance(specification(data), model.Specification)

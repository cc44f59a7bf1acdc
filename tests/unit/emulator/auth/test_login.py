"""Logins: every kind of credential, right and wrong, and the context that a session starts in."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sfml.emulator.auth.credentials import Door, ServiceTokens
from sfml.emulator.auth.keypair import _fingerprint
from sfml.emulator.auth.login import context_of
from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.passwords import fingerprint, hash_password
from sfml.emulator.seed import seed
from sfml.emulator.settings import Settings
from sfml.emulator.wire.requests import LoginRequest

NOW = datetime.now(UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    seed(catalog, Settings(state=tmp_path))
    return catalog


@pytest.fixture
def door(catalog: Catalog, clock: Clock) -> Door:
    tokens = ServiceTokens(lifetime=60, clock=clock)
    return Door(account="LOCAL", catalog=catalog, service_tokens=tokens, clock=clock)


def add_user(catalog: Catalog, **properties: object) -> None:
    values = {"password": hash_password("geheim"), "roles": ["SYSADMIN"], "default_role": "SYSADMIN"}
    catalog.create(Kind.USER, Name(name="ANNA"), owner="X", properties={**values, **properties})


def login(**fields: Any) -> LoginRequest:
    return LoginRequest(**{"login_name": "anna", **fields})


def enter(door: Door, request: LoginRequest) -> Context:
    return context_of(door.identify(request), request, door.catalog)


def code(call: Callable[[], object]) -> str:
    with pytest.raises(Fault) as caught:
        call()
    return caught.value.code


def test_password__right__context_with_the_user_s_defaults(door: Door, catalog: Catalog) -> None:
    add_user(catalog, default_namespace="LOCAL.PUBLIC", default_warehouse="COMPUTE_WH")
    context = enter(door, login(password="geheim"))
    assert (context.user, context.role) == ("ANNA", "SYSADMIN")
    assert (context.database, context.schema, context.warehouse) == ("LOCAL", "PUBLIC", "COMPUTE_WH")


@pytest.mark.parametrize("fields", [{"password": "x"}, {"password": ""}, {}, {"login_name": "nobody"}])
def test_password__wrong__the_same_refusal_whatever_is_wrong(
    door: Door, catalog: Catalog, fields: Mapping[str, str]
) -> None:
    add_user(catalog)
    assert code(lambda: enter(door, login(**fields))) == "390100"


def test_password__disabled_user__refused(door: Door, catalog: Catalog) -> None:
    add_user(catalog, disabled=True)
    assert code(lambda: enter(door, login(password="geheim"))) == "390101"


def test_role__not_granted_or_unknown__refused(door: Door, catalog: Catalog) -> None:
    add_user(catalog)
    assert code(lambda: enter(door, login(password="geheim", role="ACCOUNTADMIN"))) == "390189"
    assert code(lambda: enter(door, login(password="geheim", role="NO_SUCH"))) == "390189"
    assert enter(door, login(password="geheim", role="public")).role == "PUBLIC"


def test_database__that_does_not_exist__left_out_or_refused_when_validated(
    door: Door, catalog: Catalog
) -> None:
    add_user(catalog)
    request = login(password="geheim", database="nowhere", schema="x")
    assert enter(door, request).database is None
    strict = replace(request, parameters={"CLIENT_VALIDATE_DEFAULT_PARAMETERS": True})
    assert code(lambda: enter(door, strict)) == "390201"


def test_database__quoted_name__case_is_kept(door: Door, catalog: Catalog) -> None:
    add_user(catalog)
    catalog.create(Kind.DATABASE, Name(name="lower"), owner="X")
    assert enter(door, login(password="geheim", database='"lower"')).database == "lower"
    assert enter(door, login(password="geheim", database="lower")).database is None


def test_service_token__good__the_job_s_role_and_place(door: Door) -> None:
    token = door.service_tokens.issue("LOCAL.PUBLIC.TRAIN_1", "SYSADMIN", "TRAIN_1")
    context = enter(door, login(login_name="", authenticator="OAUTH", token=token))
    assert (context.user, context.role, context.service) == ("TRAIN_1", "SYSADMIN", "LOCAL.PUBLIC.TRAIN_1")
    assert (context.database, context.schema) == ("LOCAL", "PUBLIC")


def test_service_token__other_role_asked_for__refused(door: Door) -> None:
    token = door.service_tokens.issue("LOCAL.PUBLIC.T", "SYSADMIN", "T")
    request = login(login_name="", authenticator="OAUTH", token=token, role="ACCOUNTADMIN")
    assert code(lambda: enter(door, request)) == "390189"


def test_service_token__unknown_expired_or_of_another_user__its_own_code(door: Door, clock: Clock) -> None:
    token = door.service_tokens.issue("LOCAL.PUBLIC.T", "SYSADMIN", "T")
    request = login(login_name="", authenticator="OAUTH", token=token)
    assert code(lambda: enter(door, replace(request, token="x"))) == "390303"
    assert code(lambda: enter(door, replace(request, login_name="anna"))) == "390309"
    clock.now += timedelta(seconds=61)
    assert code(lambda: enter(door, request)) == "390318"


def test_access_token__as_token_or_as_password__until_it_expires(
    door: Door, catalog: Catalog, clock: Clock
) -> None:
    entry = {
        "sha256": fingerprint("pat"),
        "role": "SYSADMIN",
        "expires": (NOW + timedelta(days=1)).isoformat(),
    }
    add_user(catalog, tokens={"ci": entry})
    by_token = login(authenticator="PROGRAMMATIC_ACCESS_TOKEN", token="pat")
    assert enter(door, by_token).role == "SYSADMIN"
    assert enter(door, login(password="pat")).user == "ANNA"
    assert code(lambda: enter(door, replace(by_token, token="other"))) == "394400"
    clock.now += timedelta(days=2)
    assert code(lambda: enter(door, by_token)) == "394400"


def test_authenticator__unknown__named_in_the_refusal(door: Door) -> None:
    with pytest.raises(Fault, match="EXTERNALBROWSER"):
        enter(door, login(authenticator="EXTERNALBROWSER"))


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def public(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return der


def signed(key: Any, algorithm: str, **claims: object) -> str:
    values = {
        "iss": f"LOCAL.ANNA.{_fingerprint(public(key))}",
        "sub": "LOCAL.ANNA",
        "iat": NOW,
        "exp": NOW + timedelta(minutes=50),
    }
    return jwt.encode({**values, **claims}, key, algorithm=algorithm)


def register(catalog: Catalog, key: Any, name: str = "rsa_public_key") -> None:
    add_user(catalog, **{name: base64.b64encode(public(key)).decode()})


@pytest.mark.parametrize(
    ("key", "algorithm", "place"),
    [
        (RSA, "RS256", "rsa_public_key"),
        (RSA, "RS256", "rsa_public_key_2"),
        (CURVE, "ES256", "rsa_public_key"),
    ],
)
def test_key_pair__registered_key__comes_in(
    door: Door, catalog: Catalog, key: Any, algorithm: str, place: str
) -> None:
    register(catalog, key, place)
    request = login(authenticator="SNOWFLAKE_JWT", token=signed(key, algorithm))
    assert enter(door, request).user == "ANNA"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"exp": NOW - timedelta(minutes=1)}, "394301"),
        ({"nbf": NOW + timedelta(minutes=45)}, "394302"),
        ({"exp": NOW + timedelta(hours=2)}, "394303"),
        ({"iss": "LOCAL.ANNA.SHA256:other"}, "394304"),
        ({"sub": "LOCAL.BERT"}, "394300"),
        ({"iss": f"OTHER.ANNA.{_fingerprint(public(RSA))}"}, "394300"),
        ({"iss": f"LOCAL.BERT.{_fingerprint(public(RSA))}"}, "394300"),
        ({"iss": f"local.anna.{_fingerprint(public(RSA))}"}, "394300"),
        ({"iss": "nobody"}, "394300"),
    ],
)
def test_key_pair__claim_is_wrong__code_of_its_reason(
    door: Door, catalog: Catalog, claims: Mapping[str, object], expected: str
) -> None:
    register(catalog, RSA)
    request = login(authenticator="SNOWFLAKE_JWT", token=signed(RSA, "RS256", **claims))
    assert code(lambda: enter(door, request)) == expected


def test_key_pair__signed_by_another_key_under_the_registered_name__refused(
    door: Door, catalog: Catalog
) -> None:
    register(catalog, RSA)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = signed(other, "RS256", iss=f"LOCAL.ANNA.{_fingerprint(public(RSA))}")
    assert code(lambda: enter(door, login(authenticator="SNOWFLAKE_JWT", token=token))) == "390144"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é"])
def test_key_pair__no_token_at_all__refused(door: Door, catalog: Catalog, token: str) -> None:
    register(catalog, RSA)
    assert code(lambda: enter(door, login(authenticator="SNOWFLAKE_JWT", token=token))) in (
        "390144",
        "394306",
    )


def test_key_pair__unsigned_token__refused(door: Door, catalog: Catalog) -> None:
    register(catalog, RSA)
    claims = jwt.decode(signed(RSA, "RS256"), options={"verify_signature": False})
    token = jwt.encode(claims, "", algorithm="none")
    assert code(lambda: enter(door, login(authenticator="SNOWFLAKE_JWT", token=token))) == "394305"

"""The registry's tokens, and what is read from a client's scopes and credentials."""

from __future__ import annotations

import base64

import jwt
import pytest
from cryptography import x509

from sfml.emulator.registry.access import Access, PullTokens, parse_scopes
from sfml.emulator.registry.tokens import Signing

NOW = 1_800_000_000.0


def test_token__issued__is_signed_by_the_certificate_that_it_carries() -> None:
    signing = Signing()
    access = [Access(name="db/s/repo/a", actions=("pull", "push"))]
    token = signing.token("ME", access, audience="here", now=NOW, lifetime=300)
    certificate = x509.load_der_x509_certificate(base64.b64decode(jwt.get_unverified_header(token)["x5c"][0]))
    assert certificate == x509.load_pem_x509_certificate(signing.certificate.encode())
    unchecked = dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf"), False)
    key = certificate.public_key()
    claims = jwt.decode(token, key, ["RS256"], audience="here", options=unchecked)
    assert claims["access"] == [{"type": "repository", "name": "db/s/repo/a", "actions": ["pull", "push"]}]
    assert (claims["sub"], claims["iss"]) == ("ME", "sfml")


@pytest.mark.parametrize("lifetime", [1, 300])
def test_token__registry_with_a_minute_of_leeway__takes_it_no_longer(lifetime: int) -> None:
    token = Signing().token("ME", [], audience="here", now=NOW, lifetime=lifetime)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] + 60 == NOW + lifetime
    assert claims["nbf"] < claims["exp"]


def test_parse_scopes__several_in_one_text_and_other_kinds__gives_the_repositories() -> None:
    found = parse_scopes(["repository:d/s/r/a:push,pull repository:d/s/r/b:pull", "registry:catalog:*", "x"])
    assert found == [
        Access(name="d/s/r/a", actions=("push", "pull")),
        Access(name="d/s/r/b", actions=("pull",)),
    ]


def test_pull_tokens__their_time_is_over__are_worth_nothing() -> None:
    moment = [0.0]
    pulls = PullTokens(lifetime=10, clock=lambda: moment[0])
    token = pulls.issue("DEV")
    assert pulls.role(token) == "DEV"
    moment[0] = 11
    assert pulls.role(token) is None
    assert pulls.role("other") is None

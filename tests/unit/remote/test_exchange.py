"""What an account answers to a key pair's JWT, and what the user is told to do."""

from __future__ import annotations

import json
from email.utils import formatdate

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sfml import keypair
from sfml.remote import exchange
from sfml.remote.request import Answer

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NOW = 1_800_000_000


@pytest.fixture
def pair() -> keypair.KeyPair:
    text = RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    settings = {"account": "acme", "user": "ana", "authenticator": "SNOWFLAKE_JWT", "private_key_raw": text}
    found = keypair.of(settings, {})
    assert found
    return found


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (None, "a.snowflakecomputing.app"),
        ("ML", "session:role:ML a.snowflakecomputing.app"),
        ("my role", "a.snowflakecomputing.app"),
    ],
)
def test_scope__role_or_none__names_the_host(role: str | None, scope: str) -> None:
    assert exchange.scope("https://a.snowflakecomputing.app", role) == scope


@pytest.mark.parametrize(
    ("body", "skew", "hint"),
    [
        ({"code": "394304", "error_description": "x"}, 0, "ALTER USER ANA SET RSA_PUBLIC_KEY = 'MII"),
        ({"error": "invalid_grant", "message": "JWT token is invalid."}, 0, "ALTER USER ANA SET RSA_PUBLIC"),
        ({"code": "390189", "error_description": "Role 'ML' is not"}, 0, "GRANT ROLE ML TO USER ANA;"),
        ({"error": "invalid_scope"}, 0, "sfml up notes it"),
        ({"code": "394301", "error_description": "x"}, 0, "set this machine's clock"),
        ({"code": "394304", "error_description": "x"}, 300, "clock is 300 s behind Snowflake's"),
        ({"code": "390144", "error_description": "x"}, -90, "clock is 90 s ahead of Snowflake's"),
        ("<html>blocked</html>", 0, "sfml doctor"),
    ],
)
def test_refusal__reason__comes_with_what_to_do(
    pair: keypair.KeyPair, body: object, skew: int, hint: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    answer = Answer(status=401, text=text, date=formatdate(NOW + skew, usegmt=True))
    error = exchange.refusal(answer, pair, RSA, "ML", now=NOW)
    assert hint in str(error.hint)
    assert str(error).startswith("Snowflake gives no token for the key pair of ANA: HTTP 401")
    assert "<" not in str(error)

"""`/oauth/token` as the product asks it: a key pair's JWT for a token of one endpoint, and every refusal."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ingress import Endpoint, exchange, get, told
from local_backend import LocalBackend
from sfml import keypair
from sfml.errors import NoConnectionError
from sfml.keypair import KeyPair
from sfml.remote.exchange import token

pytestmark = pytest.mark.slow


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """A user with a key, and with a role that may use the endpoint."""

    pair: KeyPair
    key: Any
    name: str
    role: str
    url: str

    def ask(self, role: str | None = None, **changes: Any) -> str:
        ahead = changes.pop("ahead", 0.0)
        url = changes.pop("url", self.url)
        pair = replace(self.pair, **changes)
        return token(pair, url, role, environ={}, clock=lambda: time.time() + ahead)


@pytest.fixture
def keyed(admin: Any, server: LocalBackend, echo: Endpoint) -> Iterator[Keyed]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = f"K_{uuid.uuid4().hex[:8].upper()}"
    cursor = admin.cursor()
    cursor.execute(f"create role {name}")
    cursor.execute(f"create user {name} default_role = {name}")
    cursor.execute(f"grant role {name} to user {name}")
    for text in (
        f"grant usage on database local to role {name}",
        f"grant usage on schema local.public to role {name}",
    ):
        cursor.execute(text)
    cursor.execute(f"grant service role echo!visitor to role {name}")
    cursor.execute(f"alter user {name} set rsa_public_key = '{public(key)}'")
    there = server.endpoint
    settings = {"account": there["account"], "host": there["host"], "port": there["port"], "protocol": "http",
                "user": name, "authenticator": "SNOWFLAKE_JWT", "private_key_raw": pem(key)}  # fmt: skip
    pair = keypair.of(settings, {})
    assert pair
    yield Keyed(pair=pair, key=key, name=name, role=name, url=f"http://{echo.url}")
    cursor.execute(f"drop user {name}")
    cursor.execute(f"drop role {name}")


def pem(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


def public(key: Any) -> str:
    return base64.b64encode(keypair.public(key)).decode()


@pytest.mark.parametrize("with_role", [True, False])
def test_exchange__registered_key__gives_a_token_of_this_user_with_its_end(
    keyed: Keyed, echo: Endpoint, with_role: bool
) -> None:
    made = keyed.ask(keyed.role if with_role else None)
    assert jwt.decode(made, options={"verify_signature": False})["exp"] > time.time()
    fields = dict(told(get(echo, "/", made))["headers"])
    assert fields["Sf-Context-Current-User"] == keyed.name


def test_exchange__second_key__counts_as_the_first(keyed: Keyed, admin: Any) -> None:
    admin.cursor().execute(f"alter user {keyed.name} unset rsa_public_key")
    with pytest.raises(NoConnectionError, match="394304") as caught:
        keyed.ask()
    assert f"ALTER USER {keyed.name} SET RSA_PUBLIC_KEY = '{public(keyed.key)}'" in str(caught.value.hint)
    admin.cursor().execute(f"alter user {keyed.name} set rsa_public_key_2 = '{public(keyed.key)}'")
    assert keyed.ask()


def test_exchange__role_or_endpoint_that_may_not_be__is_told(keyed: Keyed) -> None:
    for role in ("ACCOUNTADMIN", "NO_SUCH", keyed.role.lower()):
        with pytest.raises(NoConnectionError, match="390189") as caught:
            keyed.ask(role)
        assert "GRANT ROLE " in str(caught.value.hint)
    with pytest.raises(NoConnectionError, match="names no endpoint") as caught:
        keyed.ask(url="http://elsewhere.localhost:1")
    assert "sfml up" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (lambda: {"ahead": 3600.0}, "ahead of Snowflake's"),
        (lambda: {"ahead": -3600.0}, "behind Snowflake's"),
        (lambda: {"account": "OTHER"}, "RSA_PUBLIC_KEY"),
        (lambda: {"user": "LOCAL"}, "RSA_PUBLIC_KEY"),
        (lambda: {"user": "NOBODY"}, "RSA_PUBLIC_KEY"),
        (lambda: {"content": pem(rsa.generate_private_key(65537, 2048))}, "RSA_PUBLIC_KEY"),
    ],
)
def test_exchange__clock_account_user_or_key_is_wrong__says_what_to_do(
    keyed: Keyed, change: Callable[[], dict[str, Any]], hint: str
) -> None:
    with pytest.raises(NoConnectionError) as caught:
        keyed.ask(**change())
    assert hint in str(caught.value.hint)


def test_exchange__access_token_for_one_role__gives_none_for_another(
    admin: Any, keyed: Keyed, echo: Endpoint
) -> None:
    cursor = admin.cursor()
    cursor.execute(f"grant role public to user {keyed.name}")
    text = f"alter user {keyed.name} add programmatic access token t role_restriction = '{keyed.role}'"
    secret = cursor.execute(text).fetchone()[1]
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": secret,
            "subject_token_type": "programmatic_access_token"}  # fmt: skip
    assert exchange(admin, **form, scope=f"session:role:{keyed.role} {echo.url}")[0] == 200
    assert exchange(admin, **form, scope=f"session:role:PUBLIC {echo.url}")[0] == 401

"""A connection's key pair: found by all its names, loaded, and signing as the connector does."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from snowflake.connector.auth import AuthByKeyPair
from snowflake.connector.util_text import construct_hostname, parse_account

from sfml import keypair
from sfml.errors import NoConnectionError

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WHO = {"account": "acme", "user": "ana", "authenticator": "SNOWFLAKE_JWT"}
NOW = 1_800_000_000


def pem(key: Any = RSA, passphrase: str = "", form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    data: bytes = key.private_bytes(Encoding.PEM, form, lock)
    return data


def found(settings: dict[str, Any], environ: dict[str, str] | None = None) -> keypair.KeyPair:
    pair = keypair.of({**WHO, **settings}, environ or {})
    assert pair is not None
    return pair


@pytest.mark.parametrize(
    "account",
    ["acme", "acme.us-east-1", "acme.us-east-1.privatelink", "org-my_acme", "acme-ab12.global", "a.cn-x.aws"],
)
@pytest.mark.parametrize("region", ["", "us-west-2", "eu-central-1", "cn-northwest-1"])
def test_key_pair__account_and_region__are_read_as_by_the_connector(account: str, region: str) -> None:
    pair = found({"account": account, "region": region, "private_key_raw": pem().decode()})
    assert pair.url == f"https://{construct_hostname(region, account)}"
    theirs = AuthByKeyPair(RSA).prepare(account=parse_account(account), user="ana")
    unchecked = {"verify_signature": False}
    assert pair.account == jwt.decode(theirs, options=unchecked)["sub"].rpartition(".")[0]  # type: ignore[arg-type]


def test_key_pair__host_port_and_protocol__count_before_the_account() -> None:
    more = {"host": "127.0.0.1", "port": 8085, "protocol": "http", "private_key_raw": "x"}
    assert found(more).url == "http://127.0.0.1:8085"


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA, "RS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ec.generate_private_key(ec.SECP521R1()), "ES512"),
    ],
)
def test_jwt__any_key__has_the_connector_s_claims_and_a_good_signature(key: Any, algorithm: str) -> None:
    made = keypair.jwt(found({"private_key_raw": pem(key).decode()}), key, now=NOW)
    theirs = AuthByKeyPair(key).prepare(account="acme", user="ana")

    ours = jwt.decode(made, key.public_key(), [algorithm], options={"verify_exp": False, "verify_iat": False})
    known = jwt.decode(theirs, key.public_key(), [algorithm])
    assert (ours["iss"], ours["sub"], set(ours)) == (known["iss"], known["sub"], set(known))
    assert (ours["iat"], ours["exp"]) == (NOW, NOW + known["exp"] - known["iat"])
    assert jwt.get_unverified_header(made) == jwt.get_unverified_header(theirs)


def test_load__each_name_of_the_setting__is_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_bytes(pem(passphrase="secret"))
    der = base64.b64encode(RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    for settings, environ in (
        ({"private_key_file": str(file), "private_key_file_pwd": "secret"}, {}),
        ({"private_key_path": str(file), "private_key_passphrase": "secret"}, {}),
        ({"private_key_file": str(file)}, {"PRIVATE_KEY_PASSPHRASE": "secret"}),
        ({"private_key_file": str(file), "private_key_file_pwd": "x"}, {"PRIVATE_KEY_PASSPHRASE": "secret"}),
        ({"private_key_raw": pem().decode()}, {"PRIVATE_KEY_PASSPHRASE": "for another key"}),
        ({"private_key_raw": pem(form=PrivateFormat.TraditionalOpenSSL).decode()}, {}),
        ({"private_key": der}, {}),
    ):
        assert found(settings, environ).load().private_numbers() == RSA.private_numbers()


def test_of__another_way_to_log_in__is_none() -> None:
    assert keypair.of({"account": "a", "user": "u", "password": "p"}, {}) is None
    assert keypair.of({"authenticator": "externalbrowser", "private_key_path": "k"}, {}) is None
    # as in the connector, whose own settings decide
    assert keypair.of({**WHO, "authenticator": "snowflake", "private_key_file": "k"}, {}) is not None


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"user": ""}, "no user"), ({"account": None}, "no account"), ({}, "names no private key")],
)
def test_of__something_is_missing__says_what(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(NoConnectionError, match=words):
        keypair.of({**WHO, **settings}, {})


@pytest.mark.parametrize(
    ("content", "settings", "words", "hint"),
    [
        (pem(passphrase="secret"), {}, "encrypted, and there is no passphrase", "PRIVATE_KEY_PASSPHRASE"),
        (pem(passphrase="secret"), {"private_key_file_pwd": "wrong"}, "cannot be read with this pass", "PEM"),
        (b"nonsense", {}, "cannot be read", "openssl"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", {}, "cannot be read", "openssl"),
        (pem(dsa.generate_private_key(1024)), {}, "cannot be read", "RSA or EC"),
        (None, {}, "No such file", "private_key_file"),
    ],
)  # fmt: skip
def test_load__key_that_is_of_no_use__says_why(
    tmp_path: Path, content: bytes | None, settings: dict[str, Any], words: str, hint: str
) -> None:
    file = tmp_path / "key.p8"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NoConnectionError, match=words) as caught:
        found({"private_key_file": str(file), **settings}).load()
    assert str(file) in str(caught.value)
    assert hint in str(caught.value.hint)


def test_jwt__curve_that_snowflake_does_not_take__is_told() -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    with pytest.raises(NoConnectionError, match="curve secp256k1"):
        keypair.jwt(found({"private_key_raw": "x"}), key, now=NOW)


def test_require_private__others_can_read_it__says_how_to_mend_it(tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_bytes(pem())
    pair = found({"private_key_file": str(file)})
    file.chmod(0o640)
    with pytest.raises(NoConnectionError, match="its mode is 0640") as caught:
        pair.require_private()
    assert caught.value.hint == f"chmod 600 '{file}'"
    file.chmod(0o600)
    pair.require_private()


def test_key_pair__shown__has_neither_key_nor_passphrase() -> None:
    pair = found({"private_key_raw": pem().decode(), "private_key_file_pwd": "secret"})
    assert "BEGIN" not in repr(pair)
    assert "secret" not in repr(pair)


def test_parameters__for_the_connector__take_the_place_of_the_settings() -> None:
    given = keypair.parameters(found({"private_key_raw": pem().decode()}))
    assert given["private_key"] == RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert given["private_key_file"] is None

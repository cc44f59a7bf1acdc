"""Key-pair login: the client's JWT against the public keys registered for its user.

Claims as the connector's keypair.py writes them: iss ``ACCOUNT.USER.SHA256:<fingerprint>``,
sub ``ACCOUNT.USER``. Imported with the first such login only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sfml.emulator.auth import refusals

_ALGORITHMS = ["RS256", "ES256", "ES384", "ES512"]
_LONGEST = 3600
# The library's reason -> its number (network.py, CREDENTIAL_REJECTION_GS_CODES); the first that fits.
_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "394301"),
    (jwt.ImmatureSignatureError, "394302"),
    (jwt.InvalidAlgorithmError, "394305"),
    (jwt.InvalidSignatureError, "390144"),
    (jwt.DecodeError, "394306"),
)


def verify(token: str, *, account: str, user: str, keys: Sequence[str]) -> None:
    """Return when one of the keys (base64 of DER, as RSA_PUBLIC_KEY has it) signed the token for the user."""
    name, _, fingerprint = _unverified_issuer(token).rpartition(".")
    if name != f"{account}.{user}":
        raise refusals.jwt_invalid("394300", f"Its issuer is not {account}.{user}.")
    for key in keys:
        der = _der(key)
        if fingerprint == _fingerprint(der):
            _check_claims(_decode(token, der), name=name)
            return
    raise refusals.jwt_invalid("394304", "Public key fingerprint mismatch.")


def _unverified_issuer(token: str) -> str:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise _refusal(error) from None
    return str(claims.get("iss", ""))


def _decode(token: str, der: bytes) -> dict[str, Any]:
    try:
        key: Any = load_der_public_key(der)
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=_ALGORITHMS, options={"require": ["iss", "sub", "iat", "exp"]}
        )
    except jwt.PyJWTError as error:
        raise _refusal(error) from None
    return claims


def _check_claims(claims: dict[str, Any], *, name: str) -> None:
    if claims["sub"] != name:
        raise refusals.jwt_invalid("394300", "Its subject is not its issuer.")
    if int(claims["exp"]) - int(claims["iat"]) > _LONGEST:
        raise refusals.jwt_invalid("394303", "Its lifetime is longer than an hour.")


def _der(key: str) -> bytes:
    body = "".join(line for line in key.split() if "-----" not in line)
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return b""


def _fingerprint(der: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")


def _refusal(error: jwt.PyJWTError) -> Exception:
    code = next((code for kind, code in _REASONS if isinstance(error, kind)), "390144")
    return refusals.jwt_invalid(code)

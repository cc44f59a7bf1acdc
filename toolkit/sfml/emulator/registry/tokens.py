"""The tokens that the registry accepts: JSON web tokens, signed with a key that only this server has.

Form and claims: distribution.github.io/distribution/spec/auth/jwt. Imported when the registry first starts.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from sfml.emulator.registry.access import Access
from sfml.emulator.registry.program import ISSUER

_TEN_YEARS = timedelta(days=3650)
_LEEWAY = 60
"""Seconds for which the registry accepts a token after its end (registry/auth/token/token.go, Leeway)."""


class Signing:
    """A new key and its certificate, which the registry is started with."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
        start = datetime.now(UTC) - timedelta(days=1)
        self._certificate = (
            x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + _TEN_YEARS)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def certificate(self) -> str:
        """In PEM."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def token(
        self, user: str, access: Sequence[Access], *, audience: str, now: float, lifetime: float
    ) -> str:
        """A token that the registry accepts from now on and no longer than ``lifetime`` seconds."""
        end = int(now + lifetime) - _LEEWAY
        claims = {
            "iss": ISSUER,
            "sub": user,
            "aud": audience,
            "iat": min(int(now), end),
            "nbf": min(int(now), end) - 1,
            "exp": end,
            "jti": secrets.token_hex(8),
            "access": [{"type": "repository", "name": one.name, "actions": one.actions} for one in access],
        }
        der = self._certificate.public_bytes(serialization.Encoding.DER)
        return jwt.encode(claims, self._key, "RS256", headers={"x5c": [base64.b64encode(der).decode()]})

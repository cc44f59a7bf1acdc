"""Passwords as the catalog keeps them: salted and hashed with scrypt."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# 4 MB and 10 ms a login: enough for a server on the loopback interface whose own password is 24 random bytes.
_COST = {"n": 1 << 12, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """``scrypt$<salt>$<hash>``, both hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_digest(password, salt).hex()}"


def password_matches(password: str, stored: str) -> bool:
    """Whether this password made that hash."""
    scheme, _, rest = stored.partition("$")
    salt, _, digest = rest.partition("$")
    if scheme != "scrypt" or not digest:
        return False
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def fingerprint(token: str) -> str:
    """How a random token is kept and looked up: by its SHA-256, which tells nobody the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)

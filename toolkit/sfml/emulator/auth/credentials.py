"""Credentials to an identity: one function for each authenticator that a client may name."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sfml.emulator.auth import refusals
from sfml.emulator.catalog import Catalog, Kind, Name, Record
from sfml.emulator.passwords import fingerprint, password_matches
from sfml.emulator.wire.requests import LoginRequest


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who logs in: a user of the catalog, or a job with the rights of one role."""

    user: str
    record: Record | None = None
    # Set when the credential carries its role; no other may be asked for.
    role: str | None = None
    service: str | None = None


@dataclass(frozen=True, kw_only=True)
class _ServiceToken:
    service: str
    role: str
    user: str
    expires: datetime


class ServiceTokens:
    """The tokens that jobs find in their token file; kept in memory: a job does not outlive the server."""

    def __init__(self, *, lifetime: float, clock: Callable[[], datetime]) -> None:
        self._lifetime = timedelta(seconds=lifetime)
        self._clock = clock
        self._tokens: dict[str, _ServiceToken] = {}
        self._lock = threading.Lock()

    def issue(self, service: str, role: str, user: str) -> str:
        """A new token for a job (its fully qualified name); earlier ones stay good until they expire."""
        token, now = secrets.token_urlsafe(48), self._clock()
        with self._lock:
            # Expired ones are kept for a while, to be told from invalid ones.
            for key in [k for k, t in self._tokens.items() if t.expires + self._lifetime < now]:
                del self._tokens[key]
            self._tokens[fingerprint(token)] = _ServiceToken(
                service=service, role=role, user=user, expires=now + self._lifetime
            )
        return token

    def identify(self, token: str) -> Identity:
        """The job that holds the token."""
        found = self._tokens.get(fingerprint(token))
        if found is None:
            raise refusals.oauth_invalid()
        if found.expires < self._clock():
            raise refusals.oauth_expired()
        return Identity(user=found.user, role=found.role, service=found.service)


@dataclass(frozen=True, kw_only=True)
class Door:
    """Everything that credentials are checked against."""

    account: str
    catalog: Catalog
    service_tokens: ServiceTokens
    clock: Callable[[], datetime]

    def identify(self, login: LoginRequest) -> Identity:
        """Who this is; a fault of :mod:`refusals` when the credentials do not prove it."""
        method = _METHODS.get(login.authenticator)
        if method is None:
            raise refusals.unknown_method(login.authenticator)
        identity = method(self, login)
        if identity.record is not None and identity.record.properties.get("disabled"):
            raise refusals.disabled()
        return identity

    def owner_of(self, access_token: str) -> tuple[str, float] | None:
        """Whose programmatic access token this is, and until when (seconds since 1970); None for nobody's."""
        for record in self.catalog.find(Kind.USER):
            entry = _token_entry(self, record, access_token)
            if entry and not record.properties.get("disabled"):
                return record.name.name, datetime.fromisoformat(entry["expires"]).timestamp()
        return None

    def user(self, login_name: str) -> Record | None:
        return self.catalog.get(Kind.USER, Name(name=login_name.upper()))


def _by_password(door: Door, login: LoginRequest) -> Identity:
    """A password; a programmatic access token may stand in its place."""
    record = door.user(login.login_name)
    if record is None or not login.password:
        raise refusals.wrong_password()
    if password_matches(login.password, str(record.properties.get("password", ""))):
        return Identity(user=record.name.name, record=record)
    if found := _access_token(door, record, login.password):
        return found
    raise refusals.wrong_password()


def _by_service_token(door: Door, login: LoginRequest) -> Identity:
    identity = door.service_tokens.identify(login.token or "")
    if login.login_name and login.login_name.upper() != identity.user.upper():
        raise refusals.oauth_other_user()
    return identity


def _by_access_token(door: Door, login: LoginRequest) -> Identity:
    record = door.user(login.login_name)
    found = _access_token(door, record, login.token or "") if record else None
    if found is None:
        raise refusals.access_token_invalid()
    return found


def _access_token(door: Door, record: Record, token: str) -> Identity | None:
    entry = _token_entry(door, record, token)
    return Identity(user=record.name.name, record=record, role=entry.get("role")) if entry else None


def _token_entry(door: Door, record: Record, token: str) -> Mapping[str, Any] | None:
    """What is kept of a user's programmatic access token, while it is good for anything."""
    digest, now = fingerprint(token), door.clock()
    entries: Iterable[Mapping[str, Any]] = dict(record.properties.get("tokens") or {}).values()
    return next(
        (
            entry
            for entry in entries
            if entry["sha256"] == digest
            and not entry.get("disabled")
            and datetime.fromisoformat(entry["expires"]) > now
        ),
        None,
    )


def _by_key_pair(door: Door, login: LoginRequest) -> Identity:
    from sfml.emulator.auth.keypair import verify

    record = door.user(login.login_name)
    if record is None or not login.token:
        raise refusals.jwt_invalid()
    keys = [record.properties.get(name) for name in ("rsa_public_key", "rsa_public_key_2")]
    known = [str(key) for key in keys if key]
    verify(login.token, account=door.account, user=record.name.name, keys=known)
    return Identity(user=record.name.name, record=record)


_METHODS: Mapping[str, Callable[[Door, LoginRequest], Identity]] = {
    "SNOWFLAKE": _by_password,
    "USERNAME_PASSWORD_MFA": _by_password,
    "OAUTH": _by_service_token,
    "PROGRAMMATIC_ACCESS_TOKEN": _by_access_token,
    "SNOWFLAKE_JWT": _by_key_pair,
}

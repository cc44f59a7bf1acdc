"""Who may pull and push: a client's credentials against the privileges on image repositories."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sfml.emulator.auth import refusals
from sfml.emulator.auth.credentials import Door
from sfml.emulator.auth.login import context_of
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.objects import existing
from sfml.emulator.handlers.privileges import require
from sfml.emulator.passwords import fingerprint
from sfml.emulator.registry.paths import name_of
from sfml.emulator.wire.requests import LoginRequest

TOKEN_USER = "0sessiontoken"  # noqa: S105 - the name under which `snow spcs image-registry login` logs in
# docs.snowflake.com/en/sql-reference/sql/create-image-repository: READ to pull, WRITE to push.
_PRIVILEGES = {"pull": "READ", "push": "WRITE"}
_ENGINE = "ENGINE"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a token permits on one repository of the registry (``db/schema/repository/image``)."""

    name: str
    actions: tuple[str, ...]


class PullTokens:
    """Tokens with which the engine of this machine pulls for a role; in memory, good for a while."""

    def __init__(self, *, lifetime: float, clock: Callable[[], float]) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._roles: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def issue(self, role: str) -> str:
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            for key in [key for key, (_, end) in self._roles.items() if end < now]:
                del self._roles[key]
            self._roles[fingerprint(token)] = (role, now + self._lifetime)
        return token

    def role(self, token: str) -> str | None:
        role, end = self._roles.get(fingerprint(token), (None, 0.0))
        return role if end >= self._clock() else None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Everything that credentials are checked against."""

    door: Door
    sessions: Sessions
    pulls: PullTokens

    def enter(self, username: str, password: str) -> Context:
        """The context whose role counts; a :class:`Fault` of ``refusals`` when the credentials are wrong.

        ``0sessiontoken`` comes with a session's token, as ``snow`` and the connector get it; another user
        with a password or a programmatic access token.
        """
        if username != TOKEN_USER:
            login = LoginRequest(login_name=username, password=password)
            return context_of(self.door.identify(login), login, self.door.catalog)
        token = _token(password)
        if role := self.pulls.role(token):
            return Context(session_id=0, user=_ENGINE, role=role)
        return self.sessions.find(token).context


def _token(password: str) -> str:
    """What is in ``{"token": …, "expires_in": …}``; a bare token is taken too."""
    try:
        value = json.loads(password)
    except ValueError:
        return password
    if not isinstance(value, dict) or not isinstance(value.get("token"), str):
        raise refusals.session_gone()
    return str(value["token"])


def parse_scopes(scopes: Iterable[str]) -> list[Access]:
    """``repository:db/schema/repo/image:pull,push``, several of them, also in one text; no other kinds."""
    found = []
    for scope in " ".join(scopes).split():
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind == "repository" and name:
            found.append(Access(name=name, actions=tuple(actions.split(","))))
    return found


def permitted(asked: Iterable[Access], context: Context, backend: Backend) -> list[Access]:
    """What the context's role may have of it.

    Raises the :class:`Fault` of the first repository when nothing may be had, or when one that was to be
    written may only be read: who pushes is told so before it sends anything.
    """
    given: list[Access] = []
    refused: list[Fault] = []
    for access in asked:
        try:
            actions = _allowed(access, context, backend)
        except Fault as fault:
            if "push" in access.actions:
                raise
            refused.append(fault)
        else:
            given.append(Access(name=access.name, actions=actions))
    if refused and not given:
        raise refused[0]
    return given


def _allowed(access: Access, context: Context, backend: Backend) -> tuple[str, ...]:
    record = existing(backend, Kind.IMAGE_REPOSITORY, _repository(access.name))
    actions = tuple(action for action in access.actions if action in _PRIVILEGES)
    for action in actions:
        require(context, backend, _PRIVILEGES[action], Kind.IMAGE_REPOSITORY, record.name)
    return actions


def _repository(name: str) -> Name:
    parts = name_of(name)
    if parts is None:
        text = f"'{name}' names no image: expected database/schema/repository/image"
        raise Fault("395211", "22023", text)
    database, schema, repository = parts[0].upper().split("/")
    return Name(name=repository, schema=schema, database=database)

"""Who asks: the user of a request's token, or of the cookie that the sign-in page gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sfml.emulator.auth import refusals
from sfml.emulator.auth.credentials import Door
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.faults import Fault
from sfml.emulator.ingress import fields
from sfml.emulator.ingress.heads import Request
from sfml.emulator.ingress.tickets import Tickets
from sfml.emulator.passwords import fingerprint

ARROW = "XX000"
"""The state of the fault for a session that does not answer as JSON."""
_FORMAT = "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A user; ``expires`` is the end of what they came with."""

    user: str
    role: str | None = None  # of a job's token: it has that role alone
    expires: float | None = None


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Finds a request's caller."""

    door: Door
    sessions: Sessions
    tickets: Tickets
    now: Callable[[], float]

    def of(self, request: Request, label: str) -> Caller | None:
        """Who the token or the cookie names; None without either, :class:`Fault` for a bad one."""
        token = fields.token_in(request)
        caller = self._of_token(token, label) if token else self._of_cookie(request, label)
        user = self.door.user(caller.user) if caller else None
        if user and user.properties.get("disabled"):
            raise refusals.disabled()
        return caller

    def _of_cookie(self, request: Request, label: str) -> Caller | None:
        cookie = fields.cookie_in(request, fields.COOKIE + label)
        ticket = self.tickets.read(cookie, label) if cookie else None
        if ticket is None or ticket.expires < self.now():
            return None  # to the sign-in page
        return Caller(user=ticket.user, expires=ticket.expires)

    def _of_token(self, token: str, label: str) -> Caller:
        if ticket := self.tickets.read(token, label):
            if ticket.expires < self.now():
                raise Fault("390318", "08001", "The token has expired.")
            return Caller(user=ticket.user, expires=ticket.expires)
        if owner := self.door.owner_of(token):
            return Caller(user=owner[0], expires=owner[1])
        session = self.sessions.find(token)
        # The ingress asks who this is by a query in the token's own session, and reads JSON rows only.
        if str(session.context.parameters.get(_FORMAT, "")).upper() != "JSON":
            raise Fault("000603", ARROW, "Internal error: the session of the token does not return JSON.")
        expires = session.tokens.get(fingerprint(token))
        role = session.context.role if session.context.service else None
        return Caller(user=session.context.user, role=role, expires=expires)

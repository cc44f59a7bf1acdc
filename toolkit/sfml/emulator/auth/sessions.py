"""Sessions and their tokens: opened by a login, renewed by the master token, gone when closed or expired."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sfml.emulator.auth import refusals
from sfml.emulator.context import Context
from sfml.emulator.passwords import fingerprint

_REMEMBERED = 3600.0
"""How long an expired session is told from one that never was."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a client gets: a token for its requests, and one that renews it."""

    session: str = field(repr=False)
    master: str = field(repr=False)


@dataclass(kw_only=True)
class Session:
    """One login. ``tokens`` and ``masters`` map a token's fingerprint to the second at which it ends."""

    context: Context
    tokens: dict[str, float] = field(default_factory=dict)
    masters: dict[str, float] = field(default_factory=dict)


class Sessions:
    """All sessions of the server, in memory: a restart ends them, as a closed account would."""

    def __init__(
        self, *, session_lifetime: float, master_lifetime: float, clock: Callable[[], float]
    ) -> None:
        self._session_lifetime = session_lifetime
        self._master_lifetime = master_lifetime
        self._clock = clock
        self._by_token: dict[str, Session] = {}
        self._by_master: dict[str, Session] = {}
        self._ended: list[Context] = []
        self._lock = threading.Lock()

    def open(self, context: Context) -> Tokens:
        """The tokens of a new session in this context."""
        with self._lock:
            self._forget_old()
            return self._issue(Session(context=context))

    def find(self, token: str) -> Session:
        """The session of a request; 390112 asks the client to renew its token."""
        key = fingerprint(token)
        session = self._by_token.get(key)
        if session is None:
            raise refusals.session_gone()
        now = self._clock()
        if session.tokens.get(key, 0) >= now:
            return session
        raise refusals.master_expired() if _ended(session, now) else refusals.session_expired()

    def renew(self, master: str) -> Tokens:
        """New tokens for the session of a master token; the old ones stay good until they expire.

        (Two threads of one client may both find the token expired, and renew it one after the other.)
        """
        key = fingerprint(master)
        with self._lock:
            session = self._by_master.get(key)
            if session is None:
                raise refusals.master_invalid()
            if session.masters[key] < self._clock():
                raise refusals.master_expired()
            return self._issue(session)

    def prolong(self, session: Session) -> None:
        """What a heartbeat does: the master tokens count from now again."""
        end = self._clock() + self._master_lifetime
        with self._lock:
            session.masters = dict.fromkeys(session.masters, end)

    def close(self, session: Session) -> None:
        """End the session; its tokens are unknown from now on."""
        with self._lock:
            self._forget(session)

    def take_ended(self) -> list[Context]:
        """The contexts of sessions that ended, by a close or by age, since the last call."""
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def __len__(self) -> int:
        return len({id(session) for session in self._by_master.values()})

    def _issue(self, session: Session) -> Tokens:
        tokens = Tokens(session=secrets.token_urlsafe(48), master=secrets.token_urlsafe(48))
        now = self._clock()
        session.tokens[fingerprint(tokens.session)] = now + self._session_lifetime
        session.masters[fingerprint(tokens.master)] = now + self._master_lifetime
        self._by_token[fingerprint(tokens.session)] = session
        self._by_master[fingerprint(tokens.master)] = session
        return tokens

    def _forget_old(self) -> None:
        limit = self._clock() - _REMEMBERED
        for session in {id(s): s for s in self._by_master.values()}.values():
            if _ended(session, limit):
                self._forget(session)

    def _forget(self, session: Session) -> None:
        for key in session.tokens:
            self._by_token.pop(key, None)
        for key in session.masters:
            self._by_master.pop(key, None)
        self._ended.append(session.context)


def _ended(session: Session, moment: float) -> bool:
    return max(session.masters.values(), default=0) < moment

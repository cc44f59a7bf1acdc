"""The bridge's sessions by their unguessable ids: who may begin one, who may resume which, which are over."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from . import messages
from .messages import Closed

T = TypeVar("T")

GRACE = 900.0
"""Seconds for which a session without a connection is kept: a closed laptop lid, a train's tunnel."""

LIMIT = 100
"""Sessions at a time; an editor needs a handful."""


@dataclass(kw_only=True)
class Session(Generic[T]):
    """What a client may come back to; ``body`` is the driver's own part of it."""

    id: bytes
    user: str
    body: T
    detached_at: float | None = None


class Sessions(Generic[T]):
    """Every session of one bridge."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        grace: float = GRACE,
        limit: int = LIMIT,
        new_id: Callable[[], bytes] = lambda: secrets.token_bytes(messages.ID_SIZE),
    ) -> None:
        self._clock = clock
        self._grace = grace
        self._limit = limit
        self._new_id = new_id
        self._sessions: dict[bytes, Session[T]] = {}

    def __iter__(self) -> Iterator[Session[T]]:
        return iter(list(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def to_give_up(self) -> Session[T] | None:
        """The session that must make way for a new one: of those without a connection, the one left first."""
        left = [(s.detached_at, s.id, s) for s in self if s.detached_at is not None]
        return min(left)[2] if left and len(self) >= self._limit else None

    def begin(self, user: str, body: T) -> Session[T]:
        """A new session of this user's."""
        session = Session(id=self._new_id(), user=user, body=body)
        self._sessions[session.id] = session
        return session

    def resume(self, session_id: bytes, user: str) -> Session[T] | Closed:
        """The session to go on with; to another user its id is as unknown as any other."""
        session = self._sessions.get(session_id)
        if session is None or session.user != user:
            return Closed(
                messages.UNKNOWN, "the box does not know this session: it was restarted, or too long ago"
            )
        session.detached_at = None
        return session

    def detach(self, session: Session[T]) -> None:
        """The session has lost its connection; its time runs from now."""
        session.detached_at = self._clock()

    def drop(self, session: Session[T]) -> None:
        """The session is over."""
        self._sessions.pop(session.id, None)

    def expired(self) -> list[Session[T]]:
        """Sessions whose client did not come back in time."""
        latest = self._clock() - self._grace
        return [s for s in self if s.detached_at is not None and s.detached_at <= latest]

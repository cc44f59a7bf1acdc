"""The ingress's own tokens, from `/oauth/token` and the sign-in page: signed, and good for one endpoint.

The library that signs them is imported with the first one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

_ALGORITHM = "HS256"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """Who may pass an endpoint (the first label of its host), and until when (seconds since 1970)."""

    user: str
    label: str
    expires: float


class Tickets:
    """Makes and reads the tokens of one server; another server's are worth nothing."""

    def __init__(self, *, lifetime: float, clock: Callable[[], float]) -> None:
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, user: str, label: str) -> str:
        """A token whose ``exp`` clients may read."""
        import jwt

        claims = {"sub": user, "aud": label, "exp": self._clock() + self._lifetime}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, token: str, label: str) -> Ticket | None:
        """The ticket, if it is ours and of this endpoint; it may have expired."""
        import jwt

        options = {"verify_exp": False}
        try:
            claims = jwt.decode(token, self._key, [_ALGORITHM], audience=label, options=options)  # type: ignore[arg-type]
        except jwt.PyJWTError:
            return None
        return Ticket(user=str(claims["sub"]), label=label, expires=float(claims["exp"]))

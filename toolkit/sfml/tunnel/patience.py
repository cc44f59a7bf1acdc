"""How long the client tries for a connection, and what it tells the user when there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .dial import AnsweredError, UnreachableError

_BACK_OFF = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0)
_NO_LOGIN = (302, 401, 403)
# Snowflake's own clients take these for passing: a starting box, an ingress under load.
_PASSING = (429, 500, 502, 503, 504)
_SPREADING = "could not find service"
"""In the 403 of an endpoint so new that not all of the ingress knows it (snowflake-ml-python retries it)."""


class TunnelError(Exception):
    """The tunnel cannot be opened, or is over before its time; the text says why."""


class LostError(Exception):
    """This connection is over; the stream may go on with the next."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long what is waited for, in seconds.

    ``network``: for a way to the endpoint to come back. ``refused``: for an endpoint that answers with an
    error to take the stream again (a restarted ingress does, a box that is gone does not). ``ending``: for
    the other side to end, too, after ssh has.
    """

    network: float = 600.0
    refused: float = 20.0
    first_byte: float = 30.0
    heartbeat: float = 20.0
    silence: float = 65.0
    ending: float = 10.0


def connect_first(open_one: Callable[[int], None], patience: Patience) -> None:
    """The first connection: only what passes is waited for, and a refused token is asked for anew once.

    ``open_one`` is told how many tokens were refused in a row.
    """
    deadline = time.monotonic() + patience.refused
    attempt = refusals = 0
    while True:
        try:
            open_one(refusals)
            return
        except AnsweredError as error:
            is_passing = _passes(error) and time.monotonic() < deadline
            is_refused = error.status in _NO_LOGIN and not is_passing
            refusals += is_refused
            is_worth_another_token = is_refused and refusals == 1
            if not is_passing and not is_worth_another_token:
                raise TunnelError(explained(error)) from error
        except (UnreachableError, LostError) as error:
            raise TunnelError(str(error)) from error
        time.sleep(_pause(attempt))
        attempt += 1


def connect_again(
    open_one: Callable[[int], None],
    patience: Patience,
    *,
    reason: str,
    network: float,
    is_left: Callable[[], bool],
    report: Callable[[str], None],
) -> None:
    """The next connection for the same stream; ``network`` seconds are waited for a way to the endpoint.

    Once ``is_left``, nobody waits for the stream: ``ending`` seconds are enough.
    """
    lost_at = time.monotonic()
    refused_since: float | None = None
    attempt = refusals = 0
    while True:
        time.sleep(_pause(attempt))
        if attempt == len(_BACK_OFF):
            report(f"connection lost ({reason}); trying to take it up again")
        attempt += 1
        now = time.monotonic()
        try:
            open_one(refusals)
            return
        except AnsweredError as error:
            refusals = refusals + 1 if error.status in _NO_LOGIN else 0
            reason, refused_since = explained(error), refused_since or now
            if now - refused_since > patience.refused:
                raise TunnelError(reason) from error
        except (UnreachableError, LostError) as error:
            reason, refused_since = str(error), None
            if now - lost_at > (min(network, patience.ending) if is_left() else network):
                raise TunnelError(reason) from error


def _passes(error: AnsweredError) -> bool:
    is_spreading = error.status == 403 and _SPREADING in error.text.lower()
    return is_spreading or error.status in _PASSING


def _pause(attempt: int) -> float:
    return _BACK_OFF[min(attempt, len(_BACK_OFF) - 1)]


def explained(error: AnsweredError) -> str:
    """What an endpoint's answer means."""
    words = {
        302: "the ingress wants a login: the token is missing or was not accepted",
        401: "the ingress does not accept the token",
        403: "not allowed to use this endpoint",
        404: "there is no such endpoint",
    }
    known = words.get(error.status)
    return f"{known} ({error})" if known else f"the endpoint answers {error}"

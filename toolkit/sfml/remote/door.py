"""One question to a box's door: an HTTPS request through the ingress, with the user's token."""

from __future__ import annotations

import time
from collections.abc import Callable

from sfml.errors import NotFinishedError, RefusedError
from sfml.remote import request, tokens
from sfml.remote.state import pause

# While a new endpoint spreads, or the box starts (snowflake-ml-python's own tests retry these).
_PASSING = frozenset({401, 403, 404, 429, 500, 502, 503, 504})


def get(url: str, path: str, token: str, *, proxy: str | None) -> tuple[int, str]:
    """Status and text of ``GET path``; OSError where there is no way."""
    answer = request.send("GET", url + path, headers=dict([tokens.header(token)]), proxy=proxy)
    return answer.status, answer.text


def host_key(
    ask: Callable[[], tuple[int, str]],
    *,
    seconds: float,
    report: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """The box's host key, once its door answers."""
    began, last = clock(), ""
    while True:
        try:
            status, text = ask()
        except OSError as error:
            status, text = 0, str(error)
        if status == 200:
            return text
        what = f"its door answers {status}: {text[:120]}" if status else f"its door does not answer: {text}"
        if status == 302 or (status and status not in _PASSING):
            raise RefusedError(what, hint="may your user use the endpoint? sfml doctor looks further")
        if clock() - began > seconds:
            raise NotFinishedError(f"the box runs, but {what}")
        if what != last:
            report(f"{clock() - began:4.0f} s  {what}")
            last = what
        sleep(pause(clock() - began))

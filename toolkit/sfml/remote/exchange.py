"""A key pair's JWT for a token of one endpoint: ``POST /oauth/token`` of the account.

docs.snowflake.com, "Configure custom OAuth"; the answer's body is the token. Imported where a connection
logs in with a key pair only: ssh waits for it.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from sfml import keypair
from sfml.errors import NoConnectionError
from sfml.keypair import KeyPair
from sfml.remote import request
from sfml.remote.request import Answer
from sfml.tunnel.dial import proxy_for

if TYPE_CHECKING:
    from sfml.keypair import Key

_PATH = "/oauth/token"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_FORM = "application/x-www-form-urlencoded"
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_MOST_SKEW = 30.0
"""Seconds; a JWT lives 60 from the moment that this machine thinks it is."""


def token(
    pair: KeyPair,
    endpoint: str,
    role: str | None,
    *,
    environ: Mapping[str, str],
    clock: Callable[[], float] = time.time,
) -> str:
    """A token for the endpoint at this URL; NoConnectionError where the account gives none, OSError where it
    cannot be reached."""
    pair.require_private()
    key = pair.load()
    form = {
        "grant_type": _GRANT,
        "scope": scope(endpoint, role),
        "assertion": keypair.jwt(pair, key, now=clock()),
    }
    url, host = pair.url + _PATH, urlsplit(pair.url).hostname
    headers = {"Content-Type": _FORM, "Accept": "*/*"}
    proxy = proxy_for(url, environ)
    try:
        answer = request.send("POST", url, headers=headers, proxy=proxy, body=urlencode(form).encode())
    except OSError as error:
        raise ConnectionError(f"{host}, which has to give a token, cannot be reached: {error}") from error
    if answer.status in _PASSING:
        raise ConnectionError(f"{host} gives no token now: it answers {answer.status}")
    if answer.status != 200 or not _is_token(answer.text):
        raise refusal(answer, pair, key, role, now=clock())
    return answer.text


def scope(endpoint: str, role: str | None) -> str:
    """What the token is for; a role whose name has a space cannot be said, and the default one counts."""
    host = urlsplit(endpoint).netloc
    return f"session:role:{role} {host}" if role and not role.split()[1:] else host


def refusal(answer: Answer, pair: KeyPair, key: Key, role: str | None, *, now: float) -> NoConnectionError:
    """Why there is no token, and what to do."""
    skew = _skew(answer, now)
    said = _words(answer.text)
    message = f"Snowflake gives no token for the key pair of {pair.user}: HTTP {answer.status} {said}".strip()
    if skew is not None and abs(skew) > _MOST_SKEW:
        way = "behind" if skew > 0 else "ahead of"
        text = f"this machine's clock is {abs(skew):.0f} s {way} Snowflake's: set it, and try again"
        return NoConnectionError(message, hint=text)
    found = next(
        (make for marks, make in _REASONS if any(mark in answer.text.lower() for mark in marks)), _any
    )
    return NoConnectionError(message, hint=found(pair, key, role))


def _key(pair: KeyPair, key: Key, _role: str | None) -> str:
    from sfml import sql

    body = base64.b64encode(keypair.public(key)).decode()
    statement = sql.alter_user_public_key(sql.Name((pair.user,)), body)
    return f"if this key is not the user's yet, an administrator can run (or RSA_PUBLIC_KEY_2): {statement};"


def _role(pair: KeyPair, _key: Key, role: str | None) -> str:
    from sfml import sql

    if not role:
        return "the user's default role has to be one that the user has"
    return f"an administrator can run: {sql.grant_role(sql.Name((role,)), user=sql.Name((pair.user,)))};"


def _scope(_pair: KeyPair, _key: Key, _role: str | None) -> str:
    return "the box has another address now: sfml up notes it"


def _time(_pair: KeyPair, _key: Key, _role: str | None) -> str:
    return "set this machine's clock, and try again"


def _any(pair: KeyPair, key: Key, role: str | None) -> str:
    return f"{_key(pair, key, role)}\nsfml doctor looks at the role, the clock and the box"


# The numbers are Snowflake's (the connector's network.py); its texts for this request are not published.
_REASONS: tuple[tuple[tuple[str, ...], Callable[[KeyPair, Key, str | None], str]], ...] = (
    (("394301", "394302", "394303", "expired", "not yet valid"), _time),
    (("390189", "role"), _role),
    (("scope",), _scope),
    (("390144", "394300", "394304", "394305", "394306", "fingerprint"), _key),
)


def _is_token(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and not set(text) & set(' "<{')


def _words(text: str) -> str:
    """What the account says, short; never what may be a token."""
    import json

    try:
        found = json.loads(text)
    except ValueError:
        return ""
    said = found if isinstance(found, dict) else {}
    words = [str(said[name]) for name in ("code", "error_description", "message", "error") if said.get(name)]
    return " ".join(" ".join(words[:2]).split())[:300]


def _skew(answer: Answer, now: float) -> float | None:
    """Seconds that this machine's clock is behind the account's."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(answer.date).timestamp() - now
    except (TypeError, ValueError):
        return None

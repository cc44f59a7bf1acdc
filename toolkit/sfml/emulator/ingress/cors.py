"""Which other origins' pages may call a public endpoint: the answers of `corsSettings`.

docs.snowflake.com, Snowpark Container Services, "Service network communications": the program's own CORS
headers are taken out; these are the ingress's. The life of an answer and Allow-Credentials are fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sfml.emulator.ingress.fields import SECURED
from sfml.emulator.ingress.heads import Request

Fields = tuple[tuple[str, str], ...]

MAX_AGE = 2 * 60 * 60
REFUSED = "Rejecting a CORS request since cookie was present, and request does not have an auth header"
_ALLOW = "Access-Control-Allow-"
_EXPOSE = "Access-Control-Expose-Headers"
_READING = ("GET", "HEAD", "OPTIONS")


def is_foreign(request: Request) -> bool:
    """Whether the request comes from a page of another origin."""
    origin = request.get("origin")
    return bool(origin) and origin.partition("://")[2].lower() != request.get("host").lower()


def is_forged(request: Request) -> bool:
    """Whether another origin's page writes with nothing but the cookie that a browser adds by itself."""
    by_cookie = bool(request.get("cookie")) and not request.get("authorization")
    return is_foreign(request) and by_cookie and request.method not in _READING


def answers(settings: Mapping[str, Any], request: Request) -> Fields:
    """What a response says to the page that asks; nothing to an origin that is not listed."""
    if not _is_listed(settings, request):
        return ()
    exposed = ", ".join([*(settings.get(_EXPOSE) or ()), *SECURED])
    return (
        (f"{_ALLOW}Origin", request.get("origin")),
        (f"{_ALLOW}Credentials", "true"),
        ("Vary", "Origin"),
        (_EXPOSE, exposed),
    )


def preflight(settings: Mapping[str, Any], request: Request) -> Fields:
    """The answer to a browser that asks before it calls; nothing where that is not so, or not allowed."""
    if request.method != "OPTIONS" or not request.get("access-control-request-method"):
        return ()
    allowed = answers(settings, request)
    listed = ((name, _list(settings, name)) for name in (f"{_ALLOW}Methods", f"{_ALLOW}Headers"))
    age = (("Access-Control-Max-Age", str(MAX_AGE)),)
    return (*allowed, *((name, text) for name, text in listed if text), *age) if allowed else ()


def _is_listed(settings: Mapping[str, Any], request: Request) -> bool:
    origin = request.get("origin").lower()
    return any(str(one).lower() == origin for one in settings.get(f"{_ALLOW}Origin") or ())


def _list(settings: Mapping[str, Any], name: str) -> str:
    return ", ".join(str(one) for one in settings.get(name) or ())

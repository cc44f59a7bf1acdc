"""Which header fields go through, and which are the ingress's own.

Source of all of it: docs.snowflake.com, Snowpark Container Services, "Service network communications".
"""

from __future__ import annotations

from collections.abc import Iterable

from sfml.emulator.ingress.heads import Fields, Request, Response, value, words

SCHEME = "snowflake token="
USER = "Sf-Context-Current-User"
COOKIE = "sfc-ss-ingress-auth-v1-"
"""Of each endpoint: its label follows."""
_OWN_COOKIES = "sfc-ss-"
_OWN = ("sf-context-", "x-sf-spcs-")
_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "upgrade",
    }
)
_NOT_BACK = frozenset(
    {
        "server", "x-powered-by", "x-xss-protection", "public-key-pins",
        "content-security-policy-report-only",  # Snowflake's own has the reports sent to itself
    }
)  # fmt: skip
_NOT_BACK_PREFIX = "access-control-"
POLICY = "Content-Security-Policy"
_GUARDS: Fields = (
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "credentialless"),
    ("X-Content-Type-Options", "nosniff"),
)
SECURED = (*(name for name, _ in _GUARDS), f"{POLICY}-Report-Only", POLICY)
"""Fields about a page's security, which pages of listed origins may always read."""
_EXECUTABLE = frozenset(
    f"application/{kind}"
    for kind in (
        "x-msdownload", "exe", "x-exe", "dos-exe", "x-winexe", "msdos-windows", "x-msdos-program",
        "x-sh", "x-bsh", "x-csh", "x-tcsh", "batch",
    )
)  # fmt: skip
_ANYWHERE = "0.0.0.0"  # noqa: S104 - how network rules write every host
_DEFAULT_PORTS = ("80", "443")


def security(hosts: Iterable[str] = ()) -> Fields:
    """What each page gets; it may load from the hosts (with ports, as in a network rule), too."""
    names = [_source(host) for host in hosts]
    loads = "".join(f" http://{name} https://{name}" for name in names)
    sockets = "".join(f" wss://{name}" for name in names)
    policy = (
        f"default-src 'self' 'unsafe-inline' 'unsafe-eval'{loads} blob: data:; object-src 'none'; "
        f"connect-src 'self'{loads}{sockets}; frame-ancestors 'self';"
    )
    return (*_GUARDS, (POLICY, policy))


def _source(host: str) -> str:
    name, _, port = host.partition(":")
    shown = "*" if name == _ANYWHERE else name
    return f"{shown}:{port}" if port and port not in _DEFAULT_PORTS else shown


def token_in(request: Request) -> str:
    """The Snowflake token of the Authorization header, quoted or not; '' when it holds none."""
    text = request.get("authorization")
    if not text.lower().startswith(SCHEME):
        return ""
    return text[len(SCHEME) :].strip().strip('"')


def cookie_in(request: Request, name: str) -> str:
    """The value of a cookie; '' when there is none."""
    for key, _, text in (pair.strip().partition("=") for pair in request.get("cookie").split(";")):
        if key == name:
            return text
    return ""


def towards_container(request: Request, user: str) -> list[tuple[str, str]]:
    """The request's fields as the container gets them: the user is who the ingress says, nobody else."""
    listed = words(request.get("connection"))
    kept = [
        (name, text)
        for name, text in request.fields
        if not _withheld(name, text) and name.lower() not in _HOP and name.lower() not in listed
    ]
    kept = [(name, _without_ours(text) if name.lower() == "cookie" else text) for name, text in kept]
    way = (
        [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        if request.upgrades
        else [("Connection", "close")]
    )
    return [
        *((name, text) for name, text in kept if text or name.lower() != "cookie"),
        *way,
        (USER, _as_value(user)),
    ]


def _as_value(user: str) -> str:
    """A user's name as a field's value: in UTF-8, on one line (a quoted identifier may hold anything)."""
    text = "".join(char if char.isprintable() else "?" for char in user)
    return text.encode().decode("latin-1")


def towards_client(response: Response, hosts: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The response's fields as the client gets them; its pages may load from the hosts."""
    upgrades = response.status == 101
    kept = [
        (name, text)
        for name, text in response.fields
        if name.lower() not in _NOT_BACK
        and not name.lower().startswith(_NOT_BACK_PREFIX)
        and (upgrades or name.lower() not in _HOP)
        and name.lower() not in _SET_HERE
    ]
    return kept if upgrades else [*kept, *security(hosts), ("Connection", "close")]


_SET_HERE = frozenset(name.lower() for name, _ in _GUARDS)


def is_executable(response: Response) -> bool:
    """Whether the content is of a type that the ingress holds back."""
    return value(response.fields, "content-type").partition(";")[0].strip().lower() in _EXECUTABLE


def _withheld(name: str, text: str) -> bool:
    plain = name.lower().replace("_", "-")  # servers of the WSGI kind take the two for the same
    return plain.startswith(_OWN) or (plain == "authorization" and text.lower().startswith(SCHEME))


def _without_ours(cookies: str) -> str:
    kept = [pair.strip() for pair in cookies.split(";") if not pair.strip().startswith(_OWN_COOKIES)]
    return "; ".join(kept)

"""`POST /oauth/token`: a key-pair JWT or a programmatic access token for a token of one endpoint.

docs.snowflake.com/en/user-guide/oauth-custom; the answer's body is the token itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jwt

from sfml.emulator.auth import refusals
from sfml.emulator.auth.credentials import Door
from sfml.emulator.auth.login import may_use
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.faults import Fault
from sfml.emulator.ingress.tickets import Tickets
from sfml.emulator.wire.requests import LoginRequest

_BY_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_BY_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "programmatic_access_token"  # noqa: S105 - a kind of token
_ROLE = "session:role:"


def exchange(
    form: Mapping[str, str], *, door: Door, tickets: Tickets, label_at: Callable[[str], str | None]
) -> str:
    """The token; :class:`Fault` when the form's credentials or its scope are worth nothing."""
    kind = form.get("grant_type", "")
    if kind == _BY_JWT:
        login = _by_jwt(form.get("assertion", ""))
    elif kind == _BY_EXCHANGE and form.get("subject_token_type") == _ACCESS_TOKEN:
        login = _by_access_token(form.get("subject_token", ""), door)
    else:
        raise refusals.unknown_method(kind)
    identity = door.identify(login)

    def has(role: str) -> bool:
        is_its_own = identity.role in (None, role)  # an access token may be good for one role only
        exists = door.catalog.get(Kind.ROLE, Name(name=role)) is not None
        return is_its_own and exists and may_use(identity, role)

    label = _checked_scope(form.get("scope", ""), has, label_at)
    return tickets.issue(identity.user, label)


def _checked_scope(scope: str, has: Callable[[str], bool], label_at: Callable[[str], str | None]) -> str:
    """The label of the endpoint that ``[session:role:<role> ]<host>`` names; the role's case counts."""
    hosts = [word for word in scope.split() if not word.startswith(_ROLE)]
    roles = [word.removeprefix(_ROLE) for word in scope.split() if word.startswith(_ROLE)]
    for role in roles:
        if not has(role):
            raise refusals.role_not_granted(role)
    label = label_at(hosts[0]) if len(hosts) == 1 and len(roles) < 2 else None
    if label is None:
        raise Fault("390400", "08001", "Bad request: the scope names no endpoint.")
    return label


def _by_jwt(assertion: str) -> LoginRequest:
    """The login whose JWT this is; its user is checked with the signature."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise refusals.jwt_invalid() from None
    user = str(claims.get("sub", "")).rpartition(".")[2]
    return LoginRequest(login_name=user, token=assertion, authenticator="SNOWFLAKE_JWT")


def _by_access_token(token: str, door: Door) -> LoginRequest:
    owner = door.owner_of(token)
    if owner is None:
        raise refusals.access_token_invalid()
    return LoginRequest(login_name=owner[0], token=token, authenticator="PROGRAMMATIC_ACCESS_TOKEN")

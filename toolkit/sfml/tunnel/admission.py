"""Which requests the bridge lets in, and what it answers to the rest."""

from __future__ import annotations

import hmac

from . import upgrade
from .upgrade import PATH

USER_HEADER = "sf-context-current-user"
"""Set by the ingress on every request; it drops a client's own (Snowflake: "Working with services")."""


def check(head: upgrade.Head, owner: str | None) -> tuple[int, str] | None:
    """The refusal that a request gets, if any; every path but /ssh only answers."""
    method, target, version = head.first
    users = head.all(USER_HEADER)
    path = target.partition("?")[0]
    if (
        version != "HTTP/1.1"
        or head.all("transfer-encoding")
        or "".join(head.all("content-length")) not in ("", "0")
    ):
        return 400, "one HTTP/1.1 request without a body, please"
    if target in ("/healthz", "/activity") and not users:  # from within: the ingress names a user
        return None if method == "GET" else (405, "only GET")
    if owner is not None and (len(users) != 1 or not hmac.compare_digest(users[0].encode(), owner.encode())):
        return 403, "this box belongs to another user"
    if path != PATH and target not in ("/host-key", "/healthz"):
        return 404, "there is nothing here"
    if method != "GET":
        return 405, "only GET"
    if path != PATH:
        return None
    return _check_upgrade(head)


def _check_upgrade(head: upgrade.Head) -> tuple[int, str] | None:
    connection = [word.lower() for word in head.words("connection")]
    keys = head.all("sec-websocket-key")
    if [word.lower() for word in head.words("upgrade")] != ["websocket"] or "upgrade" not in connection:
        return 426, "this path is a WebSocket"
    if head.all("sec-websocket-version") != ["13"] or len(keys) != 1 or not upgrade.is_key(keys[0]):
        return 400, "not a WebSocket of version 13"
    if head.all("origin"):
        # A page elsewhere could use the browser's cookie for the ingress; a browser has no business here.
        return 403, "no browsers"
    return None

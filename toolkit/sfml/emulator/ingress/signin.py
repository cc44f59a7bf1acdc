"""The ingress's own pages: where a browser signs in to an endpoint, and out."""

from __future__ import annotations

import html
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode

from sfml.emulator.auth.credentials import Door
from sfml.emulator.faults import Fault
from sfml.emulator.ingress import fields
from sfml.emulator.ingress.heads import Request
from sfml.emulator.ingress.replies import Reply, error, redirect
from sfml.emulator.ingress.tickets import Tickets
from sfml.emulator.wire.requests import LoginRequest

OWN_PATHS = "/sfc-endpoint/"
_LOGIN = "/sfc-endpoint/login"
_LOGOUT = "/sfc-endpoint/logout"


def to_sign_in(request: Request) -> Reply:
    """Where a request without credentials is sent."""
    return redirect(f"{_LOGIN}?{urlencode({'next': request.target})}")


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Answers requests below :data:`OWN_PATHS`."""

    door: Door
    tickets: Tickets
    secure: bool = False  # cookies travel by TLS only

    def answer(self, request: Request, label: str, body: bytes) -> Reply:
        """The page; ``body`` is the form that came with the request."""
        cookie = fields.COOKIE + label
        if request.path == _LOGOUT:
            return redirect("/", ("Set-Cookie", f"{cookie}=; Max-Age=0; {self._attributes()}"))
        if request.path != _LOGIN:
            return error(404, "Not Found", "There is no such page.")
        query = parse_qs(request.target.partition("?")[2])
        target = _local(query.get("next", ["/"])[0])
        if request.method != "POST":
            return _page(target)
        form = parse_qs(body.decode("utf-8", "replace"))
        user, password = (form.get(name, [""])[0] for name in ("user", "password"))
        try:
            identity = self.door.identify(LoginRequest(login_name=user, password=password))
        except Fault as fault:
            return _page(target, problem=fault.message)
        ticket = self.tickets.issue(identity.user, label)
        return redirect(target, ("Set-Cookie", f"{cookie}={ticket}; {self._attributes()}"))

    def _attributes(self) -> str:
        return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.secure else "")


def _local(target: str) -> str:
    """A path of this host: no way from the sign-in page to another one."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    return quote(target, safe="/?&=%:;,+@!$'()*~-._#") if plain else "/"


def _page(target: str, *, problem: str = "") -> Reply:
    action = html.escape(f"{_LOGIN}?{urlencode({'next': target})}")
    note = f"<p role=alert>{html.escape(problem)}</p>" if problem else ""
    text = (
        "<!doctype html><meta charset=utf-8><title>Sign in</title><h1>Sign in to the local backend</h1>"
        f"{note}<form method=post action='{action}'>"
        "<p><label>User <input name=user autofocus autocomplete=username></label>"
        "<p><label>Password <input name=password type=password autocomplete=current-password></label>"
        "<p><button>Sign in</button></form>"
    )
    status, reason = (401, "Unauthorized") if problem else (200, "OK")
    kind = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"))
    return Reply(status=status, reason=reason, body=text.encode(), fields=(*kind, *fields.security()))

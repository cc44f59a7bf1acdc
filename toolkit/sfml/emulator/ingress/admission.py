"""What becomes of a request: passed on to an instance, or refused in the ingress's own words.

Refusals: docs.snowflake.com/en/developer-guide/snowpark-container-services/troubleshooting and what clients
branch on; where no text is published it is ours (docs/deviations.md).
"""

from __future__ import annotations

import html
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from sfml.emulator.auth.credentials import Door
from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.privileges import ACCOUNT, has
from sfml.emulator.handlers.service_endpoints import may_use
from sfml.emulator.ingress import cors, fields
from sfml.emulator.ingress.heads import Request
from sfml.emulator.ingress.tickets import Tickets
from sfml.emulator.passwords import fingerprint
from sfml.emulator.services.model import Service
from sfml.emulator.services.states import InstanceStatus
from sfml.emulator.wire.requests import LoginRequest

OWN_PATHS = "/sfc-endpoint/"
_LOGIN = "/sfc-endpoint/login"
_LOGOUT = "/sfc-endpoint/logout"
_REFUSED_METHODS = ("TRACE", "CONNECT")
_FORMAT = "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The ingress answers by itself."""

    status: int
    reason: str
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """The request goes to that port, as that user; ``expires`` is the end of what it was admitted with."""

    host: str
    port: int
    user: str
    service: str
    expires: float | None = None
    answers: tuple[tuple[str, str], ...] = ()  # fields that the response gets


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What a listening port stands for."""

    service: int  # the catalog's id
    name: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Caller:
    user: str
    role: str | None = None  # of a job's token: it has that role alone
    expires: float | None = None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Everything that a request is checked against."""

    backend: Backend
    door: Door
    sessions: Sessions
    tickets: Tickets
    turn: itertools.count[int] = field(default_factory=itertools.count)

    def decide(self, request: Request, endpoint: Endpoint, body: bytes = b"") -> Reply | Pass:
        """The request's fate; it blocks on the catalog for a moment. ``body`` is that of an own page."""
        if request.method in _REFUSED_METHODS:
            return _error(405, "Method Not Allowed", f"The method {request.method} is not supported.")
        if request.path.startswith(OWN_PATHS):
            return self._own_page(request, endpoint, body)
        service = self._service(endpoint)
        if service is None:
            return _error(404, "Not Found", "The endpoint does not exist.")
        settings = _cors(service, endpoint.name)
        if allowed := cors.preflight(settings, request):
            return Reply(status=204, reason="No Content", fields=allowed)
        if cors.is_forged(request):
            return _error(403, "Forbidden", cors.REFUSED)
        try:
            caller = self._caller(request, endpoint)
        except Fault as fault:
            status = 500 if fault.sqlstate == _ARROW else 401
            return _error(status, "Internal Server Error" if status == 500 else "Unauthorized", fault.message)
        if caller is None:
            return _redirect(f"{_LOGIN}?{urlencode({'next': request.target})}")
        if not self._permitted(caller, service, endpoint):
            return _error(403, "Forbidden", f"User {caller.user} may not use this endpoint.")
        decision = self._passed(caller, service, endpoint)
        if isinstance(decision, Pass):
            return replace(decision, answers=cors.answers(settings, request))
        return decision

    def _service(self, endpoint: Endpoint) -> Service | None:
        """The service, while its owner may bind public endpoints."""
        services: list[Service] = self.backend.services.find()
        service = next((one for one in services if one.record.id == endpoint.service), None)
        if service is None or _port(service, endpoint.name) is None:
            return None
        owner = Context(session_id=0, user="", role=service.record.owner)
        return service if has(owner, self.backend, "BIND SERVICE ENDPOINT", ACCOUNT) else None

    # --- who asks

    def _caller(self, request: Request, endpoint: Endpoint) -> _Caller | None:
        """Who the token or the cookie names; None without either, :class:`Fault` for a bad one."""
        if token := fields.token_in(request):
            return self._of_token(token, endpoint)
        cookie = fields.cookie_in(request, fields.COOKIE + endpoint.label)
        ticket = self.tickets.read(cookie, endpoint.label) if cookie else None
        if ticket is None or ticket.expires < self.now():
            return None  # to the sign-in page
        return _Caller(user=ticket.user, expires=ticket.expires)

    def _of_token(self, token: str, endpoint: Endpoint) -> _Caller:
        if ticket := self.tickets.read(token, endpoint.label):
            if ticket.expires < self.now():
                raise Fault("390318", "08001", "The token has expired.")
            return _Caller(user=ticket.user, expires=ticket.expires)
        if owner := self.door.owner_of(token):
            return _Caller(user=owner[0], expires=owner[1])
        session = self.sessions.find(token)
        # The ingress asks who this is by a query in the token's own session, and reads JSON rows only.
        if str(session.context.parameters.get(_FORMAT, "")).upper() != "JSON":
            raise Fault("000603", _ARROW, "Internal error: the session of the token does not return JSON.")
        expires = session.tokens.get(fingerprint(token))
        role = session.context.role if session.context.service else None
        return _Caller(user=session.context.user, role=role, expires=expires)

    def now(self) -> float:
        return self.backend.clock().timestamp()

    def _permitted(self, caller: _Caller, service: Service, endpoint: Endpoint) -> bool:
        """Whether any role of the user has a service role for the endpoint."""
        context = Context(
            session_id=0,
            user=caller.user,
            role=caller.role or "PUBLIC",
            secondary_roles="NONE" if caller.role else "ALL",
        )
        return may_use(endpoint.name, service, context, self.backend)

    # --- where to

    def _passed(self, caller: _Caller, service: Service, endpoint: Endpoint) -> Reply | Pass:
        if service.suspended and service.auto_resume:
            self.backend.services.resume(service.name)
        port = _port(service, endpoint.name)
        ready = [one.id for one in service.instances if one.status is InstanceStatus.READY]
        hosts = [host for one in ready if (host := self.backend.services.address(service, one))]
        if not hosts or port is None:
            return unreachable(service.name.name)
        host = hosts[next(self.turn) % len(hosts)]
        return Pass(host=host, port=port, user=caller.user, service=service.name.name, expires=caller.expires)

    # --- the ingress's own pages

    def _own_page(self, request: Request, endpoint: Endpoint, body: bytes) -> Reply:
        cookie = fields.COOKIE + endpoint.label
        if request.path == _LOGOUT:
            return _redirect("/", ("Set-Cookie", f"{cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
        if request.path != _LOGIN:
            return _error(404, "Not Found", "There is no such page.")
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
        ticket = self.tickets.issue(identity.user, endpoint.label)
        return _redirect(target, ("Set-Cookie", f"{cookie}={ticket}; Path=/; HttpOnly; SameSite=Lax"))


_ARROW = "XX000"


def unreachable(service: str) -> Reply:
    """The service starts, has crashed, or is not ready."""
    return _error(503, "Service Unavailable", f"Service {service} not reachable: no service hosts found.")


def failed(why: str) -> Reply:
    return _error(500, "Internal Server Error", why)


def bad_request(why: str) -> Reply:
    return _error(400, "Bad Request", f"Bad request: {why}.")


def held_back() -> Reply:
    return _error(403, "Forbidden", "The content type of the response is not allowed.")


def public(service: Service) -> list[str]:
    """The names of a service's public endpoints."""
    found: list[Mapping[str, Any]] = service.spec["spec"].get("endpoints", [])
    return [str(one["name"]) for one in found if one.get("public")]


def _port(service: Service, endpoint: str) -> int | None:
    found = _described(service, endpoint)
    return int(found["port"]) if found else None


def _cors(service: Service, endpoint: str) -> Mapping[str, Any]:
    return _described(service, endpoint).get("corsSettings") or {}


def _described(service: Service, endpoint: str) -> Mapping[str, Any]:
    """What the specification says of a public endpoint; nothing where there is none."""
    found: list[Mapping[str, Any]] = service.spec["spec"].get("endpoints", [])
    return next((one for one in found if one["name"] == endpoint and one.get("public")), {})


def _error(status: int, reason: str, detail: str) -> Reply:
    body = json.dumps({"responseType": "ERROR", "detail": detail}).encode()
    return Reply(status=status, reason=reason, body=body, fields=(("Content-Type", "application/json"),))


def _redirect(target: str, *more: tuple[str, str]) -> Reply:
    return Reply(status=302, reason="Found", fields=(("Location", target), *more))


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
    return Reply(status=status, reason=reason, body=text.encode(), fields=(*kind, *fields.SECURITY))

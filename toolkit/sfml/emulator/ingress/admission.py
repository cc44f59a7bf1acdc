"""What becomes of a request: passed on to an instance, or refused in the ingress's own words."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.handlers import integrations
from sfml.emulator.handlers.base import Backend
from sfml.emulator.handlers.privileges import ACCOUNT, has
from sfml.emulator.handlers.service_endpoints import may_use
from sfml.emulator.ingress import cors
from sfml.emulator.ingress.callers import ARROW, Caller, Callers
from sfml.emulator.ingress.heads import Request
from sfml.emulator.ingress.replies import Reply, error, failing, not_spread, unreachable
from sfml.emulator.ingress.signin import OWN_PATHS, Pages, to_sign_in
from sfml.emulator.services.model import Service
from sfml.emulator.services.states import InstanceStatus

_NOT_PERMITTED = (
    "may not use this endpoint: a service role for it is needed, and USAGE on its database and schema."
)
_REFUSED_METHODS = ("TRACE", "CONNECT")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """The request goes to that port, as that user; ``expires`` is the end of what it was admitted with."""

    host: str
    port: int
    user: str
    service: str
    expires: float | None = None
    answers: tuple[tuple[str, str], ...] = ()  # fields that the response gets
    hosts: tuple[str, ...] = ()  # where the service's integrations lead, and so its pages may go


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What a listening port stands for."""

    service: int  # the catalog's id
    name: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Everything that a request is checked against."""

    backend: Backend
    callers: Callers
    pages: Pages
    turn: itertools.count[int] = field(default_factory=itertools.count)
    asked: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def decide(self, request: Request, endpoint: Endpoint, body: bytes = b"") -> Reply | Pass:
        """The request's fate; it blocks on the catalog for a moment. ``body`` is that of an own page."""
        if request.method in _REFUSED_METHODS:
            return error(405, "Method Not Allowed", f"The method {request.method} is not supported.")
        if request.path.startswith(OWN_PATHS):
            return self.pages.answer(request, endpoint.label, body)
        service = self._service(endpoint)
        if service is None:
            return error(404, "Not Found", "The endpoint does not exist.")
        settings = _cors(service, endpoint.name)
        if allowed := cors.preflight(settings, request):
            return Reply(status=204, reason="No Content", fields=allowed)
        if cors.is_forged(request):
            return error(403, "Forbidden", cors.REFUSED)
        caller = self._caller(request, endpoint)
        if isinstance(caller, Reply):
            return caller
        if not self._permitted(caller, service, endpoint):
            return error(403, "Forbidden", f"User {caller.user} {_NOT_PERMITTED}")
        decision = self._setback(service) or self._passed(caller, service, endpoint)
        if isinstance(decision, Pass):
            hosts = integrations.hosts(service.integrations, self.backend)
            return replace(decision, answers=cors.answers(settings, request), hosts=hosts)
        return decision

    def _caller(self, request: Request, endpoint: Endpoint) -> Caller | Reply:
        """Who asks, or what they are told whose credentials are worth nothing."""
        try:
            caller = self.callers.of(request, endpoint.label)
        except Fault as fault:
            status = 500 if fault.sqlstate == ARROW else 401
            return error(status, "Internal Server Error" if status == 500 else "Unauthorized", fault.message)
        return caller or to_sign_in(request)

    def _service(self, endpoint: Endpoint) -> Service | None:
        """The service, while its owner may bind public endpoints."""
        services: list[Service] = self.backend.services.find()
        service = next((one for one in services if one.record.id == endpoint.service), None)
        if service is None or _port(service, endpoint.name) is None:
            return None
        owner = Context(session_id=0, user="", role=service.record.owner)
        return service if has(owner, self.backend, "BIND SERVICE ENDPOINT", ACCOUNT) else None

    def _permitted(self, caller: Caller, service: Service, endpoint: Endpoint) -> bool:
        """Whether the user's roles have a service role for the endpoint, and USAGE on where it is."""
        context = Context(
            session_id=0,
            user=caller.user,
            role=caller.role or "PUBLIC",
            secondary_roles="NONE" if caller.role else "ALL",
        )
        name = service.name
        database, schema = Name(name=name.database), Name(name=name.schema, database=name.database)
        return (
            may_use(endpoint.name, service, context, self.backend)
            and has(context, self.backend, "USAGE", Kind.DATABASE, database)
            and has(context, self.backend, "USAGE", Kind.SCHEMA, schema)
        )

    def _setback(self, service: Service) -> Reply | None:
        """What goes wrong by the server's settings: a new endpoint's spreading, each n-th request."""
        settings = self.backend.settings
        spread = service.record.created_on + timedelta(
            seconds=settings.ingress_provisioning + settings.ingress_spreading
        )
        if self.backend.clock() < spread:
            return not_spread(service.name.name)
        every = settings.ingress_fail_every
        number = next(self.asked) if every else 0
        return failing(number // every) if number and number % every == 0 else None

    def _passed(self, caller: Caller, service: Service, endpoint: Endpoint) -> Reply | Pass:
        if service.suspended and service.auto_resume:
            self.backend.services.resume(service.name)
        port = _port(service, endpoint.name)
        ready = [one.id for one in service.instances if one.status is InstanceStatus.READY]
        hosts = [host for one in ready if (host := self.backend.services.address(service, one))]
        if not hosts or port is None:
            return unreachable(service.name.name)
        host = hosts[next(self.turn) % len(hosts)]
        return Pass(host=host, port=port, user=caller.user, service=service.name.name, expires=caller.expires)


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

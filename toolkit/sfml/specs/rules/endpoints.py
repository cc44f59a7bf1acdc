"""Rules about endpoints and the roles that may use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sfml.specs import model
from sfml.specs.problems import Finding, Severity
from sfml.specs.rules.cases import spec
from sfml.specs.rules.rule import Rule
from sfml.specs.scope import Scope, unknown
from sfml.specs.suggest import did_you_mean


def one_port(endpoint: Any, _: Scope) -> Iterator[Finding]:
    """An endpoint with neither port nor portRange, or with both."""
    if ("port" in endpoint) == ("portRange" in endpoint):
        both = "port" in endpoint
        message = "an endpoint has a port or a portRange" + (", not both" if both else "")
        path = ("portRange",) if both else ()
        yield Finding(path=path, message=message, fix="remove one" if both else "add port: 8080", at_key=both)


def port_range(endpoint: Any, _: Scope) -> Iterator[Finding]:
    """A range of ports over HTTP, public, or in the wrong order."""
    value = endpoint.get("portRange")
    if type(value) is not str or unknown(value):
        return
    if endpoint.get("protocol") != "TCP" and not unknown(endpoint.get("protocol")):
        message = "a range of ports is for protocol: TCP only, and HTTP is the default"
        yield Finding(path=("portRange",), message=message, fix="add protocol: TCP", at_key=True)
    if endpoint.get("public") is True:
        message = "a range of ports cannot be public"
        yield Finding(
            path=("public",), message=message, fix="set public: false, or give one port", at_key=True
        )
    first, _dash, last = value.partition("-")
    if first.isdecimal() and last.isdecimal() and not 1 <= int(first) <= int(last) <= 65535:
        message = f"{value} is not a range of ports between 1 and 65535"
        yield Finding(path=("portRange",), message=message, fix="the lower port first, such as 32768-60999")


def public_is_http(endpoint: Any, _: Scope) -> Iterator[Finding]:
    """A public endpoint over TCP."""
    if endpoint.get("public") is True and endpoint.get("protocol") == "TCP" and "portRange" not in endpoint:
        message = "a public endpoint speaks HTTP; TCP is for other services only"
        yield Finding(path=("protocol",), message=message, fix="set protocol: HTTP or public: false")


def https(value: Any, _: Scope) -> Iterator[Finding]:
    """protocol: HTTPS."""
    if value == "HTTPS":
        message = (
            "HTTPS is gone from the list of protocols; public endpoints are served over HTTPS in any case"
        )
        yield Finding(message=message, fix="write protocol: HTTP")


def cors_of_private(endpoint: Any, _: Scope) -> Iterator[Finding]:
    """CORS answers on an endpoint that no browser reaches."""
    public = endpoint.get("public")
    if "corsSettings" in endpoint and public is not True and not unknown(public):
        message = "corsSettings is for public endpoints"
        yield Finding(
            path=("corsSettings",), message=message, fix="set public: true, or remove it", at_key=True
        )


def role_endpoints(role: Any, scope: Scope) -> Iterator[Finding]:
    """A role on an endpoint that does not exist."""
    names = role.get("endpoints")
    for index, name in enumerate(names if type(names) is list else ()):
        is_missing = type(name) is str and name not in scope.endpoint_names
        if is_missing and not (unknown(name) or scope.endpoints_are_open()):
            fix = did_you_mean(name, scope.endpoint_names) or "name an endpoint of spec.endpoints"
            yield Finding(path=("endpoints", index), message=f"there is no endpoint {name!r}", fix=fix)


def reserved_role(role: Any, _: Scope) -> Iterator[Finding]:
    """A role with the name of the one that every service has."""
    name = role.get("name")
    if type(name) is str and name.lower() == "all_endpoints_usage":
        message = f"{name} is the name of a role that every service has"
        yield Finding(path=("name",), message=message, fix="choose another name")


_WEB = "endpoints:\n- name: web\n  port: 8080\n"
_CORS = "  public: true\n  corsSettings:\n    Access-Control-Allow-Origin: [{0}]\n"
_ONE = ((model.Endpoint, ""),)
RULES: tuple[Rule, ...] = (
    Rule(
        id="SPCS130",
        title="An endpoint needs one port or one range",
        severity=Severity.ERROR,
        why="port and portRange exclude each other, and one of them is required.",
        on=_ONE,
        check=one_port,
        wrong=spec("endpoints:\n- name: web"),
        right=spec(_WEB),
    ),
    Rule(
        id="SPCS131",
        title="A range of ports is private TCP",
        severity=Severity.ERROR,
        why="portRange goes with protocol: TCP and public: false only, lower port first.",
        on=_ONE,
        check=port_range,
        given="portRange",
        wrong=spec("endpoints:\n- name: workers\n  portRange: 10002-19999"),
        right=spec("endpoints:\n- name: workers\n  portRange: 10002-19999\n  protocol: TCP"),
    ),
    Rule(
        id="SPCS132",
        title="Not a protocol",
        severity=Severity.ERROR,
        why="Endpoints speak TCP or HTTP, in capitals; UDP does not exist here.",
        wrong=spec(_WEB + "  protocol: UDP"),
        right=spec(_WEB + "  protocol: TCP"),
    ),
    Rule(
        id="SPCS133",
        title="A public endpoint over TCP",
        severity=Severity.ERROR,
        why="Public endpoints are HTTP only.",
        on=_ONE,
        check=public_is_http,
        given="protocol",
        wrong=spec(_WEB + "  public: true\n  protocol: TCP"),
        right=spec(_WEB + "  public: false\n  protocol: TCP"),
    ),
    Rule(
        id="SPCS134",
        title="protocol: HTTPS",
        severity=Severity.WARNING,
        why="Older documentation had it. The way to a public endpoint is encrypted in any case.",
        on=((model.Endpoint, "protocol"),),
        check=https,
        wrong=spec(_WEB + "  protocol: HTTPS"),
        right=spec(_WEB + "  protocol: HTTP"),
    ),
    Rule(
        id="SPCS135",
        title="Not an origin",
        severity=Severity.ERROR,
        why="An origin is scheme, host and port: no path, no *.",
        wrong=spec(_WEB + _CORS.format('"*"')),
        right=spec(_WEB + _CORS.format('"https://app.example.com"')),
    ),
    Rule(
        id="SPCS136",
        title="corsSettings on a private endpoint",
        severity=Severity.WARNING,
        why="Only public endpoints answer browsers.",
        on=_ONE,
        check=cors_of_private,
        given="corsSettings",
        wrong=spec(_WEB + _CORS.format('"https://app.example.com"').replace("true", "false")),
        right=spec(_WEB + _CORS.format('"https://app.example.com"')),
    ),
    Rule(
        id="SPCS137",
        title="A role on an endpoint that does not exist",
        severity=Severity.ERROR,
        why="Each name below a role's endpoints is that of an endpoint of spec.endpoints.",
        on=((model.ServiceRole, ""),),
        check=role_endpoints,
        wrong=spec(_WEB) + "serviceRoles:\n- name: app\n  endpoints: [wep]\n",
        right=spec(_WEB) + "serviceRoles:\n- name: app\n  endpoints: [web]\n",
    ),
    Rule(
        id="SPCS138",
        title="A role that every service has",
        severity=Severity.WARNING,
        why="Snowflake gives every service the role all_endpoints_usage.",
        on=((model.ServiceRole, ""),),
        check=reserved_role,
        wrong=spec(_WEB) + "serviceRoles:\n- name: all_endpoints_usage\n  endpoints: [web]\n",
        right=spec(_WEB) + "serviceRoles:\n- name: every_endpoint\n  endpoints: [web]\n",
    ),
)

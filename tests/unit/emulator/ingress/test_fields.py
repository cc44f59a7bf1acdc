"""Which header fields pass the ingress, and its tokens."""

from __future__ import annotations

import pytest

from sfml.emulator.ingress import fields, heads
from sfml.emulator.ingress.heads import Request, Response
from sfml.emulator.ingress.tickets import Tickets


def request(*given: tuple[str, str], method: str = "GET") -> Request:
    return Request(method=method, target="/", fields=given)


@pytest.mark.parametrize("text", ['Snowflake Token="abc"', "Snowflake Token=abc", 'snowflake token="abc"'])
def test_token_in__quoted_or_not__is_found(text: str) -> None:
    assert fields.token_in(request(("Authorization", text))) == "abc"


def test_towards_container__a_clients_own_context__is_dropped() -> None:
    tricks = [
        ("Sf-Context-Current-User", "BOSS"),
        ("sf_context_current_user", "BOSS"),
        ("SF-CONTEXT-CURRENT-USER-TOKEN", "x"),
        ("X-SF-SPCS-Authorization", "x"),
        ("Authorization", 'Snowflake Token="x"'),
        ("Connection", "Sf-Context-Current-User, X-Hop"),
        ("X-Hop", "1"),
    ]
    sent = fields.towards_container(request(*tricks), "ME")
    assert sent == [("Connection", "close"), ("Sf-Context-Current-User", "ME")]


def test_towards_container__the_applications_own_fields__go_through() -> None:
    given = [("Authorization", "Basic abc"), ("Cookie", "a=1; sfc-ss-ingress-auth-v1-x=2; b=3"), ("X", "y")]
    sent = dict(fields.towards_container(request(*given), "ME"))
    assert (sent["Authorization"], sent["Cookie"], sent["X"]) == ("Basic abc", "a=1; b=3", "y")
    alone = request(("Cookie", "sfc-ss-ingress-auth-v1-x=2"))
    assert "Cookie" not in dict(fields.towards_container(alone, "ME"))


@pytest.mark.parametrize(
    ("user", "value"),
    [("Zoë €", "Zoë €"), ("A\r\nSf-Context-Current-User: BOSS", "A??Sf-Context-Current-User: BOSS")],
)
def test_towards_container__any_user_name__is_one_field_in_utf_8(user: str, value: str) -> None:
    head = heads.write("GET / HTTP/1.1", fields.towards_container(request(), user))
    assert head.decode().split("\r\n")[-3] == f"Sf-Context-Current-User: {value}"


def test_towards_client__websocket__keeps_the_upgrade() -> None:
    answer = Response(status=101, reason="", fields=(("Upgrade", "websocket"), ("Connection", "Upgrade")))
    assert fields.towards_client(answer) == list(answer.fields)


BASELINE = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; object-src 'none'; connect-src 'self'; "
    "frame-ancestors 'self';"
)


def test_security__no_integration__is_the_baseline() -> None:
    assert dict(fields.security())["Content-Security-Policy"] == BASELINE


def test_security__hosts_of_integrations__may_be_loaded_from() -> None:
    policy = dict(fields.security(["example.com", "other.example:443", "odd.example:8443"]))[fields.POLICY]
    found = dict(part.strip().split(" ", 1) for part in policy.split(";") if part)
    assert "'unsafe-eval' http://example.com https://example.com http://other.example" in found["default-src"]
    assert found["connect-src"].endswith(" wss://example.com wss://other.example wss://odd.example:8443")
    assert found["frame-ancestors"] == "'self'"


def test_towards_client__the_applications_own_policy__stands_beside_the_baseline() -> None:
    own = (
        ("Content-Security-Policy", "script-src 'self'"),
        ("Content-Security-Policy-Report-Only", "report-uri /x"),
        ("X-Frame-Options", "ALLOWALL"),
    )
    sent = fields.towards_client(Response(status=200, reason="", fields=own))
    assert [text for name, text in sent if name == fields.POLICY] == ["script-src 'self'", BASELINE]
    assert [text for name, text in sent if name == "X-Frame-Options"] == ["DENY"]
    assert not any(name.endswith("Report-Only") for name, _ in sent)


@pytest.mark.parametrize("kind", ["application/x-bsh", "application/exe", "Application/Batch; charset=x"])
def test_is_executable__listed_type__is(kind: str) -> None:
    assert fields.is_executable(Response(status=200, reason="", fields=(("Content-Type", kind),)))


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/x-shellscript", ""])
def test_is_executable__any_other_type__is_not(kind: str) -> None:
    assert not fields.is_executable(Response(status=200, reason="", fields=(("Content-Type", kind),)))


def test_tickets__other_endpoint_or_server__is_worth_nothing() -> None:
    moment = [100.0]
    tickets = Tickets(lifetime=10, clock=lambda: moment[0])
    token = tickets.issue("ME", "web")
    found = tickets.read(token, "web")
    assert found is not None
    assert (found.user, found.expires) == ("ME", 110)
    assert tickets.read(token, "other") is None
    assert tickets.read(token + "x", "web") is None
    assert Tickets(lifetime=10, clock=lambda: moment[0]).read(token, "web") is None

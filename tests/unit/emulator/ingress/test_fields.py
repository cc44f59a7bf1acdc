"""Which header fields pass the ingress, and its tokens."""

from __future__ import annotations

import pytest

from sfml.emulator.ingress import fields
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


def test_towards_client__websocket__keeps_the_upgrade() -> None:
    answer = Response(status=101, reason="", fields=(("Upgrade", "websocket"), ("Connection", "Upgrade")))
    assert fields.towards_client(answer) == list(answer.fields)


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

"""What the ingress says to pages of other origins."""

from __future__ import annotations

import pytest

from sfml.emulator.ingress import cors
from sfml.emulator.ingress.heads import Request

PAGE = "https://app.example.com"
SETTINGS = {
    "Access-Control-Allow-Origin": [PAGE],
    "Access-Control-Allow-Methods": ["POST", "PUT"],
    "Access-Control-Allow-Headers": ["Authorization"],
    "Access-Control-Expose-Headers": ["X-Total"],
}
ASKS = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}


def request(method: str = "GET", **given: str) -> Request:
    fields = [("Host", "127.0.0.1:8080"), *((name.replace("_", "-"), text) for name, text in given.items())]
    return Request(method=method, target="/", fields=fields)


def test_preflight__listed_origin__is_told_what_it_may() -> None:
    told = dict(cors.preflight(SETTINGS, request("OPTIONS", **ASKS)))
    assert told["Access-Control-Allow-Origin"] == PAGE
    assert told["Access-Control-Allow-Methods"] == "POST, PUT"
    assert told["Access-Control-Allow-Headers"] == "Authorization"
    assert told["Access-Control-Allow-Credentials"] == "true"
    assert told["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({}, request("OPTIONS", **ASKS)),
        (SETTINGS, request("OPTIONS", **{**ASKS, "Origin": "https://evil.example.com"})),
        (SETTINGS, request("OPTIONS", Origin=PAGE)),
        (SETTINGS, request("GET", **ASKS)),
        (SETTINGS, request("OPTIONS", **{**ASKS, "Origin": "null"})),
    ],
)
def test_preflight__anything_else__is_not_answered(settings: dict[str, list[str]], asked: Request) -> None:
    assert cors.preflight(settings, asked) == ()


def test_answers__listed_origin_and_another__only_the_first_may_read() -> None:
    told = dict(cors.answers(SETTINGS, request(Origin=PAGE)))
    assert told["Access-Control-Allow-Origin"] == PAGE
    exposed = told["Access-Control-Expose-Headers"].split(", ")
    assert exposed[0] == "X-Total"
    assert {"X-Frame-Options", "Content-Security-Policy", "Content-Security-Policy-Report-Only"} <= {*exposed}
    assert cors.answers(SETTINGS, request(Origin="https://app.example.com.evil.net")) == ()
    assert cors.answers(SETTINGS, request()) == ()


@pytest.mark.parametrize(
    ("asked", "forged"),
    [
        (request("POST", Origin=PAGE, Cookie="a=1"), True),
        (request("DELETE", Origin="null", Cookie="a=1"), True),
        (request("POST", Origin=PAGE, Cookie="a=1", Authorization='Snowflake Token="x"'), False),
        (request("POST", Origin=PAGE), False),
        (request("GET", Origin=PAGE, Cookie="a=1"), False),
        (request("POST", Origin="http://127.0.0.1:8080", Cookie="a=1"), False),
        (request("POST", Cookie="a=1"), False),
    ],
)
def test_is_forged__who_writes_with_a_cookie_alone__only_another_origin(asked: Request, forged: bool) -> None:
    assert cors.is_forged(asked) is forged

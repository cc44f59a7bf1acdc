"""What is done about a failed push, from the engine's words."""

from __future__ import annotations

import pytest

from sfml.images.attempts import RENEWALS, WAITS, Next, Tries, decide

# As engines of 20.10 and 28 and distribution 2.8 word them.
WORDS = [
    ("unauthorized: authentication required", Next.RENEW),
    ('Head "http://127.0.0.1:5000/v2/x": no basic auth credentials', Next.RENEW),
    ("denied: requested access to the resource is denied", Next.REFUSED),
    ("received unexpected HTTP status: 403 Forbidden", Next.REFUSED),
    ("name unknown: repository name not known to registry", Next.NOT_THERE),
    ("received unexpected HTTP status: 502 Bad Gateway", Next.WAIT),
    ("received unexpected HTTP status: 503 Service Unavailable", Next.WAIT),
    ("Put http://127.0.0.1:5000/v2/x/blobs/uploads/1: EOF", Next.WAIT),
    ("dial tcp 127.0.0.1:5000: connect: connection refused", Next.WAIT),
    ("write tcp 10.0.0.1:1->10.0.0.2:443: write: broken pipe", Next.WAIT),
    ("net/http: TLS handshake timeout", Next.WAIT),
    ("toomanyrequests: Too Many Requests", Next.WAIT),
    ("write /var/lib/docker/tmp/x: no space left on device", Next.FULL),
    ("manifest invalid: manifest invalid", Next.GIVE_UP),
]


@pytest.mark.parametrize(("error", "expected"), WORDS)
def test_decide__first_time__follows_the_registrys_words(error: str, expected: Next) -> None:
    assert decide(error, Tries()) is expected


def test_decide__away_too_long__gives_up() -> None:
    assert decide("EOF", Tries(waits=len(WAITS) - 1)) is Next.WAIT
    assert decide("EOF", Tries(waits=len(WAITS))) is Next.GIVE_UP


def test_decide__a_new_token_that_was_never_taken__gives_up() -> None:
    assert decide("unauthorized", Tries(renewals=1)) is Next.GIVE_UP


def test_decide__a_token_that_worked_for_a_while__is_renewed_a_few_times() -> None:
    assert decide("unauthorized", Tries(renewals=1, progressed=True)) is Next.RENEW
    assert decide("unauthorized", Tries(renewals=RENEWALS, progressed=True)) is Next.GIVE_UP

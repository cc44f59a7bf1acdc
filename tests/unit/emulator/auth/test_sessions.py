"""Tokens over time: when they are good, renewable, expired, and gone."""

from __future__ import annotations

import pytest

from sfml.emulator.auth.sessions import Sessions
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(session_lifetime=10, master_lifetime=100, clock=clock)


def context() -> Context:
    return Context(session_id=1, user="U", role="R")


def code(sessions: Sessions, token: str) -> str:
    with pytest.raises(Fault) as caught:
        sessions.find(token)
    return caught.value.code


def test_token__within_its_life__finds_the_session(sessions: Sessions) -> None:
    opened = context()
    assert sessions.find(sessions.open(opened).session).context is opened


def test_token__expired__asks_for_renewal_and_the_new_one_is_good(sessions: Sessions, clock: Clock) -> None:
    tokens = sessions.open(context())
    clock.now += 11
    assert code(sessions, tokens.session) == "390112"
    assert sessions.find(sessions.renew(tokens.master).session).context.session_id == 1


def test_renew__twice_with_the_same_master__both_are_good(sessions: Sessions) -> None:
    tokens = sessions.open(context())
    first, second = sessions.renew(tokens.master), sessions.renew(tokens.master)
    assert sessions.find(first.session) is sessions.find(second.session)


def test_master__expired__login_is_needed(sessions: Sessions, clock: Clock) -> None:
    tokens = sessions.open(context())
    clock.now += 101
    assert code(sessions, tokens.session) == "390114"
    with pytest.raises(Fault) as caught:
        sessions.renew(tokens.master)
    assert caught.value.code == "390114"


def test_heartbeat__before_the_end__master_counts_anew(sessions: Sessions, clock: Clock) -> None:
    tokens = sessions.open(context())
    clock.now += 9
    sessions.prolong(sessions.find(tokens.session))
    clock.now += 95
    assert sessions.find(sessions.renew(tokens.master).session)


def test_close__session__tokens_are_unknown(sessions: Sessions) -> None:
    tokens = sessions.open(context())
    sessions.close(sessions.find(tokens.session))
    assert code(sessions, tokens.session) == "390111"
    with pytest.raises(Fault) as caught:
        sessions.renew(tokens.master)
    assert caught.value.code == "390115"
    assert len(sessions) == 0
    assert [ended.session_id for ended in sessions.take_ended()] == [1]


def test_open__long_after_others_expired__they_are_forgotten(sessions: Sessions, clock: Clock) -> None:
    old = sessions.open(context())
    clock.now += 10_000
    sessions.open(context())
    assert len(sessions) == 1
    assert code(sessions, old.session) == "390111"
    assert [ended.session_id for ended in sessions.take_ended()] == [1]
    assert sessions.take_ended() == []


def test_master_token__used_as_a_session_token__unknown(sessions: Sessions) -> None:
    assert code(sessions, sessions.open(context()).master) == "390111"

"""Who may resume which session, and which are over."""

from __future__ import annotations

from sfml.tunnel.messages import ID_SIZE, UNKNOWN, Closed
from sfml.tunnel.sessions import Sessions


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def sessions(clock: Clock, limit: int = 2) -> Sessions[str]:
    return Sessions(clock=clock, grace=10, limit=limit)


def test_resume__own_session__is_found() -> None:
    known = sessions(Clock())
    session = known.begin("ANA", "body")
    assert known.resume(session.id, "ANA") is session


def test_resume__foreign_session__is_as_unknown_as_any() -> None:
    known = sessions(Clock())
    session = known.begin("ANA", "body")
    foreign = known.resume(session.id, "EVE")
    assert isinstance(foreign, Closed)
    assert foreign.code == UNKNOWN
    assert foreign == known.resume(bytes(ID_SIZE), "EVE")


def test_begin__many__have_ids_of_their_own() -> None:
    known = sessions(Clock(), limit=1000)
    assert len({known.begin("ANA", "body").id for _ in range(500)}) == 500


def test_expired__grace_is_over__names_it_until_dropped() -> None:
    clock = Clock()
    known = sessions(clock)
    left, attached = known.begin("ANA", "left"), known.begin("ANA", "attached")
    known.detach(left)
    clock.now = 9.9
    assert known.expired() == []
    clock.now = 10
    assert known.expired() == [left]
    known.drop(left)
    assert [*known] == [attached]


def test_resume__in_time__does_not_expire() -> None:
    clock = Clock()
    known = sessions(clock)
    session = known.begin("ANA", "body")
    known.detach(session)
    clock.now = 9
    known.resume(session.id, "ANA")
    clock.now = 60
    assert known.expired() == []


def test_to_give_up__full__is_the_one_left_first() -> None:
    clock = Clock()
    known = sessions(clock, limit=3)
    first, second = known.begin("ANA", "1"), known.begin("ANA", "2")
    known.detach(second)
    clock.now = 1
    known.detach(first)
    assert known.to_give_up() is None  # there is room
    known.begin("ANA", "3")
    assert known.to_give_up() is second


def test_to_give_up__all_attached__is_none() -> None:
    known = sessions(Clock(), limit=1)
    known.begin("ANA", "1")
    assert known.to_give_up() is None

"""When a ping is due, and when a connection counts as lost."""

from __future__ import annotations

from sfml.tunnel.life import Signs


def signs() -> Signs:
    return Signs(0.0, heartbeat=20, silence=65)


def test_due_at__nothing_said__is_a_heartbeat_later() -> None:
    made = signs()
    made.heard(15)
    assert made.due_at == 20
    made.asked(21)
    assert made.due_at == 41  # the answer is under way


def test_due_at__bytes_go_one_way_only__asks_all_the_same() -> None:
    made = signs()
    for now in range(1, 20):
        made.said(now)
    assert made.due_at == 20
    made.asked(20)
    made.said(30)
    assert made.due_at == 40


def test_due_at__bytes_come_one_way_only__says_something_all_the_same() -> None:
    made = signs()
    for now in range(1, 20):
        made.heard(now)
    assert made.due_at == 20


def test_lost_at__heard__is_the_silence_later() -> None:
    made = signs()
    made.said(50)
    assert made.lost_at == 65
    made.heard(60)
    assert made.lost_at == 125

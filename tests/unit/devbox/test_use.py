"""What counts as use of a box, and what follows when there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sfml.devbox.use import Idleness, Sample, Step, use

BEFORE = Sample(
    at=100.0, keys={"0": 50.0}, passed={"ssh": 5000, "code-server": 0}, computed={(7, "bash"): 1.0}
)


def later(seconds: float, **changes: Any) -> Sample:
    return replace(BEFORE, at=BEFORE.at + seconds, **changes)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (later(60), None),
        (later(60, keys={"0": 58.0}), "keys typed"),
        (later(60, keys={"0": 50.0, "1": 99.0}), "keys typed"),
        (later(60, keys={}), None),  # a terminal that was closed
        # An editor's signs of life through an open connection.
        (later(60, passed={"ssh": 9000, "code-server": 3000}), None),
        (later(60, passed={"ssh": 105_000, "code-server": 0}), "100000 bytes went by"),
        (later(60, passed={"ssh": 5000, "code-server": 50_000}), "50000 bytes went by"),
        (later(60, passed={"ssh": 0, "code-server": 0}), None),  # the bridge was started anew
        (later(60, computed={(7, "bash"): 1.1}), None),
        (later(60, computed={(7, "bash"): 1.0, (9, "python"): 30.0}), "python (9) computes"),
        (later(60, computed={(9, "python"): 1.3}), "python (9) computes"),
        (later(60, computed={}), None),
    ],
)
def test_use__of_two_samples__is(after: Sample, reason: str | None) -> None:
    assert use(BEFORE, after) == reason


def test_idleness__nothing_happens__warns_once_and_then_stops() -> None:
    idle = Idleness(1200.0, BEFORE)
    steps = [(minute, idle.look(later(60.0 * minute))) for minute in range(1, 22)]
    assert [one for one in steps if one[1] is not Step.NOTHING] == [
        (18, Step.WARN),
        (20, Step.STOP),
        (21, Step.STOP),
    ]


def test_idleness__not_looked_at_for_long__warns_before_it_stops() -> None:
    idle = Idleness(1200.0, BEFORE)
    assert idle.look(later(1500)) is Step.WARN
    assert idle.left == 120.0
    assert idle.look(later(1560)) is Step.NOTHING
    assert idle.look(later(1620)) is Step.STOP


def test_idleness__a_key_after_the_warning__begins_anew() -> None:
    idle = Idleness(1200.0, BEFORE)
    assert idle.look(later(1100)) is Step.WARN
    assert idle.look(later(1150, keys={"0": 1200.0})) is Step.NOTHING
    assert idle.look(later(1250, keys={"0": 1200.0})) is Step.NOTHING
    assert idle.left == 1100.0
    assert idle.look(later(2300, keys={"0": 1200.0})) is Step.WARN


def test_idleness__a_job_that_computes__keeps_the_box() -> None:
    idle = Idleness(1200.0, BEFORE)
    for minute in range(1, 60):
        assert idle.look(later(60.0 * minute, computed={(9, "python"): 60.0 * minute})) is Step.NOTHING

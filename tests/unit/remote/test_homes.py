"""Which snapshots are homes of this box, and which of them a new one begins with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfml.errors import InputError, NotFinishedError, NotFoundError
from sfml.remote import homes
from sfml.remote.box import resolve
from sfml.steps import Rows

BOX = resolve(user="ANA")
DAY = datetime(2026, 11, 20, 8, tzinfo=UTC)


def row(name: str, **more: Any) -> dict[str, Any]:
    found = {
        "name": name, "state": "CREATED", "service_name": "ML_DEV.PUBLIC.ML_DEV_BOX_ANA",
        "volume_name": "home", "size": 50, "created_on": DAY,
    }  # fmt: skip
    return {**found, **more}


def kept(*rows: dict[str, Any]) -> list[str]:
    return [snapshot.name.last for snapshot in homes.kept(BOX, lambda _: rows)]


def test_kept__several__are_the_box_s_own_and_the_newest_comes_first() -> None:
    assert kept(
        row("OLD"),
        row("NEW", created_on=DAY + timedelta(hours=1)),
        row("SOMEBODYS", service_name="ML_DEV.PUBLIC.ML_DEV_BOX_EVE"),
        row("DATA", volume_name="data"),
        row("BROKEN", state="ERROR"),
        row("BEING_WRITTEN", state="INITIALIZED", created_on=DAY + timedelta(hours=2)),
    ) == ["BEING_WRITTEN", "NEW", "OLD"]


def test_kept__no_schema_yet__is_nothing() -> None:
    def query(_: str) -> Rows:
        raise NotFoundError("no schema")

    assert homes.kept(BOX, query) == ()


def test_expiry__made_on_deletion__is_a_week_later() -> None:
    (made, own) = homes.kept(BOX, lambda _: [row("SYS_BACKUP_ON_DELETE9_1"), row("MY_OWN")])
    assert made.expires == DAY + timedelta(days=7)
    assert own.expires is None


def test_room__smaller_volume_than_the_home__is_refused_with_the_way_out() -> None:
    (home,) = homes.kept(BOX, lambda _: [row("S")])
    homes.require_room(BOX, home)
    with pytest.raises(InputError) as error:
        homes.require_room(resolve(user="ANA", home_size="10Gi"), home)
    assert "--home-size 50Gi" in str(error.value.hint)


def test_wait__being_written__reports_once_and_goes_on_when_it_is_there() -> None:
    answers = [[row("S", state="INITIALIZED")]] * 3 + [[row("S")]]
    (home,) = homes.kept(BOX, lambda _: answers[0])
    told: list[str] = []
    homes.wait_until_created(
        BOX,
        home,
        lambda _: answers.pop(0),
        seconds=60,
        report=told.append,
        clock=lambda: 0.0,
        sleep=lambda _: None,
    )
    assert len(told) == 1
    assert answers == []


def test_wait__never_there__ends_with_its_state() -> None:
    (home,) = homes.kept(BOX, lambda _: [row("S", state="INITIALIZED")])
    clock = iter(range(0, 1000, 30))
    with pytest.raises(NotFinishedError, match="INITIALIZED"):
        homes.wait_until_created(
            BOX, home, lambda _: [row("S", state="INITIALIZED")], seconds=60, report=lambda _: None,
            clock=lambda: float(next(clock)), sleep=lambda _: None,
        )  # fmt: skip

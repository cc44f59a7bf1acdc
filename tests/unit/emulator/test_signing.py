"""Signed URLs: good for one file, one direction, one hour."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from sfml.emulator.results import Direction, Target
from sfml.emulator.signing import Signer, Verdict

TARGET = Target(stage=7, path="sub/a b#?ü.txt")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer(clock: Clock) -> Signer:
    return Signer(lifetime=60, clock=clock)


def signed(signer: Signer, direction: Direction = Direction.UPLOAD) -> dict[str, str]:
    path = signer.path(direction, TARGET, overwrite=False)
    assert unquote(urlsplit(path).path) == f"/fs/7/{TARGET.path}"
    return dict(parse_qsl(urlsplit(path).query))


def test_url__as_signed__good_until_it_expires(signer: Signer, clock: Clock) -> None:
    query = signed(signer)
    assert signer.check(Direction.UPLOAD, TARGET, query) is Verdict.GOOD
    clock.now += 61
    assert signer.check(Direction.UPLOAD, TARGET, query) is Verdict.EXPIRED


@pytest.mark.parametrize("key", ["op", "overwrite", "expires", "signature"])
def test_url__any_field_changed_or_missing__forged(signer: Signer, key: str) -> None:
    query = signed(signer)
    changed = {"op": "DOWNLOAD", "overwrite": "1", "expires": "99999", "signature": "0" * 64}[key]
    assert signer.check(Direction.UPLOAD, TARGET, {**query, key: changed}) is Verdict.FORGED
    del query[key]
    assert signer.check(Direction.UPLOAD, TARGET, query) is Verdict.FORGED


def test_url__for_another_file_stage_or_direction__forged(signer: Signer) -> None:
    query = signed(signer)
    assert signer.check(Direction.UPLOAD, Target(stage=8, path=TARGET.path), query) is Verdict.FORGED
    assert signer.check(Direction.UPLOAD, Target(stage=7, path="other"), query) is Verdict.FORGED
    assert signer.check(Direction.DOWNLOAD, TARGET, query) is Verdict.FORGED


def test_url__of_another_server__forged(signer: Signer, clock: Clock) -> None:
    other = Signer(lifetime=60, clock=clock)
    assert other.check(Direction.UPLOAD, TARGET, signed(signer)) is Verdict.FORGED

"""Which jobs a sweep has, and what each is given."""

import itertools

import pytest

from sfml.errors import UsageError
from sfml.jobs.once import suffix
from sfml.jobs.sweep import arguments, backoff, points, shown


def test_points__two_parameters__all_combinations_in_order() -> None:
    found = points(["lr=0.1,0.01", "--depth=3, 6"])
    assert found == [
        {"lr": "0.1", "depth": "3"},
        {"lr": "0.1", "depth": "6"},
        {"lr": "0.01", "depth": "3"},
        {"lr": "0.01", "depth": "6"},
    ]
    assert arguments(found[1]) == ("--lr", "0.1", "--depth", "6")
    assert shown(found[1]) == "lr=0.1 depth=6"


def test_points__value_with_an_equals_sign_or_none__is_a_value() -> None:
    assert points(["filter=a=b,"]) == [{"filter": "a=b"}, {"filter": ""}]


@pytest.mark.parametrize(
    "items", [["lr"], ["=1"], ["a b=1"], ["lr=1", "lr=2"], ["x=" + ",".join("1" * 1001)]]
)
def test_points__unusable__is_a_usage_error(items: list[str]) -> None:
    with pytest.raises(UsageError):
        points(items)


def test_backoff__grows_to_its_longest() -> None:
    assert list(itertools.islice(backoff(2, 10), 5)) == [2, 4, 8, 10, 10]


def test_suffix__key__always_the_same_and_a_plain_name() -> None:
    assert suffix("k") == suffix("k") != suffix("l")
    assert suffix("'; DROP --").isalnum()

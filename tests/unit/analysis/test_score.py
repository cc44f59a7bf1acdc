"""How well the analysis does on the corpus: the figures that it promises, printed with what went wrong."""

import pytest

from scripts_corpus import CASES, Tally, cases, tallies


@pytest.fixture(scope="module")
def scores() -> dict[str, Tally]:
    found = tallies()
    for aspect, tally in found.items():
        print(f"{aspect:18} precision {tally.precision:.3f}  recall {tally.recall:.3f}  F1 {tally.f1:.3f}")
        for failure in tally.failures:
            print(f"    {failure}")
    return found


def test_packages__corpus__f1_is_at_least_0_99(scores: dict[str, Tally]) -> None:
    assert scores["packages"].f1 >= 0.99
    assert scores["implied"].failures == []


def test_installation__corpus__is_always_right(scores: dict[str, Tally]) -> None:
    assert scores["install"].failures == []
    assert scores["pip_requirements"].failures == []


def test_hardware__corpus__accuracy_is_at_least_0_97(scores: dict[str, Tally]) -> None:
    assert scores["hardware"].recall >= 0.97
    assert scores["hardware line"].recall >= 0.97


def test_hosts__corpus__precision_and_recall_are_at_least_0_95(scores: dict[str, Tally]) -> None:
    assert scores["host categories"].precision >= 0.95
    assert scores["host categories"].recall >= 0.95
    assert scores["hosts"].recall >= 0.95
    assert scores["optional hosts"].f1 >= 0.95


def test_outputs__corpus__f1_is_at_least_0_95(scores: dict[str, Tally]) -> None:
    assert scores["outputs"].f1 >= 0.95
    assert scores["writes"].f1 >= 0.95


def test_warnings_and_method__corpus__f1_is_at_least_0_95(scores: dict[str, Tally]) -> None:
    assert scores["warnings"].f1 >= 0.95
    assert scores["method"].f1 >= 0.95


def test_corpus__all_cases__have_a_reason_and_a_twin_that_comes_out_differently() -> None:
    found = {case.name: case for case in cases()}
    assert len(found) >= 60
    assert len(found) == sum(1 for path in CASES.iterdir() if path.is_dir())
    for case in found.values():
        assert case.expected["why"].endswith(".")
        twin = found[case.expected["twin"]].expected
        ignored = {"why", "twin"}
        own = {key: value for key, value in case.expected.items() if key not in ignored}
        assert own != {key: value for key, value in twin.items() if key not in ignored}, case.name

"""Windows on a log become its lines: each once, in order, no loss unnoticed."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.services.logs import Gap, Merger, between, delays, plain

LINES = st.lists(st.text(alphabet="ab é", max_size=6), max_size=40)


def text_of(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def window_of(text: str, limit: int) -> str:
    """The last ``limit`` bytes, as the service gives them: never cut inside a character."""
    return text.encode()[-limit:].decode(errors="ignore") if len(text.encode()) > limit else text


def numbered(count: int) -> list[str]:
    return [f"line {n}" for n in range(count)]


@given(lines=LINES, cuts=st.lists(st.integers(0, 300), max_size=8))
def test_merger__log_fits_the_window__every_line_once(lines: list[str], cuts: list[int]) -> None:
    text = text_of(lines)
    merger = Merger()
    shown = [item for cut in sorted(cuts) for item in merger.feed(text[:cut])]
    shown += merger.feed(text, last=True)
    # A line may be shown in two parts where a look fell into the middle of it twice: compare the text.
    assert "".join(map(str, shown)) == "".join(lines)
    assert not any(isinstance(item, Gap) for item in shown)


@given(count=st.integers(0, 200), step=st.integers(1, 20))
def test_merger__windows_overlap__no_line_twice_and_none_missing(count: int, step: int) -> None:
    lines = numbered(count)
    merger = Merger(limit=400)  # about 40 lines
    shown = []
    for upto in [*range(0, count, step), count]:
        shown += merger.feed(window_of(text_of(lines[:upto]), 400))
    assert shown == lines


@given(jumps=st.lists(st.integers(0, 120), max_size=6))
def test_merger__any_jumps__lines_are_in_order_and_each_loss_is_a_gap(jumps: list[int]) -> None:
    merger = Merger(limit=400)
    shown = []
    for upto in itertools.accumulate(jumps):
        shown += merger.feed(window_of(text_of(numbered(upto)), 400))
    kept = numbered(sum(jumps))
    filled: list[str] = []
    for item in shown:
        missing = between(kept, item) if isinstance(item, Gap) else [item]
        assert missing is not None
        filled += missing
    assert filled == kept


def test_merger__one_window_after_a_gap__gap_comes_first() -> None:
    merger = Merger(limit=100)
    merger.feed(text_of(["a", "b"]))
    (gap, *new) = merger.feed(window_of(text_of(numbered(100)), 100))
    assert gap == Gap(before=("a", "b"), after=tuple(new))
    assert new[-1] == "line 99"


def test_merger__first_window_is_full__start_is_a_gap() -> None:
    items = Merger(limit=100).feed(window_of(text_of(numbered(100)), 100))
    assert isinstance(items[0], Gap)
    assert between(numbered(100), items[0]) == numbered(100)[: 100 - len(items[1:])]


def test_merger__same_window_again__nothing_new() -> None:
    merger = Merger()
    assert merger.feed("a\nb\n") == ["a", "b"]
    assert merger.feed("a\nb\n") == []


def test_merger__repeated_lines__are_all_shown() -> None:
    merger = Merger()
    assert merger.feed("tick\n" * 3) == ["tick"] * 3
    assert merger.feed("tick\n" * 5) == ["tick"] * 2


def test_merger__line_without_end__waits_one_look_and_is_not_shown_twice() -> None:
    merger = Merger()
    assert merger.feed("epoch 1") == []
    assert merger.feed("epoch 1") == ["epoch 1"]
    assert merger.feed("epoch 1") == []
    assert merger.feed("epoch 1\nepoch 2") == []
    assert merger.feed("epoch 1\nepoch 2", last=True) == ["epoch 2"]


def test_merger__line_grows_after_it_was_shown__only_the_rest_follows() -> None:
    merger = Merger()
    merger.feed("loading ")
    assert merger.feed("loading ") == ["loading "]
    assert merger.feed("loading done\nnext\n") == ["done", "next"]


def test_merger__log_starts_again__is_shown_after_a_gap() -> None:
    merger = Merger()
    merger.feed("a\nb\n")
    gap, *new = merger.feed("x\n")
    assert isinstance(gap, Gap)
    assert new == ["x"]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("2024-11-29T12:12:47.310123456Z epoch 1", "epoch 1"),
        ("2024-11-29T12:12:47Z ", ""),
        ("2024-11-29T12:12:47.3+01:00 x", "x"),
        ("2024-11-29 12:12 is a date", "2024-11-29 12:12 is a date"),
        ("epoch 1", "epoch 1"),
    ],
)
def test_plain__timestamp_of_the_service__is_removed(line: str, text: str) -> None:
    assert plain(line) == text


def test_between__ends_are_not_in_the_kept_log__is_unknown() -> None:
    assert between(["x", "y"], Gap(before=("a",), after=("y",))) is None
    assert between(["a", "y"], Gap(before=("a",), after=("z",))) is None
    assert between(["a", "b", "z"], Gap(before=("a",), after=("z",))) == ["b"]


def test_delays__nothing_new__grow_to_the_longest() -> None:
    first = list(itertools.islice(delays(0.2, 5, 1.5), 20))
    assert first[0] == 0.2
    assert first == sorted(first)
    assert first[-1] == 5

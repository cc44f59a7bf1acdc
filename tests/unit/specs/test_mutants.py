from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from mutants import SERVICE, UNDOCUMENTED, Mutant, mutants
from sfml.specs.grammar import tables
from sfml.specs.validate import check_text
from spec_places import places

BASES = {"service": SERVICE, "undocumented": UNDOCUMENTED}


def known(base: str) -> Counter[tuple[str, str]]:
    return Counter((p.rule, p.message) for p in check_text(base).problems)


def caught(mutant: Mutant, before: Counter[tuple[str, str]]) -> bool:
    """Whether a problem that the base does not have is reported at the mutant's line."""
    problems = check_text(mutant.text).problems
    new = Counter((p.rule, p.message) for p in problems) - before
    return any(p.line == mutant.line and (p.rule, p.message) in new for p in problems)


def test_bases__hold_every_row_of_the_grammar_and_only_expected_problems() -> None:
    rows = {f"{table.record.__name__}.{key}" for table in tables() for key in table.fields}
    assert {place.row for base in BASES.values() for place in places(base)} == rows
    assert check_text(SERVICE).problems == ()
    assert {p.rule for p in check_text(UNDOCUMENTED).problems} == {"SPCS027", "SPCS028"}


def test_mutants__of_every_row__are_caught_at_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    killed: Counter[str] = Counter()
    made: Counter[str] = Counter()
    alive: dict[str, list[str]] = defaultdict(list)
    for base in BASES.values():
        before = known(base)
        for mutant in mutants(base, places(base)):
            made[mutant.row] += 1
            if caught(mutant, before):
                killed[mutant.row] += 1
            else:
                alive[mutant.row].append(mutant.what)
    with capsys.disabled():
        print(f"\n{report(killed, made)}")
    rows = {f"{table.record.__name__}.{key}" for table in tables() for key in table.fields}
    assert set(made) == rows
    assert killed.total() / made.total() >= 0.95, dict(alive)
    assert {row: alive[row] for row in rows if killed[row] / made[row] < 0.8} == {}


def report(killed: Counter[str], made: Counter[str]) -> str:
    """The score of each row, three to a line."""
    cells = [f"{row:44} {killed[row]:3}/{made[row]:<3}" for row in sorted(made)]
    lines = ["  ".join(cells[i : i + 2]) for i in range(0, len(cells), 2)]
    share = 100 * killed.total() / made.total()
    return "\n".join([*lines, f"mutants caught: {killed.total()} of {made.total()} ({share:.1f} %)"])

from __future__ import annotations

from pathlib import Path

import pytest

from sfml.specs.pages import rules_page
from sfml.specs.rules import RULES
from sfml.specs.rules.rule import Rule
from sfml.specs.validate import check_bytes

ROOT = Path(__file__).parents[3]


def broken(text: str) -> set[str]:
    file = "case.sql" if "CREATE SERVICE" in text else "case.yaml"
    return {problem.rule for problem in check_bytes(text.encode(), file=file).problems}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule__its_wrong_case__breaks_it_and_no_other(rule: Rule) -> None:
    assert broken(rule.wrong) == {rule.id}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule__its_near_miss__breaks_nothing(rule: Rule) -> None:
    assert broken(rule.right) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule__problem__carries_severity_words_and_docs(rule: Rule) -> None:
    file = "case.sql" if "CREATE SERVICE" in rule.wrong else "case.yaml"
    (first, *_) = check_bytes(rule.wrong.encode(), file=file).problems
    assert first.severity is rule.severity
    assert first.message
    assert first.docs.endswith(f"spec-rules.md#{rule.id.lower()}")


def test_rules__ids__are_unique_sorted_and_of_one_form() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids))
    assert all(
        len(rule_id) == 7 and rule_id.startswith("SPCS") and rule_id[4:].isdecimal() for rule_id in ids
    )


# Ids are for ever: users name them in their files. New ones are added here; none is taken away.
GIVEN = "1-16 20-35 40-51 60-69 80-90 100-114 130-138 150-154 160-162"


def test_rules__ids_once_given__stay() -> None:
    bounds = [[int(number) for number in part.split("-")] for part in GIVEN.split()]
    given = {f"SPCS{number:03}" for low, high in bounds for number in range(low, high + 1)}
    assert {rule.id for rule in RULES} == given


def test_rules_page__file_in_docs__is_what_the_rules_say() -> None:
    page = ROOT / "docs" / "reference" / "spec-rules.md"
    assert page.read_text(encoding="utf-8") == rules_page(), (
        "sfml spec explain --all > docs/reference/spec-rules.md"
    )

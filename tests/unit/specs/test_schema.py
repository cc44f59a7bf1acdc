from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mutants import SERVICE, UNDOCUMENTED, Mutant, mutants
from sfml.specs import schema
from sfml.specs.loader import load
from sfml.specs.problems import Severity
from sfml.specs.rules import RULES
from sfml.specs.validate import check_text
from spec_places import places

SHIPPED = Path(schema.__file__).with_name(schema.FILE)
VALIDATOR = jsonschema.Draft7Validator(schema.schema())
# What the grammar's tables report by themselves, and no check looks for: the schema must see it, too.
STRUCTURAL = {rule.id for rule in RULES if rule.check is None and rule.id >= "SPCS020"} | {
    "SPCS013",
    "SPCS041",
}
# Accepted by the server or by nobody knows whom: warnings of the checker, silent in the schema.
SILENT = {"SPCS027", "SPCS028", "SPCS029", "SPCS049", "SPCS035"}


def structural(text: str) -> set[str]:
    return {p.rule for p in check_text(text).problems} & (STRUCTURAL - SILENT)


def refused(text: str) -> list[str]:
    (document,) = load(text).documents
    return [error.message for error in islice(VALIDATOR.iter_errors(document.data), 1)]


def all_mutants() -> list[Mutant]:
    return [mutant for base in (SERVICE, UNDOCUMENTED) for mutant in mutants(base, places(base))]


def test_schema__shipped_file__is_what_the_model_says() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == schema.text(), "sfml spec schema > spec.schema.json"


def test_schema__itself__is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(schema.text()))


@pytest.mark.parametrize("text", [SERVICE, UNDOCUMENTED], ids=["service", "undocumented"])
def test_schema__complete_spec__is_accepted(text: str) -> None:
    assert refused(text) == []


def test_schema__every_mutant__is_judged_as_the_checker_judges_its_structure() -> None:
    differ: list[tuple[str, Any, Any]] = []
    judged = 0
    for mutant in all_mutants():
        loaded = load(mutant.text)
        faults = [*loaded.faults, *(fault for document in loaded.documents for fault in document.faults)]
        if not loaded.documents or any(fault.rule in ("SPCS003", "SPCS006", "SPCS012") for fault in faults):
            continue  # not YAML, or nothing that JSON could say: a schema cannot judge it
        ours, theirs = structural(mutant.text), refused(mutant.text)
        judged += 1
        if bool(ours) != bool(theirs):
            differ.append((mutant.what, ours, theirs))
    assert judged > 1000
    assert differ == []


def test_schema__errors_of_the_structure__are_errors_of_the_checker() -> None:
    for rule in RULES:
        if rule.id in STRUCTURAL - SILENT and rule.severity is Severity.ERROR and rule.id != "SPCS031":
            assert refused(rule.wrong), rule.id
            assert not refused(rule.right), rule.id

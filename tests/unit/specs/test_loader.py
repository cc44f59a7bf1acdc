from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sfml.specs.loader import LibyamlComposer, PureComposer, load, path_of, position
from sfml.specs.resolve import plain

COMPOSERS = pytest.mark.parametrize("composer", [LibyamlComposer, PureComposer])
NEEDS_LIBYAML = pytest.mark.skipif(not yaml.__with_libyaml__, reason="optional: PyYAML without libyaml")


def faults(text: str) -> list[tuple[str, int, int]]:
    loaded = load(text)
    found = [*loaded.faults, *(fault for document in loaded.documents for fault in document.faults)]
    return [(fault.rule, fault.line, fault.column) for fault in found]


@pytest.mark.parametrize(
    "raw",
    [
        *("true", "True", "FALSE", "yes", "No", "on", "OFF", "null", "~", "y", "n"),
        *("0", "-3", "+4", "012", "0o17", "08", "1_000", "0x1F", "0b11", "12:30", "1:2.5"),
        *("1.5", "1.10", ".5", "1e3", "1.5e+3", ".inf", "-.INF", "2Gi", "500m", "abc", "1.2.3", "-", "+"),
    ],
)
def test_plain__scalar__means_what_pyyaml_says(raw: str) -> None:
    assert plain(raw)[0] == yaml.safe_load(f"[{raw}]")[0]


def test_plain__date__stays_text_and_is_noticed() -> None:
    assert plain("2024-01-31") == ("2024-01-31", "date")


@given(st.text(alphabet="0123456789_+-.:eExobnyantrufl~", max_size=12))
def test_plain__any_scalar__means_what_pyyaml_says(raw: str) -> None:
    try:
        expected = yaml.safe_load(f'!!seq ["x", {raw}]') if raw else None
    except (yaml.YAMLError, ValueError, IndexError):  # PyYAML itself stumbles over 0x_, 1:_ and the like
        return
    values = expected or []
    if len(values) == 2 and isinstance(values[1], str | int | float | bool | None):
        assert plain(raw.strip())[0] == values[1] or values[1] != values[1]


@COMPOSERS
@NEEDS_LIBYAML
def test_load__either_composer__gives_the_same_data_and_positions(composer: type) -> None:
    text = 'a: &x {b: [1, "2", ~]}\nc:\n- *x\n- |\n  text\n---\nd: yes\n'
    loaded = load(text, composer=composer)
    assert [d.data for d in loaded.documents] == [
        {"a": {"b": [1, "2", None]}, "c": [{"b": [1, "2", None]}, "text\n"]},
        {"d": True},
    ]
    assert position(loaded.documents[0], ("a", "b", 1), at_key=False) == (1, 15)
    assert position(loaded.documents[0], ("c", 1), at_key=False) == (4, 3)
    assert position(loaded.documents[1], ("d",), at_key=True) == (7, 1)


def test_load__merge_keys__fill_in_what_is_missing_and_are_noticed() -> None:
    loaded = load("base: &b {x: 1, y: 2}\nall:\n  <<: *b\n  y: 3\nlist:\n  <<: [*b, {z: 4}]\n")
    assert loaded.documents[0].data["all"] == {"x": 1, "y": 3}
    assert loaded.documents[0].data["list"] == {"x": 1, "y": 2, "z": 4}
    assert [fault.rule for fault in loaded.documents[0].faults] == ["SPCS007", "SPCS007"]
    assert position(loaded.documents[0], ("all", "x"), at_key=True) == (1, 11)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", ("SPCS006", 2, 1)),
        ("a:\n\tb: 1\n", ("SPCS005", 2, 1)),
        ("a: @stage\n", ("SPCS004", 1, 4)),
        ("a: `x`\n", ("SPCS003", 1, 4)),
        ("a: %x\n", ("SPCS003", 1, 4)),
        ("a: 'x\n", ("SPCS003", 1, 4)),
        ("a: [1, 2\n", ("SPCS003", 1, 4)),
        ("a: b: c\n", ("SPCS003", 1, 5)),
        ("a: *nowhere\n", ("SPCS003", 1, 4)),
        ("a: !thing x\n", ("SPCS003", 1, 4)),
        ("a\x07: 1\n", ("SPCS002", 1, 2)),
        ("? [1]\n: 2\n", ("SPCS012", 1, 3)),
        ("a: 0644\n", ("SPCS011", 1, 4)),
        ("a: 12:30\n", ("SPCS011", 1, 4)),
        ("a: 2024-01-31\n", ("SPCS011", 1, 4)),
        ("a: off\n", ("SPCS010", 1, 4)),
        ("a: &a [*a]\n", ("SPCS008", 1, 1)),
    ],
)
def test_load__odd_text__is_noticed_at_its_place(text: str, expected: tuple[str, int, int]) -> None:
    assert expected in faults(text)


def test_load__syntax_error_in_the_second_document__keeps_the_first() -> None:
    loaded = load("a: 1\n---\nb: [\n")
    assert [d.data for d in loaded.documents] == [{"a": 1}]
    assert loaded.faults[0].rule == "SPCS003"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "{a: " * 50_000,
        "? " * 100_000,
        "\n".join(" " * i + "a:" for i in range(1200)),
    ],
    ids=["brackets", "dashes", "braces", "questions", "indentation"],
)
@COMPOSERS
@NEEDS_LIBYAML
def test_load__endless_nesting__is_one_fault(text: str, composer: type) -> None:
    loaded = load(text, composer=composer)
    assert [fault.rule for fault in loaded.faults] == ["SPCS008"]


def test_load__billion_laughs__is_one_fault_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    loaded = load("\n".join(lines))
    assert [fault.rule for fault in loaded.documents[0].faults] == ["SPCS008"]


def test_load__deep_chain_of_aliases__is_one_fault() -> None:
    text = "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 3000))])
    loaded = load(text)
    assert [fault.rule for fault in loaded.documents[0].faults] == ["SPCS008"]


def test_load__templates__keep_positions_and_take_defaults() -> None:
    text = "port: {{ p | default(80) }}\nname: {{ n }}\nurl: \"x{{ a | default('y', true) }}z\" # {{\nb: 1\n"
    (document,) = load(text).documents
    assert document.data == {"port": 80, "name": "\ue000", "url": "xyz", "b": 1}
    assert position(document, ("b",), at_key=True) == (4, 1)


def test_load__secret_expressions__stay_as_they_are() -> None:
    (document,) = load('a: "redis://:{{secret.pw.secret_string}}@host"\n').documents
    assert document.data == {"a": "redis://:{{secret.pw.secret_string}}@host"}


def test_load__cli_templates__are_holes() -> None:
    (document,) = load("a: <% ctx.env.x %>/b\nc: &{ name }/d\n").documents
    assert document.data == {"a": "\ue000/b", "c": "\ue000/d"}


def test_path_of__node__is_its_way_from_the_top() -> None:
    (document,) = load("a:\n- b: off\n").documents
    (fault,) = document.faults
    assert fault.node is not None
    assert path_of(document, fault.node) == ("a", 0, "b")


# Without what PyYAML does not write back (control characters, separators) and what begins a template.
TEXT = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="{<&"), max_size=8)
NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(NODES)
def test_load__dumped_data__comes_back(data: Any) -> None:
    (document,) = load(yaml.safe_dump(data, allow_unicode=True)).documents or [None]
    assert document is not None
    assert document.data == data


@given(st.text(max_size=200))
def test_load__any_text__never_raises(text: str) -> None:
    load(text)


@pytest.mark.skipif(
    "SFML_TEST_SPEC_CORPUS" not in os.environ, reason="optional: SFML_TEST_SPEC_CORPUS names no folder"
)
@NEEDS_LIBYAML
def test_load__corpus__is_the_same_to_both_composers() -> None:
    for file in sorted(Path(os.environ["SFML_TEST_SPEC_CORPUS"]).glob("*.y*ml")):
        text = file.read_text(encoding="utf-8")
        fast, slow = load(text, composer=LibyamlComposer), load(text, composer=PureComposer)
        assert [d.data for d in fast.documents] == [d.data for d in slow.documents], file.name
        assert [(f.rule, f.line) for f in fast.faults] == [(f.rule, f.line) for f in slow.faults], file.name

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.errors import InputError
from sfml.specs.values import load_values, merge, parse_values, set_value


def test_load_values__several_files__merge_maps_and_replace_lists(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("stage: {name: '@a.b.c', uid: 1}\nargs: [1, 2]\n")
    (tmp_path / "b.json").write_text('{"stage": {"uid": 2}, "args": [3]}')
    values = load_values([tmp_path / "a.yaml", tmp_path / "b.json"])
    assert values == {"stage": {"name": "@a.b.c", "uid": 2}, "args": [3]}


@pytest.mark.parametrize("text", ["yes", "on", "0644", "1:30", "2026-01-01", "1_000", "0x1f"])
def test_parse_values__yaml_1_1_surprises__stay_text(text: str) -> None:
    assert parse_values(f"a: {text}", name="f") == {"a": text}


def test_parse_values__core_types__are_typed() -> None:
    text = "a: 3\nb: -1.5\nc: true\nd: null\ne:\nf: 1e3\n"
    assert parse_values(text, name="f") == {"a": 3, "b": -1.5, "c": True, "d": None, "e": None, "f": 1000.0}


def test_parse_values__anchors_and_merge_keys__are_expanded() -> None:
    text = "base: &b {x: 1, y: 2}\nmore: &m {<<: *b, y: 3}\nlast: {<<: *m, z: 4}\n"
    assert parse_values(text, name="f")["last"] == {"x": 1, "y": 3, "z": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [\n", "f:3:1: "),
        ("a: 1\na: 2\n", "f:2:1: the key 'a' stands twice"),
        ("a:\n\t- x\n", "f:2:1: found character '\\t'"),
        ("- a\n", "f must hold names with their values"),
        ("text", "f must hold names with their values"),
        ("1: a", "f must hold names with their values"),
        ("a: !!python/object/apply:os.system [x]", "f:1:4: could not determine a constructor"),
        ("a: !!binary x", "f:1:4: failed to decode base64 data"),
        ("? [a]\n: b", "f:1:3: found unhashable key"),
        ("a: *nowhere", "f:1:4: found undefined alias"),
        ("a: 1\n---\nb: 2\n", "f:2:1: but found another document"),
        ("a: \x01", "f: unacceptable character"),
        ("[" * 5000, "f is nested too deeply"),
        ("a: &a [*a]", "f holds more than 100,000 values"),
    ],
)
def test_parse_values__bad_text__names_the_place(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_values(text, name="f")
    assert message in str(caught.value)


def test_parse_values__billion_laughs__is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(InputError, match="once its aliases are expanded"):
        parse_values("\n".join(lines), name="f")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00", b"a: \xff", b"x" * 1_000_001])
def test_load_values__binary_or_huge_file__is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.yaml").write_bytes(content)
    with pytest.raises(InputError, match=r"v\.yaml (is|cannot)"):
        load_values([tmp_path / "v.yaml"])


def test_load_values__missing_file_or_folder__says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml cannot be read: No such file"):
        load_values([tmp_path / "nowhere.yaml"])
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_values([tmp_path])


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("a=1", 1), ("a=1.0", 1.0), ("a=true", True), ("a=null", None), ("a=", ""), ("a='1'", "1"),
        ('a="x y"', "x y"), ("a=@db.s.stage", "@db.s.stage"), ("a=k: v", "k: v"), ("a=b=c", "b=c"),
        ("a=[1, x]", [1, "x"]), ("a={b: 2}", {"b": 2}), ("a=$$; DROP", "$$; DROP"), ("a=yes", "yes"),
        ("a=*", "*"), ("a= x", " x"),
    ],
)  # fmt: skip
def test_set_value__any_text__is_read_like_yaml_without_its_traps(assignment: str, value: object) -> None:
    assert set_value({}, assignment) == {"a": value}


def test_set_value__dotted_name__changes_that_value_only() -> None:
    values = {"stage": {"name": "x", "uid": 1}, "n": 1}
    assert set_value(values, "stage.uid=7") == {"stage": {"name": "x", "uid": 7}, "n": 1}
    assert set_value(values, "größe.名前=1")["größe"] == {"名前": 1}
    assert values["stage"] == {"name": "x", "uid": 1}


@pytest.mark.parametrize("assignment", ["", "a", "=1", "a..b=1", ".a=1", "n.b=1", "a=[1", 'a="x'])
def test_set_value__not_an_assignment__is_refused(assignment: str) -> None:
    with pytest.raises(InputError, match="--set"):
        set_value({"n": 1}, assignment)


trees = st.recursive(
    st.integers(), lambda t: st.dictionaries(st.sampled_from("abc"), t, max_size=3), max_leaves=6
)
maps = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(maps, maps, maps)
def test_merge__any_maps__keeps_its_rules(x: dict[str, Any], y: dict[str, Any], z: dict[str, Any]) -> None:
    assert merge(x, {}) == x == merge({}, x) == merge(x, x)
    assert merge(merge(x, y), y) == merge(x, y)
    assert merge(x, y).keys() == x.keys() | y.keys()
    assert merge(y, z).items() >= {k: v for k, v in z.items() if not isinstance(v, dict)}.items()


@given(st.text(max_size=60))
def test_parse_values__any_text__is_values_or_a_refusal(text: str) -> None:
    try:
        values = parse_values(text, name="f")
    except InputError:
        return
    assert all(isinstance(key, str) for key in values)

"""Quoting, held against a small lexer written from Snowflake's documentation alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sfml import sql
from sfml.errors import InputError

NASTY = [
    "'; DROP TABLE users; --",
    '"; DROP SCHEMA x; --',
    "it's",
    "back\\slash",
    "ends with \\",
    "two\nlines\r\n",
    "$$; DROP",
    "$",
    "naïve-Größe-名前-🙂",
    "%s ? :1 {{ x }} &var",
    "/* */ -- //",
    "",
]
sendable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def lex(statement: str) -> list[tuple[str, str]]:
    """Tokens of a statement: (kind, value), with strings and quoted identifiers decoded."""
    tokens, i = [], 0
    while i < len(statement):
        c = statement[i]
        if c.isspace():
            i += 1
        elif c == "'":
            value, i = _string(statement, i + 1)
            tokens.append(("string", value))
        elif c == '"':
            value, i = _quoted(statement, i + 1)
            tokens.append(("name", value))
        elif statement.startswith("$$", i):
            end = statement.index("$$", i + 2)
            tokens.append(("string", statement[i + 2 : end]))
            i = end + 2
        elif c.isascii() and (c.isalpha() or c == "_"):
            end = i
            while end < len(statement) and (statement[end].isalnum() or statement[end] in "_$"):
                end += 1
            tokens.append(("word", statement[i:end].upper()))
            i = end
        else:
            tokens.append(("other", c))
            i += 1
    return tokens


def _string(text: str, i: int) -> tuple[str, int]:
    out = ""
    while True:
        if text[i] == "\\":
            out += {"n": "\n", "t": "\t", "r": "\r"}.get(text[i + 1], text[i + 1])
            i += 2
        elif text.startswith("''", i):
            out += "'"
            i += 2
        elif text[i] == "'":
            return out, i + 1
        else:
            out += text[i]
            i += 1


def _quoted(text: str, i: int) -> tuple[str, int]:
    out = ""
    while True:
        if text.startswith('""', i):
            out += '"'
            i += 2
        elif text[i] == '"':
            return out, i + 1
        else:
            out += text[i]
            i += 1


@given(sendable)
@example(NASTY[0])
@example(NASTY[4])
def test_literal__any_text__reads_back_as_one_string(text: str) -> None:
    assert lex(sql.literal(text)) == [("string", text)]


@pytest.mark.parametrize("text", NASTY)
def test_literal__nasty_text__stays_inside_its_statement(text: str) -> None:
    statement = sql.create_stage("s", comment=text)
    assert lex(statement)[-1] == ("string", text)
    assert [kind for kind, _ in lex(statement)].count("string") == 2  # the encryption type and the comment


@pytest.mark.parametrize(("value", "text"), [(True, "TRUE"), (False, "FALSE"), (7, "7"), (None, "NULL")])
def test_literal__other_values__are_sql(value: object, text: str) -> None:
    assert sql.literal(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_literal__unsendable_text__is_refused(text: str) -> None:
    with pytest.raises(InputError):
        sql.literal(text)


@given(sendable.filter(bool).filter(lambda t: len(t) <= 255))
@example('say "hi"')
@example("select")
@example("x; DROP TABLE y")
def test_name__quoted_by_the_user__reads_back_unchanged(text: str) -> None:
    typed = '"' + text.replace('"', '""') + '"'
    [(kind, value)] = lex(str(sql.name(typed)))
    assert value == text
    assert kind == "name" or sql.name(typed).last == text


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_$]{0,30}", fullmatch=True))
@example("select")
@example("Table")
def test_name__plain_identifier__resolves_to_upper_case(text: str) -> None:
    [(kind, value)] = lex(str(sql.name(text)))
    assert (value, sql.name(text).last) == (text.upper(), text.upper())
    assert kind == "name" or text.upper() not in {"SELECT", "TABLE"}


@given(sendable)
@example("a; DROP TABLE b")
@example("1abc")
@example("my-svc")
@example("größe")
@example('"a"b')
@example('"open')
@example("a..b")
@example("a.b.c.d")
def test_name__anything_typed__is_a_name_or_a_clear_refusal(text: str) -> None:
    try:
        name = sql.name(text)
    except InputError:
        return
    tokens = lex(str(name))
    assert tuple(value for kind, value in tokens if kind != "other") == name.parts
    assert {value for kind, value in tokens if kind == "other"} <= {"."}


def test_name__too_long__is_refused() -> None:
    with pytest.raises(InputError, match="at most 255 characters"):
        sql.name("a" * 256)


def test_name__child_and_parent__keep_resolved_parts() -> None:
    name = sql.name('my_db."Raw"').child("svc")
    assert name.parts == ("MY_DB", "Raw", "SVC")
    assert str(name) == 'MY_DB."Raw".SVC'
    assert str(name.parent) == 'MY_DB."Raw"'
    with pytest.raises(InputError, match="names no schema"):
        _ = sql.name("svc").parent


@pytest.mark.parametrize("text", ['"my svc"', "db.select.svc", '"lower".s.svc', "my-svc"])
def test_service_name__would_need_quotes__is_refused(text: str) -> None:
    with pytest.raises(InputError):
        sql.service_name(text)


def test_service_name__plain__is_upper_cased() -> None:
    assert str(sql.service_name("db.public.svc_1")) == "DB.PUBLIC.SVC_1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | sendable,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(sendable, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(sendable, json_values, max_size=4))
@example({"env": {"A": "$$; DROP TABLE x; $$$", "B": "$", "$$": "'"}})
@example({"a": "\\$$\\u0024$"})
def test_specification__any_content__arrives_as_the_same_content(spec: dict[str, object]) -> None:
    tokens = lex(sql.specification(spec))
    assert [t for t in tokens if t[0] != "string"] == [("word", "FROM"), ("word", "SPECIFICATION")]
    assert len(tokens) == 3
    assert json.loads(tokens[-1][1]) == spec


def test_canonical_json__other_key_order__gives_the_same_text() -> None:
    assert sql.canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'
    assert sql.canonical_json({"a": {"c": 3, "d": 2}, "b": 1}) == '{"a":{"c":3,"d":2},"b":1}'


@pytest.mark.parametrize("value", [float("nan"), object(), {1: 0, "1": 0}])
def test_canonical_json__no_json_value__is_refused(value: object) -> None:
    with pytest.raises(InputError, match="JSON cannot"):
        sql.canonical_json({"x": value})


def test_canonical_json__cycle__is_refused() -> None:
    loop: dict[str, object] = {}
    loop["self"] = loop
    with pytest.raises(InputError, match="JSON cannot"):
        sql.canonical_json(loop)


@pytest.mark.parametrize("text", ["a: 1\nb: $$\n", "$$", "x$$$y"])
def test_dollar_quoted__holds_two_dollars__is_refused_with_its_line(text: str) -> None:
    line = text[: text.index("$$")].count("\n") + 1
    with pytest.raises(InputError, match=f"line {line} "):
        sql.dollar_quoted(text)


@given(sendable.filter(lambda t: "$$" not in t))
@example("ends with $")
def test_dollar_quoted__anything_else__is_one_string(text: str) -> None:
    [(kind, value)] = lex(sql.dollar_quoted(text))
    assert (kind, value.rstrip("\n")) == ("string", text.rstrip("\n"))


@given(sendable.filter(lambda t: len(t) > 3))
def test_redacted__statement_with_a_secret__does_not_show_it(value: str) -> None:
    statement = sql.create_password_secret("db.s.pw", username="ana", password=value, comment="c")
    masked = statement.replace(f" PASSWORD = {sql.literal(value)}", " PASSWORD = '***'")
    assert sql.redacted(statement) == masked != statement

"""Tokens, splitting, string escapes, and where a syntax error points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfml.emulator.faults import Fault
from sfml.emulator.statements import split
from sfml.emulator.statements.queries import sql_literal
from sfml.emulator.statements.tokens import Kind, string_value, tokenize, unexpected


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.name, token.text) for token in tokenize(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a -- b\n c // d\n/* e\n */ f", [("WORD", "a"), ("WORD", "c"), ("WORD", "f")]),
        ("'it''s' 'a\\'b' ''", [("STRING", "'it''s'"), ("STRING", "'a\\'b'"), ("STRING", "''")]),
        ("$$a'b;\n--c$$", [("STRING", "$$a'b;\n--c$$")]),
        ('"a""b".c', [("QUOTED", '"a""b"'), ("SYMBOL", "."), ("WORD", "c")]),
        ("@db.s.stage/a-b/*.py;", [("STAGE", "@db.s.stage/a-b/*.py"), ("SYMBOL", ";")]),
        ('@"my stage"/x y', [("STAGE", '@"my stage"/x'), ("WORD", "y")]),
        ("put file:///tmp/a--b @s", [("WORD", "put"), ("FILE", "file:///tmp/a--b"), ("STAGE", "@s")]),
        ("? :1 x:y a::int", [("BIND", "?"), ("BIND", ":1"), ("WORD", "x"), ("SYMBOL", ":"), ("WORD", "y"),
                             ("WORD", "a"), ("SYMBOL", "::"), ("WORD", "int")]),
        ("$1 $name SYSTEM$F", [("SYMBOL", "$1"), ("VARIABLE", "$name"), ("WORD", "SYSTEM$F")]),
        ("1 1.5 .5 1e-3", [("NUMBER", "1"), ("NUMBER", "1.5"), ("NUMBER", ".5"), ("NUMBER", "1e-3")]),
        ("{'a':1}", [("SYMBOL", "{"), ("STRING", "'a'"), ("SYMBOL", ":"), ("NUMBER", "1"), ("SYMBOL", "}")]),
        ("arr[1:2]", [("WORD", "arr"), ("SYMBOL", "["), ("NUMBER", "1"), ("SYMBOL", ":"), ("NUMBER", "2"),
                      ("SYMBOL", "]")]),
    ],
)  # fmt: skip
def test_tokenize__text__kinds_and_spelling(text: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize("text", ["select 'abc", 'select "abc', "select /* abc", "select $$abc"])
def test_tokenize__unterminated__syntax_error_at_the_end(text: str) -> None:
    with pytest.raises(Fault, match="unexpected '<EOF>'") as caught:
        tokenize(text)
    assert caught.value.code == "001003"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it''s'", "it's"),
        (r"'a\'b\\c\nd\te'", "a'b\\c\nd\te"),
        (r"'\x41\u00e9\101\q'", "Aé\u0041q"),
        ("$$a\\n'$$", "a\\n'"),
    ],
)
def test_string_value__escapes__decoded(text: str, value: str) -> None:
    assert string_value(text) == value


@given(st.text())
def test_sql_literal__any_text__reads_back(value: str) -> None:
    (token,) = tokenize(sql_literal(value))
    assert token.kind is Kind.STRING
    assert string_value(token.text) == value


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("select 1", ["select 1"]),
        ("select ';'; -- x;\nselect $$;$$ ;", ["select ';'", "select $$;$$"]),
        (";;/* nothing */;", []),
        ("a -- tail", ["a"]),
    ],
)
def test_split__text__statements(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def test_unexpected__second_line__line_and_position_in_it() -> None:
    text = "select\n  oops"
    fault = unexpected(text, tokenize(text)[1])
    assert "line 2 at position 2 unexpected 'oops'." in fault.message

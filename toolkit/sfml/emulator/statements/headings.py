"""The names that Snowflake gives to a SELECT's columns: an expression's text, in upper case."""

from __future__ import annotations

from collections.abc import Sequence

from sfml.emulator.statements.tokens import Kind, Token

STAR = "*"
"""Stands for the columns of ``*`` or ``t.*``, however many there are."""

# Words that end the list of columns, outside parentheses.
_ENDS = frozenset(
    {"FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT", "FETCH", "OFFSET", "UNION", "INTERSECT",
     "EXCEPT", "MINUS", "INTO", "WINDOW"}
)  # fmt: skip
# After one of these a word is an operand, and it is no alias itself.
_OPERATORS = frozenset(
    {"AND", "OR", "NOT", "IS", "IN", "LIKE", "ILIKE", "RLIKE", "REGEXP", "BETWEEN", "ESCAPE", "CASE", "WHEN",
     "THEN", "ELSE", "END", "NULL", "TRUE", "FALSE", "DISTINCT", "ALL", "DATE", "TIME", "TIMESTAMP",
     "INTERVAL",
     "COLLATE", "OVER"}
)  # fmt: skip
_CONSTANTS = frozenset(
    {"NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER",
     "LOCALTIME", "LOCALTIMESTAMP"}
)  # fmt: skip
_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def headings(text: str, tokens: Sequence[Token]) -> tuple[str | None, ...]:
    """One entry for each item of the SELECT list; empty where the statement begins with a parenthesis."""
    return tuple(_name(text, item) for item in _items(tokens))


def heading(text: str) -> str:
    """The column name that Snowflake derives from an expression: its text in upper case."""
    return text.upper()


def _items(tokens: Sequence[Token]) -> list[list[Token]]:
    """The items of the first SELECT list that stands outside parentheses."""
    items: list[list[Token]] = []
    depth = 0
    for token in tokens:
        depth += _DEPTH.get(token.text, 0) if token.kind is Kind.SYMBOL else 0
        if not items:
            if depth == 0 and token.word() == "SELECT":
                items.append([])
            continue
        if depth == 0 and token.word() in _ENDS:
            break
        if depth == 0 and token.kind is Kind.SYMBOL and token.text == ",":
            items.append([])
        else:
            items[-1].append(token)
    return [_without_quantifier(items[0]), *items[1:]] if items else []


def _without_quantifier(item: list[Token]) -> list[Token]:
    words = [token.word() for token in item[:2]]
    if words[:1] == ["TOP"] and len(item) > 1 and item[1].kind is Kind.NUMBER:
        return item[2:]
    return item[1:] if words[:1] in (["DISTINCT"], ["ALL"]) else item


def _name(text: str, item: Sequence[Token]) -> str | None:
    if not item or _is_column(item) or _has_alias(item):
        return None
    if item[0].text == STAR or (len(item) > 2 and item[-1].text == STAR and item[-2].text == "."):
        return STAR
    return heading(text[item[0].start : item[-1].end])


def _is_column(item: Sequence[Token]) -> bool:
    """A name, perhaps qualified: it is its own heading."""
    names, dots = item[::2], item[1::2]
    plain = all(token.kind in (Kind.WORD, Kind.QUOTED) for token in names) and len(item) % 2 == 1
    return plain and all(token.text == "." for token in dots) and item[-1].word() not in _CONSTANTS


def _has_alias(item: Sequence[Token]) -> bool:
    if len(item) < 2 or item[-1].kind not in (Kind.WORD, Kind.QUOTED):
        return False
    before, last = item[-2], item[-1].word()
    if before.word() == "AS":
        return True
    if last in _OPERATORS or before.word() in _OPERATORS - {"END", "NULL", "TRUE", "FALSE"}:
        return False
    return before.kind is not Kind.SYMBOL or before.text in (")", "]")

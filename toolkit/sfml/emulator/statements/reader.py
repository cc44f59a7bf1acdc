"""A cursor over tokens with the phrases that all statements share: names, literals, options, SHOW filters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sfml.emulator.faults import Fault, unsupported
from sfml.emulator.statements.names import ObjectName, SchemaName, ShowFilter, StagePath
from sfml.emulator.statements.tokens import (
    Kind,
    Token,
    identifier_value,
    string_value,
    tokenize,
    unexpected,
)

# docs.snowflake.com/en/sql-reference/reserved-keywords: those that cannot be an identifier anywhere.
_RESERVED_WORDS = """
    ALL ALTER AND ANY AS BETWEEN BY CASE CHECK COLUMN CONNECT CREATE CURRENT DELETE DISTINCT DROP ELSE
    EXISTS FOLLOWING FOR FROM GRANT GROUP HAVING ILIKE IN INCREMENT INSERT INTERSECT INTO IS LIKE MINUS
    NOT NULL OF ON OR ORDER QUALIFY REGEXP REVOKE RLIKE ROW ROWS SAMPLE SELECT SET SOME START TABLE
    TABLESAMPLE THEN TO TRIGGER UNION UNIQUE UPDATE VALUES WHENEVER WHERE WITH
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())
_DEEPEST = 20
"""Parentheses in an option's value, one in another; a file format needs two."""
_WORD_VALUES: Mapping[str, object] = {"TRUE": True, "FALSE": False, "NULL": None}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What placeholders stand for: bound values by position, session variables by upper-case name."""

    binds: Sequence[object] = ()
    variables: Mapping[str, object] | None = None


class Reader:
    """The tokens of one statement and the place reached. ``accept…`` answers whether, the others demand."""

    def __init__(self, text: str, inputs: Inputs | None = None) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.inputs = inputs or Inputs()
        self.at = 0
        self.binds_used = 0
        self.removed: list[tuple[int, int]] = []
        self._depth = 0
        while self.tokens and self.tokens[-1].text == ";":
            self.tokens.pop()

    # --- tokens

    def peek(self, ahead: int = 0) -> Token | None:
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else None

    def next(self) -> Token:
        token = self.peek()
        if token is None:
            raise self.wrong()
        self.at += 1
        return token

    def wrong(self) -> Fault:
        """The syntax error at the place reached."""
        return unexpected(self.text, self.peek())

    def sees(self, *words: str) -> bool:
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token is None or (token.word() != word and not _is_symbol(token, word)):
                return False
        return True

    def accept(self, *words: str) -> bool:
        """Whether these words (or symbols) come next; they are taken if so."""
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def accept_any(self, *choices: str) -> str | None:
        """The first of the choices (each one or more words) that comes next."""
        return next((choice for choice in choices if self.accept(*choice.split())), None)

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.wrong()

    def done(self) -> bool:
        return self.peek() is None

    def end(self) -> None:
        if not self.done():
            raise self.wrong()

    def remove(self, word: str) -> None:
        """Take a word out of the statement wherever it stands."""
        self.removed += [(token.start, token.end) for token in self.tokens if token.word() == word]
        self.tokens = [token for token in self.tokens if token.word() != word]

    # --- literals

    def literal(self) -> object:
        """A string, number, TRUE, FALSE, NULL, bound value or session variable."""
        sign = -1 if self.accept("-") else 1
        token = self.next()
        if token.kind is Kind.NUMBER:
            return sign * number(token.text)
        if sign == 1:
            if token.kind is Kind.STRING:
                return string_value(token.text)
            if token.kind is Kind.BIND:
                return self._bound(token)
            if token.kind is Kind.VARIABLE:
                return self._variable(token)
            if token.word() in _WORD_VALUES:
                return _WORD_VALUES[token.word()]
        self.at -= 1
        raise self.wrong()

    def string(self) -> str:
        """A string literal, or a placeholder that stands for one."""
        value = self.literal()
        if not isinstance(value, str):
            self.at -= 1
            raise self.wrong()
        return value

    def integer(self) -> int:
        value = self.literal()
        if isinstance(value, bool) or not isinstance(value, int):
            self.at -= 1
            raise self.wrong()
        return value

    def _bound(self, token: Token) -> object:
        index = self.binds_used if token.text == "?" else int(token.text[1:]) - 1
        self.binds_used += 1
        if not 0 <= index < len(self.inputs.binds):
            position = unexpected(self.text, token).message.partition("error ")[2].partition(" unexpected")[0]
            text = f"SQL compilation error: error {position}\nBind variable {token.text} not set."
            raise Fault("002049", "42601", text)
        return self.inputs.binds[index]

    def _variable(self, token: Token) -> object:
        name = token.text[1:].upper()
        if name not in (self.inputs.variables or {}):
            raise undefined_variable(name)
        return (self.inputs.variables or {})[name]

    def expression(self, *stops: str) -> str:
        """The text of an expression: up to one of the symbols outside parentheses, or to the end."""
        begin, depth = self.at, 0
        while (token := self.peek()) is not None:
            if depth == 0 and token.kind is Kind.SYMBOL and token.text in stops:
                break
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
            if depth < 0:
                raise self.wrong()
            self.at += 1
        if self.at == begin:
            raise self.wrong()
        return self.slice(begin)

    def slice(self, begin: int) -> str:
        """The text from the token number ``begin`` to the last one taken."""
        return self.text[self.tokens[begin].start : self.tokens[self.at - 1].end]

    def rewind(self, at: int, binds_used: int) -> None:
        """Back to an earlier place: ``reader.at`` and ``reader.binds_used`` as they were there."""
        self.at, self.binds_used = at, binds_used

    # --- names

    def identifier(self) -> str:
        """One unquoted or quoted identifier, resolved."""
        token = self.peek()
        if token is None or token.kind not in (Kind.WORD, Kind.QUOTED) or token.word() in _RESERVED:
            raise self.wrong()
        self.at += 1
        return identifier_value(token)

    def parts(self) -> tuple[str, ...]:
        """A name of one to three parts, also as ``IDENTIFIER('…')``, ``IDENTIFIER(?)`` and ``db..name``."""
        if self.sees("IDENTIFIER", "("):
            return self._wrapped_parts()
        found = [self.identifier()]
        while self.accept("."):
            # db..name: the schema is PUBLIC (docs.snowflake.com/en/sql-reference/name-resolution)
            found.append("PUBLIC" if self.sees(".") else self.identifier())
        return tuple(found)

    def _wrapped_parts(self) -> tuple[str, ...]:
        self.expect("IDENTIFIER", "(")
        text = self.string()
        self.expect(")")
        try:
            inner = Reader(text)
            found = inner.parts()
            inner.end()
        except Fault:
            message = f"SQL compilation error:\ninvalid identifier '{text}'"
            raise Fault("000904", "42000", message) from None
        return found

    def account_name(self) -> str:
        """The name of an account-level object: one part."""
        begin = self.at
        parts = self.parts()
        if len(parts) != 1:
            self.at = begin + 1
            raise self.wrong()
        return parts[0]

    def schema_name(self) -> SchemaName:
        begin = self.at
        parts = self.parts()
        if len(parts) > 2:
            self.at = begin + 1
            raise self.wrong()
        return SchemaName(name=parts[-1], database=parts[0] if len(parts) == 2 else None)

    def object_name(self) -> ObjectName:
        begin = self.at
        parts = self.parts()
        if len(parts) > 3:
            self.at = begin + 1
            raise self.wrong()
        database, schema, name = (None,) * (3 - len(parts)) + parts
        return ObjectName(name=name or "", schema=schema, database=database)

    def stage_path(self) -> StagePath:
        """``@stage/path``, bare or in quotes."""
        token = self.peek()
        if token is not None and token.kind is Kind.STAGE:
            self.at += 1
            return stage_path(token.text)
        text = self.string()
        if not text.startswith("@"):
            self.at -= 1
            raise self.wrong()
        return stage_path(text)

    def local_file(self) -> str:
        """``file://path``, bare or in quotes, without its prefix."""
        token = self.peek()
        if token is not None and token.kind is Kind.FILE:
            self.at += 1
            return token.text[len("file://") :]
        text = self.string()
        if not text.lower().startswith("file://"):
            self.at -= 1
            raise self.wrong()
        return text[len("file://") :]

    # --- options

    def options(self, *, also: Mapping[str, object] | None = None) -> dict[str, object]:
        """``KEY = value`` pairs up to the end of the statement or of the parenthesis."""
        found = dict(also or {})
        while not self.done() and not self.sees(")"):
            if not self.accept(","):
                self.accept("WITH")  # CREATE WAREHOUSE w WITH …
            if self.accept("MANAGED", "ACCESS"):
                found["MANAGED_ACCESS"] = True
                continue
            if self.sees("CLONE"):
                raise unsupported("CLONE")
            key = self.option_name()
            if self.sees("("):
                raise unsupported(key)
            self.expect("=")
            found[key] = self.value()
        return found

    def option_name(self) -> str:
        token = self.peek()
        if token is None or token.kind is not Kind.WORD:
            raise self.wrong()
        self.at += 1
        return token.text.upper()

    def option_names(self) -> tuple[str, ...]:
        """``A, B`` or ``A B`` up to the end: what UNSET takes."""
        found = [self.option_name()]
        while not self.done():
            self.accept(",")
            found.append(self.option_name())
        return tuple(found)

    def value(self) -> object:
        """An option's value: a literal, a name, ``(a, b)`` as a tuple, ``(A = 1)`` as a dict."""
        if self._depth < _DEEPEST and self.accept("("):
            self._depth += 1
            found = self._bracketed()
            self._depth -= 1
            return found
        token = self.peek()
        if token is not None and token.kind in (Kind.WORD, Kind.QUOTED) and token.word() not in _WORD_VALUES:
            return ".".join(self.parts())
        return self.literal()

    def _bracketed(self) -> object:
        token, following = self.peek(), self.peek(1)
        if token is not None and token.kind is Kind.WORD and following is not None and following.text == "=":
            options = self.options()
            self.expect(")")
            return options
        values: list[object] = []
        while not self.accept(")"):
            if values:
                self.expect(",")
            values.append(self.value())
        return tuple(values)

    # --- SHOW

    def show_filter(
        self, *, bare_scope: str = "SCHEMA", scopes: Sequence[str] = (), preposition: str = "IN"
    ) -> ShowFilter:
        """``[LIKE …] [IN …] [STARTS WITH …] [LIMIT n [FROM …]]`` up to the end.

        ``bare_scope`` is what ``IN x`` without a kind means, ``scopes`` are kinds beyond the usual ones,
        ``preposition`` is a synonym of IN.
        """
        like = self.string() if self.accept("LIKE") else None
        scoped = self.accept("IN") or self.accept(preposition)
        kind, name = self._scope(bare_scope, scopes) if scoped else (None, ())
        starts_with = self.string() if self.accept("STARTS", "WITH") else None
        limit = self.integer() if self.accept("LIMIT") else None
        from_ = self.string() if limit is not None and self.accept("FROM") else None
        self.end()
        return ShowFilter(
            like=like, starts_with=starts_with, limit=limit, from_=from_, scope_kind=kind, scope_name=name
        )

    def _scope(self, bare: str, scopes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        kind = self.accept_any("ACCOUNT", "DATABASE", "SCHEMA", *scopes) or bare
        if kind == "ACCOUNT":
            return kind, ()
        token = self.peek()
        nameless = token is None or token.word() in ("STARTS", "LIMIT")
        if nameless and kind in ("DATABASE", "SCHEMA", "SESSION"):
            return kind, ()
        return kind, self.parts()


def count_binds(text: str) -> int:
    """How many bound values a statement takes: its ``?``, or the highest number of its ``:1``."""
    binds = [token.text for token in tokenize(text) if token.kind is Kind.BIND]
    numbered = [int(bind[1:]) for bind in binds if bind != "?"]
    return max(numbered) if numbered else len(binds)


def undefined_variable(name: str) -> Fault:
    return Fault("002211", "02000", f"SQL compilation error: error line 1 at position 0\n"
                 f"Session variable '${name}' does not exist")  # fmt: skip


def number(text: str) -> int | Decimal:
    return int(text) if text.isdigit() else Decimal(text)


def stage_path(text: str) -> StagePath:
    """``text`` begins with ``@``; the path is kept as written, without its leading slash."""
    location = re.match(r'@([~%]?)((?:"(?:[^"]|"")*"|[^/"])*)(?:/(.*))?', text, re.DOTALL)
    if location is None:
        raise unexpected(text, None)
    area, name, path = location.groups(default="")
    if area == "~":
        if name:
            raise unexpected(text, Token(Kind.WORD, name, 2))
        return StagePath(stage=ObjectName(name="~"), path=path.lstrip("/"), area="~")
    table = re.fullmatch(r"(.*\.)?%(.*)", name, re.DOTALL)
    if table is not None:  # @db.schema.%table
        area, name = "%", (table[1] or "") + table[2]
    inner = Reader(name)
    stage = inner.object_name()
    inner.end()
    return StagePath(stage=stage, path=path.lstrip("/"), area=area)


def _is_symbol(token: Token, text: str) -> bool:
    return token.kind is Kind.SYMBOL and token.text == text

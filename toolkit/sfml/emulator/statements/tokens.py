"""Text to tokens, by Snowflake's rules: comments, strings with escapes, dollar quotes, stage locations."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from sfml.emulator.faults import Fault, syntax


class Kind(Enum):
    WORD = auto()  # an unquoted identifier or a keyword
    QUOTED = auto()  # "an identifier"
    STRING = auto()  # 'text' or $$text$$
    NUMBER = auto()
    BIND = auto()  # ? or :1
    VARIABLE = auto()  # $name; $1 is a column and a SYMBOL here
    STAGE = auto()  # @stage/path
    FILE = auto()  # file:///path
    SYMBOL = auto()


class Token(NamedTuple):
    """One token: its kind, the characters as written, and where they stand in the text."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def word(self) -> str:
        """The keyword that this token may be: upper-case, empty when it is no word."""
        return self.text.upper() if self.kind is Kind.WORD else ""


# docs.snowflake.com/en/sql-reference/identifiers-syntax and …/data-types-text. ``//`` begins a comment too,
# but not within ``file://``.
_PATTERN = re.compile(
    r"""
    (?P<SPACE>\s+|--[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<FILE>[Ff][Ii][Ll][Ee]://[^\s;]*)
    |(?P<STRING>'[^'\\]*(?:(?:''|\\.)[^'\\]*)*'|\$\$.*?\$\$)
    |(?P<QUOTED>"[^"]*(?:""[^"]*)*")
    |(?P<STAGE>@(?:"[^"]*(?:""[^"]*)*"|[^\s;,()'"])+)
    |(?P<NUMBER>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<VARIABLE>\$[^\W\d][\w$]*)
    |(?P<BIND>\?|(?<![\w:"'\])]):\d+)
    |(?P<WORD>[^\W\d][\w$]*)
    |(?P<SYMBOL>=>|::|:=|->>|->|\|\||<=|>=|<>|!=|\$\d+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_UNTERMINATED = re.compile(r"""['"]|/\*|\$\$""")


def tokenize(text: str) -> list[Token]:
    """The tokens without white space and comments; 001003 for a string, name or comment that does not end."""
    found = []
    for match in _PATTERN.finditer(text):
        name = match.lastgroup
        if name == "SPACE":
            continue
        token = Token(Kind[name or "SYMBOL"], match.group(), match.start())
        if token.kind is Kind.SYMBOL and _UNTERMINATED.match(text, token.start):
            raise unexpected(text, None)
        found.append(token)
    return found


def split(text: str) -> list[str]:
    """The statements of a text, without their semicolons; empty ones (comments alone) are left out."""
    parts, begin, last = [], None, 0
    for token in tokenize(text):
        if token.text == ";":
            if begin is not None:
                parts.append(text[begin:last])
            begin = None
            continue
        begin = token.start if begin is None else begin
        last = token.end
    if begin is not None:
        parts.append(text[begin:last])
    return parts


def unexpected(text: str, token: Token | None) -> Fault:
    """001003 that names the token (None: the end of the text), its line and its position in that line."""
    offset = len(text) if token is None else token.start
    before = text[:offset]
    line = before.count("\n") + 1
    position = offset - (before.rfind("\n") + 1)
    return syntax("<EOF>" if token is None else token.text, line=line, position=position)


# docs.snowflake.com/en/sql-reference/data-types-text, "Escape sequences in single-quoted string constants"
_ESCAPE = re.compile(
    r"''|\\(?:(?P<octal>[0-7]{1,3})|x(?P<hex>[0-9a-fA-F]{2})|u(?P<unicode>[0-9a-fA-F]{4})|(?P<other>.))",
    re.DOTALL,
)
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def string_value(text: str) -> str:
    """What a string literal, ``'…'`` or ``$$…$$``, stands for."""
    if text.startswith("$$"):
        return text[2:-2]
    return _ESCAPE.sub(_unescape, text[1:-1])


def _unescape(match: re.Match[str]) -> str:
    if match.group() == "''":
        return "'"
    for name, base in (("octal", 8), ("hex", 16), ("unicode", 16)):
        if match.group(name) is not None:
            return chr(int(match.group(name), base))
    return _NAMED.get(match.group("other"), match.group("other"))


def identifier_value(token: Token) -> str:
    """The resolved name: upper-cased when unquoted, as written (``""`` is one quote) when quoted."""
    if token.kind is Kind.QUOTED:
        return token.text[1:-1].replace('""', '"')
    return token.text.upper()

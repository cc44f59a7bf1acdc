"""Names, values and specifications as SQL text (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sfml.errors import InputError

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z", re.ASCII)
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|(?!")([^".]*))\s*')
_MAX_IDENTIFIER = 255  # docs.snowflake.com, "Identifier requirements"

_RESERVED_WORDS = (
    "ACCOUNT ALL ALTER AND ANY AS BETWEEN BY CASE CAST CHECK COLUMN CONNECT CONNECTION CONSTRAINT "
    "CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATABASE DELETE "
    "DISTINCT DROP ELSE EXISTS FALSE FOLLOWING FOR FROM FULL GRANT GROUP GSCLUSTER HAVING ILIKE IN "
    "INCREMENT INNER INSERT INTERSECT INTO IS ISSUE JOIN LATERAL LEFT LIKE LOCALTIME LOCALTIMESTAMP "
    "MINUS NATURAL NOT NULL OF ON OR ORDER ORGANIZATION QUALIFY REGEXP REVOKE RIGHT RLIKE ROW ROWS "
    "SAMPLE SCHEMA SELECT SET SOME START TABLE TABLESAMPLE THEN TO TRIGGER TRUE TRY_CAST UNION UNIQUE "
    "UPDATE USING VALUES VIEW WHEN WHENEVER WHERE WINDOW WITH"
)
"""docs.snowflake.com, "Reserved & limited keywords": as an identifier, each needs quotes somewhere."""
_RESERVED = frozenset(_RESERVED_WORDS.split())


@dataclass(frozen=True, slots=True)
class Name:
    """A name as the server knows it: each part resolved (unquoted text upper-cased). ``str()`` is SQL."""

    parts: tuple[str, ...]

    @property
    def last(self) -> str:
        """The object's own name, as SHOW prints it."""
        return self.parts[-1]

    @property
    def parent(self) -> Name:
        """The schema or database that holds it; :class:`InputError` for a name that stands alone."""
        if len(self.parts) == 1:
            raise InputError(f"{self.last} names no schema", hint="write it as DATABASE.SCHEMA.NAME")
        return Name(self.parts[:-1])

    def child(self, text: str) -> Name:
        """This name with one more part, given as the user typed it."""
        return Name((*self.parts, *name(text, parts=1).parts))

    def __str__(self) -> str:
        return ".".join(_identifier(part) for part in self.parts)


def _identifier(part: str) -> str:
    if _BARE.match(part) and part == part.upper() and part not in _RESERVED:
        return part
    return '"' + part.replace('"', '""') + '"'


def name(text: str | Name, *, parts: int = 3) -> Name:
    """The name that a user typed (``db.schema.x``, ``"My Db".x``), of at most ``parts`` parts.

    As in SQL, text without quotes is upper-cased and must be a plain identifier; quoted text stays as it is.
    """
    if isinstance(text, Name):
        return text
    found: list[str] = []
    position = 0
    while True:
        match = _PART.match(text, position)
        if match is None:
            raise _bad_name(text, "a double quote is not closed")
        quoted, bare = match.groups()
        found.append(_unquoted(bare, text) if quoted is None else _quoted(quoted, text))
        position = match.end()
        if position == len(text):
            break
        if text[position] != ".":
            raise _bad_name(text, f"{text[position]!r} stands outside the quotes")
        position += 1
    if len(found) > parts:
        raise _bad_name(text, f"it has {len(found)} parts, at most {parts} are allowed here")
    return Name(tuple(found))


def _unquoted(part: str, text: str) -> str:
    part = part.strip()
    if not part:
        raise _bad_name(text, "a part of it is empty")
    if not _BARE.match(part):
        raise _bad_name(text, f"{part!r} holds more than letters, digits, _ and $, or starts with a digit")
    return _checked(part.upper(), text)


def _quoted(part: str, text: str) -> str:
    if not part:
        raise _bad_name(text, "a part of it is empty")
    return _checked(part.replace('""', '"'), text)


def _checked(part: str, text: str) -> str:
    if len(part) > _MAX_IDENTIFIER:
        raise _bad_name(text[:40] + "…", f"identifiers have at most {_MAX_IDENTIFIER} characters")
    _refuse_unsendable(part, what="a name")
    return part


def _bad_name(text: str, why: str) -> InputError:
    return InputError(
        f"{text!r} is not a name that Snowflake accepts: {why}",
        hint='put double quotes around unusual names: "my-name"',
    )


def service_name(text: str | Name) -> Name:
    """A name for a service or job: as :func:`name`, but refused where it needs quotes, as Snowflake does."""
    found = name(text)
    for part in found.parts:
        if _identifier(part) != part:
            raise InputError(
                f"{text!s} cannot name a service or job: {part!r} would need quotes, which Snowflake refuses",
                hint="use letters, digits and _ only, in the database's and schema's names too",
            )
    return found


def plain_word(text: str) -> str:
    """A word that stands in SQL as it is (the name of a template's variable)."""
    if not _BARE.match(text):
        raise InputError(
            f"{text!r} cannot name a variable", hint="use letters, digits and _, and start with a letter"
        )
    return text


def literal(value: str | int | bool | None) -> str:
    """A value as SQL: strings in single quotes, with quotes doubled and backslashes escaped."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return repr(value)
    _refuse_unsendable(value, what="a value")
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def literals(values: Iterable[str]) -> str:
    """Strings as a parenthesised list."""
    return "(" + ", ".join(literal(value) for value in values) + ")"


def names(values: Iterable[str | Name]) -> str:
    """Names as a parenthesised list."""
    return "(" + ", ".join(str(name(value)) for value in values) + ")"


def dollar_quoted(text: str) -> str:
    """``text`` between ``$$``, where nothing can be escaped: :class:`InputError` when it holds ``$$``."""
    _refuse_unsendable(text, what="a specification")
    if "$$" in text:
        line = text[: text.index("$$")].count("\n") + 1
        raise InputError(
            f"line {line} of the text holds $$, which would end it there",
            hint="render the template here (sfml spec render): rendered specs may hold any text",
        )
    return f"$${text}\n$$" if text.endswith("$") else f"$${text}$$"


def _refuse_unsendable(text: str, *, what: str) -> None:
    if "\0" in text:
        raise InputError(f"{what} holds a NUL character: {text[:40]!r}", hint="remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{what} holds half a surrogate pair: {text[:40]!r}", hint="remove it") from None


def canonical_json(spec: Mapping[str, Any]) -> str:
    """A rendered spec as it travels: one text for one content, in ASCII, and without any ``$$``.

    JSON is YAML too, and reads the same in every parser. ``$`` before ``$`` becomes its JSON escape: ``$$``
    in a value would end the SQL literal around it (as Snowflake CLI does, ``services/manager.py``).
    """
    try:
        text = json.dumps(spec, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"the spec holds a value that JSON cannot: {error}",
            hint="put dates and special numbers in quotes",
        ) from None
    return re.sub(r"\$(?=\$)", r"\\u0024", text)


_SECRET_VALUE = re.compile(
    r"\b(PASSWORD|SECRET_STRING|OAUTH_REFRESH_TOKEN|OAUTH_CLIENT_SECRET)(\s*=\s*)"
    r"(?:'(?:[^'\\]|''|\\.)*'|\$\$.*?\$\$)",
    re.IGNORECASE | re.DOTALL,
)


def redacted(statement: str) -> str:
    """The statement with its secret values masked: for logs, plans and errors."""
    return _SECRET_VALUE.sub(r"\1\2'***'", statement)

"""What an unquoted scalar means in YAML 1.1, and whether another reader would see something else.

The resolution is PyYAML's, which the Snowflake CLI uses before it sends a spec as JSON; which parser the
server itself uses is not documented, so a scalar that YAML 1.1 and 1.2 read differently deserves a warning.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

Plain = str | int | float | bool | None


class Quirk(StrEnum):
    """Why a scalar may not be what its author meant."""

    NONE = ""
    BOOLEAN = "boolean"  # yes, no, on, off: booleans in YAML 1.1, text in 1.2
    OCTAL = "octal"  # 0644 is 420 in YAML 1.1, 644 in 1.2
    BASE_SIXTY = "base sixty"  # 12:30 is 750 in YAML 1.1, text in 1.2
    DATE = "date"  # 2024-01-01 is a date in YAML 1.1, which JSON has not
    RESPELLED = "respelled"  # 1.10 is the number 1.1: only text keeps its spelling


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    spelling: value
    for word, value in {
        "true": True,
        "yes": True,
        "on": True,
        "false": False,
        "no": False,
        "off": False,
    }.items()
    for spelling in (word, word.capitalize(), word.upper())
}
# Compiled by `re` when the first such scalar is met, and kept there.
_INTEGER = r"[-+]?(0|[1-9][0-9_]*)"
_OCTAL = r"[-+]?0[0-7_]+"
_OTHER_BASE = r"[-+]?0(b[01_]+|x[0-9a-fA-F_]+)"
_BASE_SIXTY = r"[-+]?([1-9][0-9_]*(:[0-5]?[0-9])+|[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*)"
_FLOAT = r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)([eE][-+][0-9]+)?"
_SPECIAL = {
    f"{sign}.{name}": float(f"{sign}{name.lower()}")
    for sign in ("", "+", "-")
    for name in ("inf", "Inf", "INF", "nan", "NaN", "NAN")
    if sign == "" or name[0] in "iI"
}
_DATE = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?"
_NUMERIC_START = frozenset("0123456789+-.")
# CPython refuses int() of some thousand digits (sys.set_int_max_str_digits); no number of a spec comes near.
_LONGEST_NUMBER = 64


@lru_cache(maxsize=8192)
def plain(raw: str) -> tuple[Plain, Quirk]:
    """The value of an unquoted scalar and its quirk."""
    if raw in _NULLS:
        return None, Quirk.NONE
    if raw in _BOOLEANS:
        return _BOOLEANS[raw], Quirk.NONE if raw[0] in "tTfF" else Quirk.BOOLEAN
    if raw[0] not in _NUMERIC_START or len(raw) > _LONGEST_NUMBER:
        return raw, Quirk.NONE
    return _numeric(raw)


def _numeric(raw: str) -> tuple[Plain, Quirk]:
    if raw.isdecimal() and raw[0] != "0":
        return int(raw), Quirk.NONE
    digits = raw.replace("_", "")
    if re.fullmatch(_INTEGER, raw):
        number = int(digits)
        return number, Quirk.NONE if str(number) == raw else Quirk.RESPELLED
    if re.fullmatch(_OCTAL, raw):
        return int(digits, 8), Quirk.OCTAL
    if re.fullmatch(_FLOAT, raw):
        fraction = float(digits)
        return fraction, Quirk.NONE if repr(fraction) == raw else Quirk.RESPELLED
    return _rare(raw, digits)


def _rare(raw: str, digits: str) -> tuple[Plain, Quirk]:
    if re.fullmatch(_OTHER_BASE, raw) and digits.lstrip("+-").lower() not in ("0b", "0x"):
        return int(digits, 0), Quirk.RESPELLED
    if re.fullmatch(_BASE_SIXTY, raw):
        return _base_sixty(digits), Quirk.BASE_SIXTY
    if re.fullmatch(_DATE, raw):
        return raw, Quirk.DATE
    return _SPECIAL.get(raw, raw), Quirk.NONE


def _base_sixty(digits: str) -> float:
    sign = -1 if digits[0] == "-" else 1
    total: float = 0
    for part in digits.lstrip("+-").split(":"):
        total = total * 60 + (float(part) if "." in part else int(part))
    return sign * total

"""Amounts as numbers: cores, and GiB of memory."""

from __future__ import annotations

import re
from functools import lru_cache

# specification-reference.md, "About units".
_UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}
_AMOUNT = r"([0-9]+(?:\.[0-9]+)?)(Ki|Mi|Gi|k|M|G|)"


def gib(value: object) -> float | None:
    """An amount of memory in GiB; None if it is not one."""
    return _gib(str(value)) if type(value) in (str, int) else None


@lru_cache(maxsize=1024)
def _gib(text: str) -> float | None:
    found = re.fullmatch(_AMOUNT, text)
    return float(found[1]) * _UNITS[found[2]] / 2**30 if found else None


def gib_text(amount: float) -> str:
    """The amount as a spec writes it, rounded to tenths."""
    return f"{round(amount, 1):g}Gi"


def cores(value: object) -> float | None:
    """A number of cores; None if it is not one."""
    if type(value) in (int, float):
        return float(value)  # type: ignore[arg-type] # the line above says so
    try:
        text = str(value)
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        return None

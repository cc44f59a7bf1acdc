"""What a check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Health(Enum):
    """What a check found; the value is its sign."""

    GOOD = "ok"
    WARN = "??"
    BAD = "!!"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check: what it is about, what was found, and what to do."""

    about: str
    health: Health
    text: str
    remedy: str = ""


def finding(
    about: str, text: str, *, is_well: bool = True, remedy: str = "", otherwise: Health = Health.BAD
) -> Finding:
    """The finding of a check: all is well, or ``otherwise`` with its remedy."""
    health = Health.GOOD if is_well else otherwise
    return Finding(about=about, health=health, text=text, remedy="" if is_well else remedy)

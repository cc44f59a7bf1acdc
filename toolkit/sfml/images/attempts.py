"""What to do about a push that failed: try again, with another token or after a while, or give up (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further try; half a minute covers a registry that is restarted."""
RENEWALS = 5
"""A token lives about an hour, a push of ten hours is none."""


class Next(Enum):
    """What to do next."""

    RENEW = "get another token, then go on"
    WAIT = "wait, then go on"
    REFUSED = "the role may not push"
    NOT_THERE = "the repository is not there"
    FULL = "a disk is full"
    GIVE_UP = "give up"


@dataclass(frozen=True, kw_only=True)
class Tries:
    """What was tried already."""

    waits: int = 0
    renewals: int = 0
    progressed: bool = False
    """Whether this token has been accepted since it was issued."""


# The first that matches decides. The engine hands the registry's own words on, as text.
_SIGNS: tuple[tuple[re.Pattern[str], Next], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"no space left on device", Next.FULL),
        (r"\b403\b|forbidden|access to the resource is denied|insufficient (privilege|scope)", Next.REFUSED),
        (
            r"\b404\b|name unknown|not known to registry|repository .*(not found|does not exist)",
            Next.NOT_THERE,
        ),
        (r"\b401\b|unauthorized|authentication required|no basic auth|token .*(expired|invalid)", Next.RENEW),
        (r"\b(408|429|500|502|503|504)\b|too many requests|internal server error|bad gateway", Next.WAIT),
        (r"service unavailable|gateway time-?out|\bEOF\b|broken pipe|connection re(set|fused)", Next.WAIT),
        (r"time-?out|timed out|deadline exceeded|temporary failure|connection aborted", Next.WAIT),
        (r"use of closed network connection|no route to host|network is unreachable", Next.WAIT),
        (r"blob upload (unknown|invalid)|retrying in", Next.WAIT),
        (r"\bdenied\b", Next.REFUSED),
    )
)


def decide(error: str, tries: Tries) -> Next:
    """What to do about this error, after these tries."""
    meaning = next((meaning for sign, meaning in _SIGNS if sign.search(error)), Next.GIVE_UP)
    if meaning is Next.WAIT and tries.waits >= len(WAITS):
        return Next.GIVE_UP
    if meaning is Next.RENEW and tries.renewals:
        # A token that was issued just now and never accepted: another one will not be either.
        return Next.RENEW if tries.progressed and tries.renewals < RENEWALS else Next.GIVE_UP
    return meaning

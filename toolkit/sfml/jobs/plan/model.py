"""What a plan consists of: findings with the place that each came from, and reasons not to submit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sfml.analysis.findings import Evidence
from sfml.errors import InputError, SfmlError
from sfml.jobs.request import Request

_SHOWN = 3  # lines named for one finding; JSON has them all


class Hardware(StrEnum):
    """What a user can ask for."""

    GPU = "gpu"
    CPU = "cpu"


class Way(StrEnum):
    """How a script travels."""

    FILE = "file"
    DIRECTORY = "directory"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One finding: ``text``, ``where`` it was read (a line, a flag, a key), and the ``outcome``."""

    text: str
    where: str = ""
    outcome: str = ""

    def __str__(self) -> str:
        return "   ".join(part for part in (self.text, self.where, self.outcome) if part)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A reason not to submit; ``--force`` goes on in spite of it."""

    message: str
    hint: str
    error: type[SfmlError] = InputError


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user decided instead of the analysis, ``origins`` has each one's flag or key."""

    hardware: Hardware | None = None
    way: Way | None = None
    infer: bool = True
    artifact_repository: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The request as it will be submitted, the plan's sections for a reader, and what speaks against it."""

    request: Request
    sections: Mapping[str, tuple[Item, ...]]
    refusals: tuple[Refusal, ...] = ()
    found: Mapping[str, Any] = field(default_factory=dict)


def places(evidence: tuple[Evidence, ...]) -> str:
    """``train.py:3, model.py:7, …``"""
    shown = dict.fromkeys(f"{one.file}:{one.line}" for one in evidence)
    more = ", …" if len(shown) > _SHOWN else ""
    return ", ".join(list(shown)[:_SHOWN]) + more


def choice(kind: type[StrEnum], key: str, value: str | None, origins: Mapping[str, str]) -> Any:
    """The value as one of ``kind``; InputError names those that there are."""
    if value is None:
        return None
    try:
        return kind(value.lower())
    except ValueError:
        known = " or ".join(kind)
        raise InputError(f"{origins.get(key, key)}: {key} is {known}, not {value!r}") from None

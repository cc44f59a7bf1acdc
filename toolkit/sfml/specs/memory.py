"""Amounts of memory, and the share of it that /dev/shm gets."""

from __future__ import annotations

import math
import re

from sfml.errors import InputError
from sfml.specs.families import Family

SHM_SHARE = 0.3
"""The default; the rest of the container's memory is the program's own."""


def shm_size(memory: str | None = None, family: Family | None = None) -> str:
    """The default size of /dev/shm: 30 % of the container's memory, or else of a whole node of the family.

    Whole Gi from 4Gi up, whole Mi below.
    """
    total = _mebibytes(memory) if memory else (family.memory_gib * 1024 if family else None)
    if total is None:
        raise InputError(
            "the size of /dev/shm follows the container's memory, which is not known",
            hint="give memory, instance_family or shm.size",
        )
    size = math.floor(total * SHM_SHARE)
    return f"{size // 1024}Gi" if size >= 4096 else f"{size}Mi"


_MEBIBYTES = {"M": 1e6 / 2**20, "Mi": 1.0, "G": 1e9 / 2**20, "Gi": 1024.0}


def _mebibytes(memory: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(Mi?|Gi?)", str(memory))
    if match is None:
        raise InputError(f"{memory!r} is no amount of memory", hint="write it with its unit: 512Mi, 16Gi")
    return float(match[1]) * _MEBIBYTES[match[2]]

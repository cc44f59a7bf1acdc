"""Instance families of compute pools: what a node holds on each cloud, and its price where published.

Dated data, not a promise: ``SHOW COMPUTE POOL INSTANCE FAMILIES`` in the account is the authority, and
its rows replace ours (:func:`from_rows`). A figure that nobody published is ``None``, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sfml.errors import InputError

CAPACITY_DATE = date(2026, 11, 21)
"""The day on which the documentation's pages "Instance Families" (AWS, Azure, Google Cloud) were read."""

CREDITS_DATE = date(2026, 1, 13)
"""Effective date of the Snowflake Service Consumption Table (tables 1(e) to 1(g)), the source of the credits.

Families published later have no figure here. Each start of a node bills five minutes at least (ibid.).
"""


class Cloud(StrEnum):
    """Where an account lives."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One node of an instance family: what containers can use of it, and its price."""

    name: str
    clouds: tuple[Cloud, ...]
    vcpu: float
    memory_gib: float
    storage_gb: float | None
    gpu: str | None = None
    gpu_count: int = 0
    gpu_memory_gb: float | None = None  # of each GPU
    node_limit: int | None = None  # per account; None: on request, or unknown
    credits_per_hour: float | None = None
    arch: str = "amd64"
    note: str = ""


_ALL = (Cloud.AWS, Cloud.AZURE, Cloud.GCP)
_AWS, _AZURE, _GCP = ((cloud,) for cloud in _ALL)
_AWS_AZURE = (Cloud.AWS, Cloud.AZURE)


def _cpu(
    name: str, clouds: tuple[Cloud, ...], vcpu: int, memory: int, limit: int,
    credits_: float | None = None, *, arch: str = "amd64", note: str = "",
) -> Family:  # fmt: skip
    return Family(
        name=name, clouds=clouds, vcpu=vcpu, memory_gib=memory, storage_gb=100, node_limit=limit,
        credits_per_hour=credits_, arch=arch, note=note,
    )  # fmt: skip


def _gpu(
    name: str, clouds: tuple[Cloud, ...], vcpu: int, memory: int, gpu: tuple[int, str, int],
    limit: int | None, credits_: float | None = None, *, storage: int = 100, note: str = "",
) -> Family:  # fmt: skip
    count, model, each = gpu
    return Family(
        name=name, clouds=clouds, vcpu=vcpu, memory_gib=memory, storage_gb=storage,
        gpu=model, gpu_count=count, gpu_memory_gb=each, node_limit=limit, credits_per_hour=credits_,
        note=note or ("on request" if limit is None else ""),
    )  # fmt: skip


PUBLISHED: tuple[Family, ...] = (
    _cpu("CPU_X64_XS", _ALL, 1, 6, 500, 0.06),
    _cpu("CPU_X64_S", _ALL, 3, 13, 500, 0.11),
    _cpu("CPU_X64_M", _ALL, 6, 28, 500, 0.22),
    _cpu("CPU_X64_SL", _ALL, 14, 58, 500, 0.41, note="54 GiB in older lists"),
    _cpu("CPU_X64_L", _ALL, 28, 116, 500, 0.83),
    _cpu("GEN_X64_G2_2", _AWS_AZURE, 1, 6, 150),
    _cpu("GEN_X64_G2_4", _AWS_AZURE, 3, 13, 150),
    _cpu("GEN_X64_G2_8", _AWS_AZURE, 6, 28, 150),
    _cpu("GEN_X64_G2_16", _AZURE, 14, 58, 150),
    _cpu("GEN_X64_G2_32", _AWS_AZURE, 28, 116, 150),
    _cpu("GEN_ARM_G1_2", _AWS, 1, 6, 150, arch="arm64"),
    _cpu("GEN_ARM_G1_4", _AWS, 3, 13, 150, arch="arm64"),
    _cpu("GEN_ARM_G1_8", _AWS, 6, 28, 150, arch="arm64"),
    _cpu("GEN_ARM_G1_16", _AWS, 14, 58, 150, arch="arm64"),
    _cpu("GEN_ARM_G1_32", _AWS, 28, 116, 150, arch="arm64"),
    _cpu("HIGHMEM_X64_S", (Cloud.AWS, Cloud.GCP), 6, 58, 500, 0.28),
    _cpu("HIGHMEM_X64_S", _AZURE, 6, 58, 150, 0.28),
    _cpu("HIGHMEM_X64_M", (Cloud.AWS, Cloud.GCP), 28, 240, 500, 1.11, note="244 GiB in older lists for GCP"),
    _cpu("HIGHMEM_X64_M", _AZURE, 28, 240, 150, 1.11, note="244 GiB in older lists"),
    _cpu("HIGHMEM_X64_SL", _AZURE, 60, 492, 150, 2.93, note="92 vCPU, 654 GiB in older lists"),
    _cpu("HIGHMEM_X64_SL", _GCP, 92, 654, 500, 2.93),
    _cpu("HIGHMEM_X64_L", _AWS, 124, 984, 500, 4.44),
    _cpu("MEM_X64_G2_8", _AWS_AZURE, 6, 58, 150),
    _cpu("MEM_X64_G2_32", _AWS_AZURE, 28, 240, 150),
    _cpu("MEM_X64_G2_64", _AWS_AZURE, 60, 492, 150),
    _cpu("MEM_X64_G2_96", _AZURE, 92, 652, 150),
    _cpu("MEM_X64_G2_192", _AWS, 188, 1436, 150),
    _gpu("GPU_NV_S", _AWS, 6, 28, (1, "A10G", 24), 150, 0.57, storage=450, note="27 GiB in older lists"),
    _gpu("GPU_NV_M", _AWS, 44, 178, (4, "A10G", 24), 10, 2.68, storage=3800),
    _gpu("GPU_NV_L", _AWS, 92, 1112, (8, "A100", 40), None, 14.12),
    _gpu("GPU_L40S_G1_8", _AWS, 6, 58, (1, "L40S", 48), 5, storage=450),
    _gpu("GPU_L40S_G1_16", _AWS, 14, 116, (1, "L40S", 48), 5, storage=600),
    _gpu("GPU_L40S_G1_48", _AWS, 44, 368, (4, "L40S", 48), None, storage=3800),
    _gpu("GPU_L40S_G1_192", _AWS, 188, 1436, (8, "L40S", 48), None, storage=3800),
    _gpu("GPU_R6K_G1_8", _AWS, 6, 58, (1, "RTX PRO 6000", 96), 5, storage=1900),
    _gpu("GPU_R6K_G1_16", _AWS, 14, 116, (1, "RTX PRO 6000", 96), 5, storage=1900),
    _gpu("GPU_R6K_G1_32", _AWS, 28, 240, (1, "RTX PRO 6000", 96), 5, storage=1900),
    _gpu("GPU_R6K_G1_48", _AWS, 44, 490, (2, "RTX PRO 6000", 96), None, storage=3800),
    _gpu("GPU_R6K_G1_96", _AWS, 92, 984, (4, "RTX PRO 6000", 96), None, storage=7600),
    _gpu("GPU_R6K_G1_192", _AWS, 188, 1843, (8, "RTX PRO 6000", 96), None, storage=11400),
    _gpu("GPU_NV_XS", _AZURE, 3, 26, (1, "T4", 16), 10, 0.25),
    _gpu("GPU_NV_SM", _AZURE, 32, 424, (1, "A10", 24), 10, 1.70),
    _gpu("GPU_NV_2M", _AZURE, 68, 858, (2, "A10", 24), 5, 3.50),
    _gpu("GPU_NV_3M", _AZURE, 44, 424, (2, "A100", 80), None, 3.55),
    _gpu("GPU_NV_SL", _AZURE, 92, 858, (4, "A100", 80), None, 13.50),
    _gpu("GPU_GCP_NV_L4_1_24G", _GCP, 6, 28, (1, "L4", 24), 10, 0.43),
    _gpu("GPU_GCP_NV_L4_4_24G", _GCP, 44, 178, (4, "L4", 24), 10, 1.94),
    _gpu("GPU_A100_G1_12", _GCP, 10, 77, (1, "A100", 40), None),
    _gpu("GPU_A100_G1_48", _GCP, 44, 324, (4, "A100", 40), None),
    _gpu("GPU_GCP_NV_A100_8_40G", _GCP, 92, 654, (8, "A100", 40), None, 11.68),
)
"""Every published row; a name stands twice where its clouds differ."""


def by_name(families: Iterable[Family]) -> Mapping[str, Family]:
    """By name; of two rows the larger: what fits on one of the clouds must not be refused."""
    found: dict[str, Family] = {}
    for family in families:
        other = found.get(family.name)
        if other is None or family.memory_gib > other.memory_gib:
            found[family.name] = family
    return MappingProxyType(found)


FAMILIES: Mapping[str, Family] = by_name(PUBLISHED)
"""The published families by name."""


def select(
    families: Sequence[Family] = PUBLISHED, *, cloud: Cloud | None = None, gpu: bool | None = None
) -> tuple[Family, ...]:
    """The families on ``cloud`` with (or without) GPUs, cheapest first where known, then by size."""
    kept = [
        family
        for family in families
        if (cloud is None or cloud in family.clouds) and (gpu is None or gpu == bool(family.gpu_count))
    ]
    return tuple(sorted(kept, key=_order))


def _order(family: Family) -> tuple[bool, float, float, str]:
    unknown = family.credits_per_hour is None
    return (unknown, family.credits_per_hour or 0.0, family.memory_gib, family.name)


def from_rows(rows: Iterable[Mapping[str, Any]], *, cloud: Cloud | None = None) -> tuple[Family, ...]:
    """What ``SHOW COMPUTE POOL INSTANCE FAMILIES`` says, with the prices and limits that we know added."""
    return tuple(_from_row({str(k).lower(): v for k, v in row.items()}, cloud) for row in rows)


def _from_row(row: Mapping[str, Any], cloud: Cloud | None) -> Family:
    try:
        name = str(row["name"])
        known = next((f for f in PUBLISHED if f.name == name and (cloud is None or cloud in f.clouds)), None)
        seen = Family(
            name=name,
            clouds=(cloud,) if cloud else (known.clouds if known else ()),
            vcpu=float(row["vcpu"]),
            memory_gib=float(row["memory_gib"]),
            storage_gb=_number(row.get("storage_gib")),
            gpu=str(row.get("gpu") or "") or None,
            gpu_count=int(row.get("gpu_count") or 0),
            gpu_memory_gb=_number(row.get("gpu_memory_gib")) or None,
            arch=known.arch if known else ("arm64" if "_ARM_" in name else "amd64"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"a row of SHOW COMPUTE POOL INSTANCE FAMILIES cannot be read: {error!r}",
            hint="sfml expects the columns name, vcpu, memory_gib; please report the row",
        ) from None
    if known is None:
        return seen
    return replace(
        seen, node_limit=known.node_limit, credits_per_hour=known.credits_per_hour, note="as the account says"
    )


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)


def dump(families: Sequence[Family], *, seen_on: date) -> str:
    """The families as the text of a cache file."""
    return (
        json.dumps({"seen_on": seen_on.isoformat(), "families": [asdict(f) for f in families]}, indent=1)
        + "\n"
    )


def load(text: str) -> tuple[tuple[Family, ...], date]:
    """What :func:`dump` wrote: the families and the day they were seen; else :class:`InputError`."""
    try:
        data = json.loads(text)
        names = {f.name for f in fields(Family)}
        families = tuple(
            Family(
                **{**{k: v for k, v in row.items() if k in names}, "clouds": tuple(map(Cloud, row["clouds"]))}
            )
            for row in data["families"]
        )
        return families, date.fromisoformat(data["seen_on"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"the cached instance families cannot be read: {error!r}",
            hint="delete the file and refresh again",
        ) from None

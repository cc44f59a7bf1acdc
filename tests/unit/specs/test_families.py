from __future__ import annotations

from datetime import date

import pytest

from sfml.errors import InputError
from sfml.specs import families
from sfml.specs.families import FAMILIES, PUBLISHED, Cloud


def test_published__every_row__is_plausible_and_unique_per_cloud() -> None:
    seen = [(f.name, cloud) for f in PUBLISHED for cloud in f.clouds]
    assert len(seen) == len(set(seen))
    for family in PUBLISHED:
        assert family.clouds
        assert 4 <= family.memory_gib / family.vcpu <= 16
        assert (
            bool(family.gpu_count)
            == bool(family.gpu)
            == family.name.startswith("GPU_")
            == bool(family.gpu_memory_gb)
        )
        assert (family.arch == "arm64") == ("_ARM_" in family.name)


def test_families__name_that_differs_by_cloud__holds_the_larger() -> None:
    assert FAMILIES["HIGHMEM_X64_SL"].memory_gib == 654
    assert FAMILIES["GPU_NV_S"].memory_gib == 28
    with pytest.raises(KeyError):
        FAMILIES["GPU_NV_XXL"]


def test_families__published_after_the_price_list__have_no_price() -> None:
    assert FAMILIES["GPU_NV_S"].credits_per_hour == 0.57
    assert FAMILIES["GPU_L40S_G1_8"].credits_per_hour is None


def test_select__aws_gpus__come_cheapest_first_and_unknown_prices_last() -> None:
    found = families.select(cloud=Cloud.AWS, gpu=True)
    assert [f.name for f in found][:4] == ["GPU_NV_S", "GPU_NV_M", "GPU_NV_L", "GPU_L40S_G1_8"]
    assert all(Cloud.AWS in f.clouds and f.gpu_count for f in found)
    assert not any(f.gpu_count for f in families.select(gpu=False))


ROW = {
    "name": "GPU_NV_S", "description": "d", "vcpu": 6, "memory_gib": 27, "storage_gib": "420",
    "gpu": "NVIDIA A10G", "gpu_count": 1, "gpu_memory_gib": 24, "current_node_usage": 0, "message": "",
}  # fmt: skip


def test_from_rows__known_family__takes_capacity_from_the_account_and_price_from_us() -> None:
    [family] = families.from_rows([ROW], cloud=Cloud.AWS)
    assert (family.memory_gib, family.storage_gb, family.gpu_count) == (27, 420, 1)
    assert (family.credits_per_hour, family.node_limit, family.clouds) == (0.57, 150, (Cloud.AWS,))


def test_from_rows__new_family__has_no_price_and_no_limit() -> None:
    [family] = families.from_rows(
        [{"NAME": "GEN_ARM_G9_2", "VCPU": "1", "MEMORY_GIB": "6", "GPU": "", "GPU_COUNT": 0}]
    )
    assert (family.credits_per_hour, family.node_limit, family.gpu, family.arch) == (
        None,
        None,
        None,
        "arm64",
    )


@pytest.mark.parametrize(
    "row", [{}, {"name": "X", "vcpu": "many", "memory_gib": 1}, {"name": "X", "vcpu": None}]
)
def test_from_rows__strange_row__is_refused(row: dict[str, object]) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        families.from_rows([row])


def test_cache__dumped__loads_the_same() -> None:
    text = families.dump(PUBLISHED, seen_on=date(2026, 1, 2))
    assert families.load(text) == (PUBLISHED, date(2026, 1, 2))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"seen_on": "x", "families": []}', '{"families": [1]}', "\x00"]
)
def test_cache__damaged__is_refused(text: str) -> None:
    with pytest.raises(InputError, match="cached instance families cannot be read"):
        families.load(text)

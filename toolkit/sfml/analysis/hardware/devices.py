"""What a value says about GPUs: devices, switches, counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sfml.analysis.findings import Gpu
from sfml.analysis.values import Row, Table, Value, truths


def device_class(value: Value) -> Gpu | None:
    """What a device means: NEVER for a CPU (or no device at all), None where nothing is known."""
    known = [option for option in value.options if option is not None]
    if not known:
        return None
    kinds = [_device(option) for option in known]
    if all(kind is Gpu.NEVER for kind in kinds):
        return Gpu.NEVER
    if all(kind is Gpu.NEEDS for kind in kinds) and not value.gpu and (value.complete or not value.unsure):
        return Gpu.NEEDS
    by_default = kinds[0] is Gpu.NEEDS and value.origins and known[0] is value.default
    return Gpu.NEEDS if by_default and not value.gpu and not value.unsure else Gpu.USES


def _device(option: Any) -> Gpu:
    if isinstance(option, bool):
        return Gpu.NEVER
    if isinstance(option, int):
        return Gpu.NEEDS if option >= 0 else Gpu.NEVER
    if isinstance(option, Table):
        places = [place.default for place in option.items.values()]
        return (
            Gpu.NEEDS
            if any(_device(place) is Gpu.NEEDS for place in places if place is not None)
            else Gpu.NEVER
        )
    if isinstance(option, Row):
        return Gpu.NEEDS if any(_device(item.default) is Gpu.NEEDS for item in option.items) else Gpu.NEVER
    text = str(option).lower().lstrip("/")
    if text.startswith(("cuda", "gpu", "device:gpu")):
        return Gpu.NEEDS
    return Gpu.USES if text in {"auto", "balanced", "balanced_low_0", "sequential"} else Gpu.NEVER


def switch(value: Value) -> Gpu | None:
    """A switch that is on only for GPUs."""
    outcomes = truths(value)
    if True not in outcomes:
        return None
    return Gpu.NEEDS if outcomes[0] and not value.gpu else Gpu.USES


def count(value: Value) -> Gpu | None:
    """A number of GPUs, or which ones."""
    if value.default in {"auto", "-1"}:
        return Gpu.USES
    return switch(value)


def _attention(value: Value) -> Gpu | None:
    flash = [text.startswith("flash_attention") for text in value.texts]
    if not any(flash):
        return None
    return Gpu.NEEDS if flash[0] and not value.gpu else Gpu.USES


def _providers(value: Value) -> Gpu | None:
    names = [item.default for item in value.default.items] if isinstance(value.default, Row) else []
    return Gpu.USES if "CUDAExecutionProvider" in names else None


def placed(value: Value) -> Gpu | None:
    found = device_class(value)
    return None if found is Gpu.NEVER else found


KEYWORDS: dict[str, Callable[[Value], Gpu | None]] = {
    "device": placed,
    "device_map": placed,
    "torch_device": placed,
    "map_location": placed,
    "load_in_4bit": switch,
    "load_in_8bit": switch,
    "use_flash_attention_2": switch,
    "attn_implementation": _attention,
    "providers": _providers,
    "use_gpu": switch,
    "use_cuda": switch,
}

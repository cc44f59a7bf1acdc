"""How a box that there is differs from the one that is asked for, and what can be altered in place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sfml.services.manage import Service

ACCESS = "external access"
_HIDDEN = ("SSH_PUBLIC_KEY",)
_REGISTRY = re.compile(r"\A[^/]+\.registry\.snowflakecomputing\.com/")
_START = "blockConfig.initialContents"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting: None stands for nothing."""

    what: str
    before: str | None
    after: str | None
    in_place: bool = True

    @property
    def text(self) -> str:
        """The line in a plan."""
        shown = (
            "another key" if self.what.endswith(_HIDDEN) else f"{self.before or '-'} -> {self.after or '-'}"
        )
        return f"{self.what}: {shown}" + ("" if self.in_place else "   (needs a new box; its home is kept)")


def of_specification(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Change]:
    """The differences of two specifications."""
    old, new = dict(_leaves(there.get("spec", there))), dict(_leaves(wanted.get("spec", wanted)))
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        # What Snowflake filled in by itself is no difference; a variable or a whole element is.
        is_default = after is None and ".env." not in path and not path.endswith("]")
        if before != after and not is_default and _START not in path:
            yield Change(what=path, before=before, after=after, in_place=not _is_block(path, there, wanted))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value with its place; elements of lists go by their names."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key != "name" or not path.endswith("]"):
                yield from _leaves(inner, f"{path}.{key}" if path else str(key))
        if path.endswith("]"):
            yield path, "there"
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("name", number) if isinstance(inner, Mapping) else number
            yield from _leaves(inner, f"{path}[{name}]")
    else:
        # As text: DESCRIBE shows numbers and booleans of `env` as strings.
        text = value if isinstance(value, str) else json.dumps(value)
        # DESCRIBE shows an image with the registry's host.
        yield path, image_of(text) if path.endswith("].image") else text


def image_of(text: str) -> str:
    """An image's path, from what DESCRIBE shows."""
    return _REGISTRY.sub("/", text)


def _is_block(path: str, *specs: Mapping[str, Any]) -> bool:
    """Whether it is about a block volume, which cannot be altered (block storage volumes)."""
    blocks = {
        volume["name"]
        for spec in specs
        for volume in spec.get("spec", spec).get("volumes", ())
        if volume.get("source") == "block"
    }
    return any(path.startswith(f"volumes[{name}]") for name in blocks)


def of_properties(there: Service, *, pool: str, integrations: Sequence[str]) -> Iterator[Change]:
    """The differences beside the specification."""
    if there.compute_pool != pool:
        yield Change(what="compute pool", before=there.compute_pool, after=pool, in_place=False)
    before, after = ", ".join(sorted(there.integrations)), ", ".join(sorted(integrations))
    if before != after:
        yield Change(what=ACCESS, before=before, after=after)

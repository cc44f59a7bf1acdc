"""Block volumes of a specification; their files are the executor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def blocks(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The block volumes that a specification defines."""
    return tuple(volume for volume in spec["spec"].get("volumes", ()) if volume.get("source") == "block")

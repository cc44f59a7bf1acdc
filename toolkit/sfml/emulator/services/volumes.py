"""Where block volumes are: they outlive runs, and belong to a service and the number of an instance."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def directory(state: Path, service: int, instance: int, name: str) -> Path:
    return _root(state, service) / str(instance) / name


def remove(state: Path, service: int) -> None:
    """Remove all volumes of the service with this number."""
    shutil.rmtree(_root(state, service), ignore_errors=True)


def blocks(spec: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The block volumes that a specification defines."""
    return tuple(volume for volume in spec["spec"].get("volumes", ()) if volume.get("source") == "block")


def _root(state: Path, service: int) -> Path:
    return state / "volumes" / str(service)

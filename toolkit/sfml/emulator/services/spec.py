"""What is told of a specification: its digest, and its images with the registry's host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest(spec: Mapping[str, Any]) -> str:
    """64 hexadecimal digits that stay the same while the specification does."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def image(container: Mapping[str, Any], registry: str, images: Mapping[str, str]) -> tuple[str, str]:
    """The container's image with the registry's host, and its digest.

    ``images`` are digests by image; where there is none, no image was pulled, and the name makes one up.
    """
    name = str(container["image"])
    full = f"{registry}{name}" if name.startswith("/") else name
    return full, images.get(name) or "sha256:" + hashlib.sha256(full.encode()).hexdigest()

"""What a container needs of this machine to use its way out: proxies, certificates, package index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from docker.types import Mount

from sfml.emulator.executors.environment import outward

# Separators of lists in such variables: PIP_FIND_LINKS has spaces, a search path has colons.
_PARTS = re.compile(r"[\s:,]+")


def variables(outer: Mapping[str, str]) -> dict[str, str]:
    """The variables of this machine that say how to get out and what to trust there."""
    # A folder of certificates would hide the image's own; the file says the same.
    return {name: value for name, value in outward(outer).items() if name != "SSL_CERT_DIR"}


def files(environment: Mapping[str, str]) -> list[Mount]:
    """The files and folders that these variables name, in the same places, to be read only."""
    named = {part for value in environment.values() for part in _PARTS.split(value.replace("file://", " "))}
    return [
        Mount(path, str(Path(path).resolve()), type="bind", read_only=True)
        for path in outermost(part for part in named if part.startswith("/") and Path(part).exists())
    ]


def outermost(paths: Iterable[str]) -> list[str]:
    """The paths without those that lie below another of them, and without the root."""
    kept: list[str] = []
    for path in sorted({path.rstrip("/") for path in paths} - {""}):
        if not kept or not path.startswith(kept[-1] + "/"):
            kept.append(path)
    return kept

"""Image paths: ``/db/schema/repository/name:tag``, what a registry calls its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

# github.com/distribution/reference, regexp.go: what a registry accepts.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
LATEST = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagePath:
    """A path's parts; ``digest`` is '' where it names a tag."""

    repository: str
    name: str
    tag: str
    digest: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.repository}/{self.name}"


def split(path: str) -> ImagePath | None:
    """The parts of a path, with a registry's host or without; None for what no registry would accept."""
    rest, _, digest = _without_host(path.strip("/")).partition("@")
    rest, tag = _tagged(rest)
    full = name_of(rest)
    well_formed = _DIGEST.fullmatch(digest) if digest else _TAG.fullmatch(tag)
    if full is None or not well_formed:
        return None
    return ImagePath(repository=full[0], name=full[1], tag="" if digest else tag, digest=digest)


def name_of(text: str) -> tuple[str, str] | None:
    """``db/schema/repository/name`` as repository and name. The first three are no case of their own."""
    parts = text.split("/")
    parts = [part.lower() for part in parts[:3]] + parts[3:]
    if len(parts) < 4 or not _NAME.fullmatch("/".join(parts)):
        return None
    return "/".join(parts[:3]), "/".join(parts[3:])


def _tagged(name: str) -> tuple[str, str]:
    before, colon, tag = name.rpartition(":")
    return (before, tag) if colon else (name, LATEST)


def _without_host(path: str) -> str:
    first, _, rest = path.partition("/")
    return rest if "." in first or ":" in first else path

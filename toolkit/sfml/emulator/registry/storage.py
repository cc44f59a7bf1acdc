"""The registry's files, read where it keeps them: cheaper than asking it, and there while it is not running.

The layout is fixed: github.com/distribution/distribution, registry/storage/paths.go.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sfml.emulator.images import Image
from sfml.emulator.registry.paths import split


class Storage:
    """Images by repository; ``root`` is the registry's root directory, which need not exist."""

    def __init__(self, root: Path) -> None:
        self._repositories = root / "docker/registry/v2/repositories"
        self._blobs = root / "docker/registry/v2/blobs"

    def images(self, repository: str) -> list[Image]:
        """All tags of all images in ``db/schema/repository``."""
        top = self._repositories / repository
        return [
            image
            for name in sorted(_names(top))
            for link in sorted((top / name / "_manifests/tags").glob("*/current/link"))
            if (image := _image(repository, name, link.parts[-3], link))
        ]

    def resolve(self, path: str) -> Image | None:
        """The image that a tag names now, or the one of a digest."""
        at = split(path)
        if at is None:
            return None
        manifests = self._repositories / at.repository / at.name / "_manifests"
        if at.digest:
            link = manifests / "revisions" / at.digest.replace(":", "/") / "link"
        else:
            link = manifests / "tags" / at.tag / "current/link"
        return _image(at.repository, at.name, at.tag, link)

    def platforms(self, digest: str) -> tuple[str, ...]:
        """Of a manifest: that of its configuration; of an index: all that it names, attestations aside."""
        manifest = self._json(digest)
        if "manifests" in manifest:
            found = [_platform(item.get("platform", {})) for item in manifest["manifests"]]
            return tuple(dict.fromkeys(item for item in found if "unknown" not in item))
        return (_platform(self._json(manifest["config"]["digest"])),)

    def forget(self, repository: str) -> bool:
        """Remove a repository's links; the blobs, which others may share, wait for the collection."""
        top = self._repositories / repository
        there = top.is_dir()
        shutil.rmtree(top, ignore_errors=True)
        return there

    def sweep(self, exists: Callable[[str], bool]) -> bool:
        """Forget the repositories that do not exist any more; whether there was one."""
        stale = [found for found in self._all() if not exists(found)]
        for repository in stale:
            self.forget(repository)
        return bool(stale)

    def _all(self) -> list[str]:
        found = self._repositories.glob("*/*/*")
        return [path.relative_to(self._repositories).as_posix() for path in found if path.is_dir()]

    def _json(self, digest: str) -> dict[str, Any]:
        algorithm, _, value = digest.partition(":")
        content: dict[str, Any] = json.loads(
            (self._blobs / algorithm / value[:2] / value / "data").read_bytes()
        )
        return content


def _names(top: Path) -> Iterator[str]:
    """The images below a repository: directories that hold manifests."""
    for found in top.rglob("_manifests"):
        yield found.parent.relative_to(top).as_posix()


def _image(repository: str, name: str, tag: str, link: Path) -> Image | None:
    try:
        digest, pushed = link.read_text().strip(), link.stat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Image(
        repository=repository,
        name=name,
        tag=tag,
        digest=digest,
        pushed_on=datetime.fromtimestamp(pushed, UTC),
    )


def _platform(fields: dict[str, Any]) -> str:
    return f"{fields.get('os', 'unknown')}/{fields.get('architecture', 'unknown')}"

"""Volumes that belong to a user of the container, as a specification's ``uid`` and ``gid`` say."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from sfml.emulator.executors.base import Mount

# The server puts files into a stage, too, and may be another user.
_OWN, _SHARED = 0o755, 0o777


def hand_over(api: Any, container: str, mounts: Iterable[Mount]) -> None:
    """Give block volumes and stages to their users, by way of a container that is not yet started."""
    for mount in mounts:
        if mount.owner is not None and not mount.read_only:
            target, mode = PurePosixPath(mount.target), _OWN if mount.source is None else _SHARED
            api.put_archive(container, str(target.parent), _folder(target.name, *mount.owner, mode))


def _folder(name: str, uid: int, gid: int, mode: int) -> bytes:
    """An archive that says whose a folder is; of the one that it is unpacked in, the engine takes no word."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, uid, gid
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(entry)
    return file.getvalue()

"""Paths inside a stage: always relative, never out of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sfml.emulator.faults import Fault


def normal(path: str) -> str:
    """A path without leading or doubled slashes; a trailing one stays (it means: this folder only)."""
    path = re.sub(r"/+", "/", path).lstrip("/")
    refuse_escape(path)
    return path


def join(folder: str, name: str) -> str:
    """Two parts of a path as one."""
    return f"{folder.rstrip('/')}/{name}".strip("/") if folder else name


def refuse_escape(path: str) -> None:
    """Raise for a path that names anything but a place below the stage."""
    if "\0" in path or path.startswith("/") or any(part in ("..", ".") for part in path.split("/")):
        raise bad_path(path)


def bad_path(path: str) -> Fault:
    return Fault("001075", "22023", f"Invalid stage path: {path!r} leads out of the stage.")


def is_content(path: Path) -> bool:
    """Whether this is a file of the stage; symbolic links and special files, left by a job, are not."""
    return path.is_file() and not path.is_symlink()


def files_below(root: Path, prefix: str) -> list[str]:
    """Paths of the files below ``root`` that start with ``prefix``, sorted."""
    found: list[str] = []
    for folder, _, names in os.walk(root / prefix.rpartition("/")[0]):
        relative = Path(folder).relative_to(root).as_posix()
        found += [join("" if relative == "." else relative, name) for name in names]
    return sorted(name for name in found if name.startswith(prefix) and is_content(root / name))


def matches(path: str, pattern: str | None) -> bool:
    """Whether the regular expression of PATTERN = '…', if there is one, covers the whole path."""
    return pattern is None or re.fullmatch(pattern, path) is not None


def base_of(root: Path, prefix: str) -> str:
    """The part of a path that COPY FILES leaves away: the folder that ``prefix`` names, or is in."""
    if prefix and not prefix.endswith("/") and (root / prefix).is_dir():
        return prefix + "/"
    return prefix[: prefix.rfind("/") + 1]

"""Where things are: the project's folder, its state, and the specs and images that sfml brings along."""

from __future__ import annotations

import os
from pathlib import Path

from sfml.errors import InputError

MARKERS = ("sfml.yaml", ".git")
_PACKAGE = Path(__file__).parent


def root(cwd: Path) -> Path:
    """The project's folder: the nearest, from ``cwd`` upwards, with an sfml.yaml or a .git; else ``cwd``."""
    for folder in (cwd, *cwd.parents):
        if any((folder / marker).exists() for marker in MARKERS):
            return folder
    return cwd


def local_state(state: Path) -> Path:
    """Where a project's local backend keeps what it has, given the project's state folder."""
    return state / "local"


def specs(given: Path | None, project_root: Path) -> Path:
    """The folder of spec templates: the given one, the project's own, or the one that sfml brought along."""
    return _shipped("specs", given, project_root)


def images(given: Path | None, project_root: Path) -> Path:
    """The folder of image definitions, found like ``specs``."""
    return _shipped("images", given, project_root)


def _shipped(name: str, given: Path | None, project_root: Path) -> Path:
    if given is not None:
        if not given.is_dir():
            raise InputError(f"there is no folder {given}")
        return given
    # The wheel carries the folders below _data; a checkout of sfml itself has them beside toolkit/.
    candidates = (project_root / name, _PACKAGE / "_data" / name, _PACKAGE.parents[1] / name)
    for folder in candidates:
        if folder.is_dir():
            return folder
    tried = ", ".join(os.fspath(folder) for folder in candidates)
    raise InputError(f"no folder '{name}' found", hint=f"looked in {tried}")

"""Where a project starts: the script that was named, or the one that a folder holds."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sfml.errors import InputError

_PREFERRED = (
    "train", "main", "run", "__main__", "finetune", "fine_tune", "train_model", "training", "run_training",
    "app",
    "run_train", "pretrain", "sft", "job", "pipeline", "script", "entrypoint",
)  # fmt: skip
_ASIDE = re.compile(r"^(?:test_.*|.*_test|conftest|setup|noxfile|tasks|fabfile|versioneer|__init__)$")
_ASIDE_FOLDERS = frozenset(
    {"tests", "test", "docs", "doc", "build", "dist", "node_modules", "venv", "env", "site-packages"}
)
_MAIN = re.compile(r"^if\s+__name__\s*==", re.MULTILINE)
_MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", ".git")
_MOST = 5_000  # scripts among which an entry point is looked for
_DEEPEST = 8  # folders below the project that may hold one
_HIGHEST = 5  # folders above a script in which a project's own files are looked for


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The project's root and the scripts that it starts from; ``sure`` unless several were as good.

    ``whole``: what the root's files say is about this script: the folder was given, or holds it.
    """

    root: Path
    scripts: tuple[Path, ...]
    sure: bool = True
    whole: bool = True


def find_entry(path: Path, entrypoint: str | None) -> Entry:
    """Where to start; raises InputError when there is nothing to start from."""
    path = path.resolve()
    if not path.exists():
        raise InputError(f"{path} does not exist", hint="give a script, a notebook or a folder")
    if path.is_file():
        root = _root_of(path)
        return Entry(root=root, scripts=(path,), whole=root == path.parent)
    if entrypoint:
        script = Path(os.path.normpath(path / entrypoint))
        if not script.is_file():
            raise InputError(
                f"{entrypoint} is not a file in {path}", hint="give the path relative to the folder"
            )
        return Entry(root=path, scripts=(script,))
    return _guessed(path)


def _root_of(script: Path) -> Path:
    """The folder of a script, or the folder above it that is marked as the project's."""
    for folder in [script.parent, *script.parent.parents][:_HIGHEST]:
        if folder == Path.home() or folder == Path(folder.anchor):
            break
        if any((folder / marker).exists() for marker in _MARKERS):
            return folder
    folder = script.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def _guessed(root: Path) -> Entry:
    scripts = [path for path in _scripts(root) if not _ASIDE.match(path.stem)]
    if not scripts:
        raise InputError(f"{root} holds no Python script", hint="name one: --entrypoint train.py")
    shallow = [path for path in scripts if path.parent == root]
    for group in (shallow, scripts):
        named = [path for path in group if path.stem in _PREFERRED]
        if named:
            return Entry(root=root, scripts=(_first(named),))
        starting = [path for path in group if _starts(path)]
        if len(starting) == 1:
            return Entry(root=root, scripts=(starting[0],))
        if starting:
            return Entry(root=root, scripts=tuple(starting), sure=False)
    if len(scripts) == 1:
        return Entry(root=root, scripts=(scripts[0],))
    return Entry(root=root, scripts=tuple(scripts), sure=False)


def _first(named: list[Path]) -> Path:
    """The preferred one by its name, of those that are not only imported by another of them."""
    named = sorted(named, key=lambda path: _PREFERRED.index(path.stem))
    starting = [path for path in named if _starts(path)]
    for path in named:
        if path in starting or not any(_imports(other, path.stem) for other in starting):
            return path
    return named[0]


def _imports(path: Path, module: str) -> bool:
    return bool(re.search(rf"^\s*(?:import|from)\s+{re.escape(module)}\b", _text(path), re.MULTILINE))


def _scripts(root: Path) -> list[Path]:
    """All scripts and notebooks below a folder, the nearest first."""
    found: list[Path] = []
    folders = [root]
    for _ in range(_DEEPEST):
        below: list[Path] = []
        for path in (path for folder in folders for path in _entries(folder)):
            if path.suffix in {".py", ".ipynb"} and path.is_file():
                found.append(path)
            elif path.name not in _ASIDE_FOLDERS and path.is_dir() and not path.is_symlink():
                below.append(path)
        folders = below
        if len(found) > _MOST:
            break
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _starts(path: Path) -> bool:
    if path.suffix == ".ipynb":
        return True
    return bool(_MAIN.search(_text(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:2_000_000]
    except OSError:
        return ""

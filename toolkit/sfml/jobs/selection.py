"""Which files of a folder travel with a job: all but what .gitignore and .sfmlignore name, and tools' own.

.gitignore counts as git reads it: in every folder, from the top of the repository down, the deepest first,
and nothing below an ignored folder comes back. A .sfmlignore beside it has the last word in its folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sfml import proc
from sfml.errors import CommandError, InputError
from sfml.jobs.payload import Payload
from sfml.services.stage import TOOL_FOLDERS

_BUILT_IN = [*(f"{name}/" for name in TOOL_FOLDERS), ".git", "*.pyc", ".DS_Store", "Thumbs.db"]
_IGNORE_FILES = (".gitignore", ".sfmlignore")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A file that travels: ``name`` is its path in the job's folder."""

    path: Path
    name: str
    size: int
    executable: bool


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The files of a payload by name, and for what stays at home why it does (folders end with ``/``)."""

    files: tuple[Chosen, ...]
    skipped: dict[str, str]


def select(payload: Payload) -> Selection:
    """The files of a payload; InputError where its own script would stay at home."""
    if payload.source.is_file():
        return Selection(files=(_chosen(payload.source, payload.source.name),), skipped={})
    walk = _Walk(payload.source)
    found = {file.name: file for file in walk.files()}
    if payload.tracked:
        kept = set(_tracked(payload.source))
        walk.skipped.update((name, "not tracked by git") for name in found if name not in kept)
        found = {name: file for name, file in found.items() if name in kept}
    for name in payload.include:
        found.update((file.name, file) for file in _included(payload.source, name))
    _require_script(payload, found, walk.skipped)
    return Selection(files=tuple(found[name] for name in sorted(found)), skipped=walk.skipped)


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """The patterns of one ignore file; they apply to names below ``base``."""

    base: str
    spec: Any
    origin: str

    def decide(self, name: str) -> bool | None:
        """Whether the name (a folder's ends with ``/``) is ignored; None: nothing here says so."""
        if not name.startswith(self.base):
            return None
        ignored: bool | None = self.spec.check_file(name[len(self.base) :]).include
        return ignored


@dataclass
class _Walk:
    """One look through a folder; names are relative to the repository's top while it goes on."""

    root: Path
    skipped: dict[str, str] = field(default_factory=dict)

    def files(self) -> Iterator[Chosen]:
        return self._below(self.root, (_rules(self._prefix, _BUILT_IN, "a tool's own"), *self._outer))

    @cached_property
    def _top(self) -> Path:
        folders = (self.root, *self.root.parents)
        return next((folder for folder in folders if (folder / ".git").exists()), self.root)

    @cached_property
    def _prefix(self) -> str:
        inner = self.root.relative_to(self._top).as_posix()
        return "" if inner == "." else f"{inner}/"

    @cached_property
    def _outer(self) -> tuple[_Rules, ...]:
        """The rules of the folders above; none where they ignore the very folder that was asked for."""
        above = [folder for folder in reversed(self.root.parents) if folder.is_relative_to(self._top)]
        rules = tuple(rule for folder in above for rule in self._own(folder))
        parents = [self._prefix[: at + 1] for at, letter in enumerate(self._prefix) if letter == "/"]
        return () if any(_ignored(name, rules) for name in parents) else rules

    def _own(self, folder: Path) -> Iterator[_Rules]:
        inner = folder.relative_to(self._top).as_posix()
        base = "" if inner == "." else f"{inner}/"
        for name in _IGNORE_FILES:
            file = folder / name
            if file.is_file():
                yield _rules(
                    base, file.read_text(encoding="utf-8", errors="replace").splitlines(), f"{base}{name}"
                )

    def _below(self, folder: Path, rules: tuple[_Rules, ...]) -> Iterator[Chosen]:
        rules = (*rules, *self._own(folder))
        for path in sorted(folder.iterdir()):
            name = path.relative_to(self.root).as_posix()
            is_folder = path.is_dir()
            shown = f"{name}/" if is_folder else name
            why = _ignored(f"{self._prefix}{shown}", rules) or _unfit(path, is_folder=is_folder)
            if why:
                self.skipped[shown] = why
            elif is_folder:
                yield from self._below(path, rules)
            else:
                yield _chosen(path, name)


def _rules(base: str, lines: list[str], origin: str) -> _Rules:
    from pathspec import GitIgnoreSpec

    return _Rules(base=base, spec=GitIgnoreSpec.from_lines(lines), origin=origin)


def _ignored(name: str, rules: tuple[_Rules, ...]) -> str | None:
    """What ignores a name: the origin of the last rules that say anything about it."""
    for rule in reversed(rules):
        decision = rule.decide(name)
        if decision is not None:
            return rule.origin if decision else None
    return None


def _unfit(path: Path, *, is_folder: bool) -> str | None:
    """Why something cannot or should not travel whatever the rules say."""
    if is_folder:
        if path.is_symlink():
            return "a link to a folder"
        return "a virtual environment" if (path / "pyvenv.cfg").is_file() else None
    return None if path.is_file() else "no regular file"


def _chosen(path: Path, name: str) -> Chosen:
    found = path.stat()
    executable = bool(found.st_mode & stat.S_IXUSR)
    return Chosen(path=path, name=name, size=found.st_size, executable=executable)


def _included(root: Path, name: str) -> Iterator[Chosen]:
    """The files that a user named, whatever ignores them: one, or all of a folder."""
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.exists():
        raise InputError(f"--include {name}: there is no such file or folder in {root}")
    for folder, _, names in os.walk(path):
        for inner in sorted(names):
            file = Path(folder, inner)
            if file.is_file():
                yield _chosen(file, file.relative_to(root).as_posix())
    if path.is_file():
        yield _chosen(path, path.relative_to(root).as_posix())


def _tracked(root: Path) -> Iterator[str]:
    """The files that git tracks in a folder."""
    try:
        listed = proc.run(["git", "ls-files", "-z"], cwd=root).stdout
    except CommandError as error:
        raise InputError(f"{root} is in no git repository", hint="leave --tracked out") from error
    return (name for name in listed.split("\0") if name)


def _require_script(payload: Payload, found: dict[str, Chosen], skipped: dict[str, str]) -> None:
    script = str(payload.entrypoint)
    if script in found:
        return
    parents = [script, *(f"{parent}/" for parent in payload.entrypoint.parents)]
    why = next((skipped[name] for name in parents if name in skipped), "the rules for its folder")
    raise InputError(
        f"the entrypoint {script} would not travel: {why}", hint=f"send it all the same: --include {script}"
    )

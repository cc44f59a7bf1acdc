"""Files of the project that the code opens: found as the job would find them, and noted as its data."""

from __future__ import annotations

from pathlib import Path

from sfml.analysis import configs
from sfml.analysis.project import Project
from sfml.analysis.tree import Scope
from sfml.analysis.values import HOLE, UNKNOWN, Value, union

_CONFIG_FOLDERS = ("", "config", "configs", "conf")
_SUFFIXES = frozenset({".yaml", ".yml", ".json", ".toml"})


class Files:
    """Looks up the paths in the code; ``opened`` are those that exist, by their name in the project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.opened: dict[str, Path] = {}

    def note(self, path: Path) -> None:
        """Remember a file as one that the code opens."""
        self.opened.setdefault(self.project.name_of(path), path)

    def named(self, value: Value, scope: Scope) -> list[Path]:
        """The existing files and folders that a path in the code may mean."""
        found = [path for text in value.texts if (path := self.place(text, scope.module.path.parent))]
        for path in found:
            self.note(path)
        return found

    def place(self, text: str, beside: Path) -> Path | None:
        """A relative path, looked up from the root, the folders of scripts, and the file that names it."""
        for folder in (self.project.root, *self.project.search, beside):
            path = self.project.place(folder, text)
            if path is not None:
                return path
        return None

    def config(self, path: Value, scope: Scope) -> Value:
        """The content of the configuration file that a path means, or of all that it may mean."""
        places = [place for place in self.named(path, scope) if place.is_file()]
        if not places and (path.origins or any(HOLE in text for text in path.texts)):
            places = self._candidates(path)
        found: Value | None = None
        for place in places:
            value = configs.load(place)
            if value is not None:
                self.note(place)
                found = value if found is None else union(found, value)
        return found or UNKNOWN

    def _candidates(self, path: Value) -> list[Path]:
        suffixes = {Path(text.replace(HOLE, "x")).suffix for text in path.texts} & _SUFFIXES
        return [
            folder / name
            for folder in (self.project.root / name for name in _CONFIG_FOLDERS)
            for name, is_folder in sorted(self.project.listing(folder).items())
            if not is_folder and Path(name).suffix in (suffixes or {".yaml", ".yml"})
        ]

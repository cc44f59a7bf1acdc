"""The modules of a project: which file an import means, and which files run when the entry point does."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from sfml.analysis.index import index
from sfml.analysis.source import Source, UnreadableError, read_source
from sfml.analysis.tree import Module

_IMPORT_LINE = re.compile(r"^\s*(?:import|from)\s+[\w.]+.*$")

_LONGEST = 500  # characters of a path that is worth looking up

# Folders that hold no module of the project, whatever their names look like.
_NOT_CODE = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages"})


class Project:
    """Finds and parses the modules below ``root``, each at most once.

    ``search`` are the folders whose files are importable under their own names, in the order of sys.path.
    ``foreign`` are the names of installed packages: one of those wins over a folder without ``__init__.py``.
    """

    def __init__(self, root: Path, search: Iterable[Path], *, foreign: Container[str] = ()) -> None:
        self.root = root
        self.foreign = foreign
        self.search: list[Path] = list(search)
        self.modules: dict[Path, Module] = {}
        self.problems: dict[Path, tuple[int, str]] = {}
        self._prefix = f"{root.as_posix().rstrip('/')}/"
        self._listings: dict[Path, dict[str, bool]] = {}
        self._found: dict[tuple[str, Path | None], Path | None] = {}

    def name_of(self, path: Path) -> str:
        """The path relative to the root, in POSIX form."""
        text = path.as_posix()
        return text[len(self._prefix) :] if text.startswith(self._prefix) else text

    def place(self, folder: Path, text: str) -> Path | None:
        """The existing file or folder that a relative path of the code means from ``folder``."""
        if not text or "\0" in text or "://" in text or text.startswith(("/", "~")) or len(text) > _LONGEST:
            return None
        first = text.removeprefix("./").partition("/")[0]
        if first not in self.listing(folder) and first not in {".", ".."}:
            return None
        path = os.path.normpath(os.path.join(folder, text))  # noqa: PTH118 - a Path costs ten times as much
        try:
            return Path(path) if os.path.exists(path) and self._is_inside(path) else None  # noqa: PTH110
        except (OSError, ValueError):
            return None

    def _is_inside(self, path: str) -> bool:
        """Whether a path stays in the project, wherever its links lead."""
        if path.startswith(self._prefix):  # the root itself has no links: only what is below can have any
            parts = path[len(self._prefix) :].split("/")
            below = ("/".join(parts[:number]) for number in range(1, len(parts) + 1))
            if not any(os.path.islink(self._prefix + inner) for inner in below):  # noqa: PTH114
                return True
        return os.path.realpath(path).startswith((self._prefix, self._prefix[:-1]))

    def listing(self, folder: Path) -> dict[str, bool]:
        """Names in a folder, each with whether it is a folder itself; empty for what cannot be listed."""
        if folder not in self._listings:
            try:
                with os.scandir(folder) as entries:
                    self._listings[folder] = {entry.name: entry.is_dir() for entry in entries}
            except OSError:
                self._listings[folder] = {}
        return self._listings[folder]

    def has_code(self, folder: Path) -> bool:
        """Whether a folder without ``__init__.py`` holds modules, itself or one or two levels below."""
        return any(True for _ in self._code(folder, depth=3))

    def _code(self, folder: Path, *, depth: int) -> Iterator[str]:
        for name, is_folder in self.listing(folder).items():
            if not is_folder and name.endswith(".py"):
                yield name
            elif is_folder and depth and not name.startswith(".") and name not in _NOT_CODE:
                yield from self._code(folder / name, depth=depth - 1)

    def search_also(self, folder: Path) -> None:
        """Make the modules of one more folder importable under their own names."""
        if folder not in self.search:
            self.search.append(folder)
            self._found.clear()

    def find(self, dotted: str, *, start: Path | None = None) -> Path | None:
        """The file, ``__init__.py`` or namespace folder that a dotted name means, or None if it is not local.

        ``start`` is the folder that a relative import starts from.
        """
        key = (dotted, start)
        if key not in self._found:
            self._found[key] = self._find(dotted, start)
        return self._found[key]

    def _find(self, dotted: str, start: Path | None) -> Path | None:
        first, _, rest = dotted.partition(".")
        foreign = start is None and first in self.foreign
        namespace: Path | None = None
        for folder in [start] if start is not None else self.search:
            found = self._in_folder(folder, first)
            if found is None:
                continue
            if found.suffix == ".py":
                return self._below(found, rest)
            namespace = namespace or found
        if namespace is None or (foreign and not rest):
            return None
        below = self._below(namespace, rest)
        return None if foreign and (below is None or below.suffix != ".py") else below

    def _in_folder(self, folder: Path, name: str) -> Path | None:
        listing = self.listing(folder)
        if listing.get(name) and "__init__.py" in self.listing(folder / name):
            return folder / name / "__init__.py"
        if listing.get(f"{name}.py") is False:
            return folder / f"{name}.py"
        if listing.get(name) and self.has_code(folder / name):
            return folder / name
        return None

    def _below(self, found: Path, rest: str) -> Path | None:
        if not rest:
            return found
        if found.suffix == ".py" and found.name != "__init__.py":
            return None
        folder = found.parent if found.suffix == ".py" else found
        return self.find(rest, start=folder)

    def module(self, path: Path, dotted: str, *, is_main: bool = False) -> Module | None:
        """The parsed and indexed file; None, and the reason in ``problems``, when it cannot be read."""
        if path in self.modules:
            return self.modules[path]
        if path in self.problems and path not in self.modules:
            return None
        try:
            source = read_source(path, self.name_of(path))
        except UnreadableError as error:
            self.problems[path] = (1, str(error))
            return None
        package = dotted if path.name == "__init__.py" else dotted.rpartition(".")[0]
        module = Module(
            path=path,
            source=source,
            dotted=dotted,
            package=package,
            is_main=is_main,
            tree=self._parse(source, path),
        )
        self.modules[path] = index(module)
        return module

    def _parse(self, source: Source, path: Path) -> ast.Module:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # invalid escapes in the user's strings
                return ast.parse(source.text)
        except SyntaxError as error:
            self.problems[path] = (error.lineno or 1, f"cannot be parsed: {error.msg}")
        except (ValueError, RecursionError, MemoryError) as error:
            self.problems[path] = (1, f"cannot be parsed: {error or type(error).__name__}")
        return _imports_only(source.text)


def _imports_only(text: str) -> ast.Module:
    """The import lines of a text that does not parse: better than nothing, and marked as a problem anyway."""
    body: list[ast.stmt] = []
    for number, line in enumerate(text.splitlines()):
        if not _IMPORT_LINE.match(line):
            continue
        try:
            statements = ast.parse(line.strip()).body
        except SyntaxError:
            continue
        body += [ast.increment_lineno(statement, number) for statement in statements]
    return ast.Module(body=body, type_ignores=[])

"""Files on their way to a stage: which of a folder travel, and one PUT for each folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sfml import sql
from sfml.errors import InputError

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

# Folders that belong to tools: no script needs them, and they can be larger than everything else.
TOOL_FOLDERS = [
    ".git",
    ".hg",
    ".svn",
    ".venv",
    ".nox",
    ".tox",
    ".sfml",
    ".idea",
    ".vscode",
    "__pycache__",
    "node_modules",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
]

# So many PUTs at a time: each is a request, and then one or two for each of its files.
_AT_ONCE = 8

# The files of each remote folder: the name, and a file here or the text to be written.
Folders = Mapping[PurePosixPath, Mapping[str, Path | str]]


def files_below(folder: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    """Every file of a folder but those of tools, and its path in it."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_tool_folder(Path(place, name)))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix != ".pyc" and path.is_file():
                yield path, PurePosixPath(path.relative_to(folder).as_posix())


def is_tool_folder(path: Path) -> bool:
    """Whether a folder is a tool's own: by its name, or a virtual environment of any name."""
    return path.name in TOOL_FOLDERS or (path / "pyvenv.cfg").is_file()


def check_folder(text: str) -> str:
    """``[database.][schema.]stage[/folder…]`` of a text that may begin with ``@``; InputError for others."""
    name, *folders = text.removeprefix("@").rstrip("/").split("/")
    if name in ("", "~") or name.startswith("%"):
        raise InputError(f"{text!r} is not a named stage", hint="write it as @MY_STAGE/folder")
    for folder in folders:
        if folder in ("", ".", ".."):
            raise InputError(f"{text!r} is not a stage path: {folder!r} cannot be a folder there")
    return "/".join([str(sql.name(name)), *folders])


def send(connection: SnowflakeConnection, folders: Folders, stage_path: str) -> None:
    """Put the files below a checked stage path, several folders at a time; the connector's errors pass."""

    def put(name: str, remote: PurePosixPath) -> None:
        folder = Path(parent, name)
        _gather(folders[remote], folder)
        _put(connection, folder, stage_path if remote == PurePosixPath() else f"{stage_path}/{remote}")

    with tempfile.TemporaryDirectory(prefix="sfml-") as parent, ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(put, str(number), remote) for number, remote in enumerate(folders)]:
            done.result()


def _gather(contents: Mapping[str, Path | str], folder: Path) -> None:
    """A folder with links to these files, and the texts as files."""
    folder.mkdir()
    for name, content in contents.items():
        target = folder / name
        if isinstance(content, str):
            target.write_text(content, encoding="utf-8")
            continue
        try:
            target.symlink_to(content.absolute())
        except OSError:  # a file system without links
            shutil.copyfile(content, target)


def _put(connection: SnowflakeConnection, folder: Path, stage_path: str) -> None:
    """One PUT for the files of a folder, two where some begin with a dot."""
    patterns = {".*" if path.name.startswith(".") else "*" for path in folder.iterdir()}
    for pattern in sorted(patterns):
        connection.cursor().execute(sql.put_folder(folder.as_posix(), stage_path, pattern=pattern))

"""Have all that a job left, in a folder here: what it returned, its log, and the files of its result stage.

Each file comes into being as a whole. A fetch that was interrupted goes on where it was: what is here
already, byte for byte, is not downloaded again. What differs is not replaced unless that is wanted.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sfml import sql
from sfml.errors import InputError, SfmlError
from sfml.jobs import kept, places
from sfml.jobs.places import StageFile
from sfml.session.faults import translated

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

FILES = "files"
# What the launcher writes beside the script's own files (snowflake.ml.jobs: mljob_result and what it names).
_LAUNCHERS = re.compile(r"mljob_result(?:[._].*)?\Z")
_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a fetch came to; the names are relative to ``folder``."""

    folder: Path
    written: tuple[str, ...]
    unchanged: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file to be had: where it goes, and either what is in it or where on a stage it is."""

    path: Path
    content: bytes | None = None
    remote: str | None = None
    size: int = -1
    md5: str | None = None

    @property
    def is_there(self) -> bool:
        """Whether the file is here already, byte for byte as far as the stage says."""
        if not self.path.is_file():
            return False
        if self.content is not None:
            return self.path.read_bytes() == self.content
        if self.path.stat().st_size != self.size:
            return False
        known = self.md5 is not None and _MD5.match(self.md5)
        return not known or _digest(self.path) == self.md5


def wanted(folder: Path, store: kept.Kept, remote: str | None, found: Iterable[StageFile]) -> list[Wanted]:
    """Everything that a fetch is to bring; ``remote`` is the stage folder of the ``found`` files.

    The launcher's own result file comes along only where what it stands for could not be kept.
    """
    return [Wanted(path=folder / path.name, content=path.read_bytes()) for path in store.files()] + [
        Wanted(
            path=folder / FILES / _inside(file.name),
            remote=f"{remote}/{file.name}",
            size=file.size,
            md5=file.md5,
        )
        for file in found
        if not (store.exists and _LAUNCHERS.match(file.name))
    ]


def fetch(
    connection: SnowflakeConnection,
    folder: Path,
    files: list[Wanted],
    *,
    force: bool,
    progress: Callable[[str], None],
) -> Fetched:
    """Bring what is missing; InputError, before anything is changed, where another file is in the way."""
    missing = [file for file in files if not file.is_there]
    in_the_way = [file.path for file in missing if file.path.exists()]
    if any(path.is_dir() for path in in_the_way) or (in_the_way and not force):
        raise InputError(
            f"{len(in_the_way)} files are there already and differ: {_some(in_the_way)}",
            hint="choose another folder, or replace them: --force",
        )
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for file in pool.map(lambda file: _bring(connection, folder, file), missing):
            progress(str(file.path.relative_to(folder)))
    return Fetched(
        folder=folder,
        written=tuple(str(file.path.relative_to(folder)) for file in missing),
        unchanged=tuple(str(file.path.relative_to(folder)) for file in files if file not in missing),
    )


def result_files(
    connection: SnowflakeConnection, spec: str | None, job_id: str
) -> tuple[str | None, list[StageFile]]:
    """The stage folder of a job's results, and the files in it; none without a specification."""
    remote = None if spec is None else places.places(spec, job_id).result
    return remote, [] if remote is None else places.files(connection, remote)


def _bring(connection: SnowflakeConnection, folder: Path, file: Wanted) -> Wanted:
    file.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sfml-", dir=folder) as name:
        new = Path(name, PurePosixPath(file.remote or "new").name)
        if file.content is not None:
            new.write_bytes(file.content)
        else:
            _download(connection, file, Path(name))
        new.replace(file.path)
    return file


def _download(connection: SnowflakeConnection, file: Wanted, folder: Path) -> None:
    assert file.remote is not None
    with translated():
        connection.cursor().execute(sql.get_file(file.remote, folder.as_posix()))
    # GET takes its argument for a prefix: other files may have come along, and are left behind.
    new = folder / PurePosixPath(file.remote).name
    if not new.is_file() or new.stat().st_size != file.size:
        raise SfmlError(f"@{file.remote} changed or went away while it was fetched", hint="fetch again")


def _inside(name: str) -> Path:
    """A stage file's name as a path below a folder; a job may have given it any name."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..", ".")]
    return Path(*parts)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _some(paths: list[Path]) -> str:
    return ", ".join(str(path) for path in paths[:3]) + (" …" if len(paths) > 3 else "")

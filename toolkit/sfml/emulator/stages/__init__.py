"""Stages' content as real files, one directory per stage, so that a job can mount it.

A stage's directory is named by its catalog id: a new stage of an old name is empty. Files are written
beside the stages and moved into place, so a reader sees a whole file or none. Nothing here knows how
files travel.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import IO

from sfml.emulator.catalog import Record
from sfml.emulator.faults import Fault
from sfml.emulator.results import Direction, Rows, Target, Transfer
from sfml.emulator.stages import uploads
from sfml.emulator.stages.paths import (
    bad_path,
    base_of,
    files_below,
    is_content,
    join,
    matches,
    normal,
    refuse_escape,
)

__all__ = ["StageFile", "Stages"]

_CHUNK = 1 << 20
_SECOND_STATEMENT_WITHIN = 600.0
# A container that has the stage mounted runs as any user; nobody else can enter the state directory.
_FILE, _FOLDER = 0o666, 0o777
_DIGESTS_KEPT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class StageFile:
    """One file: its path below the stage, and what LIST shows of it."""

    path: str
    size: int
    modified: float
    md5: str

    @property
    def last_modified(self) -> str:
        """As LIST prints it: ``Mon, 11 Aug 2022 16:57:43 GMT``."""
        return formatdate(self.modified, usegmt=True)


class Stages:
    """The files of all stages below ``root``; safe to share between threads."""

    def __init__(self, root: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._root = root
        self._clock = clock
        self._incoming = root / ".incoming"
        self._digests: dict[Path, tuple[tuple[int, int, int], str]] = {}
        self._asked: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()
        shutil.rmtree(self._incoming, ignore_errors=True)  # what a killed server left half-written
        self._incoming.mkdir(parents=True, mode=0o700)

    def directory(self, stage: Record) -> Path:
        """Where the stage's files lie; exists after the call."""
        path = self._root / str(stage.id)
        _make_folder(path)
        return path

    def drop(self, stage: Record) -> None:
        """Remove the stage's files; a stage without any is fine."""
        doomed = self._incoming / f"dropped-{stage.id}"
        with _clean_errors(str(stage.name)):
            try:
                (self._root / str(stage.id)).rename(doomed)
            except FileNotFoundError:
                return
            shutil.rmtree(doomed)

    def list(self, stage: Record, prefix: str = "", *, pattern: str | None = None) -> tuple[StageFile, ...]:
        """Files whose path starts with ``prefix`` (and matches the regular expression), by path."""
        root = self.directory(stage)
        names = (name for name in files_below(root, normal(prefix)) if matches(name, pattern))
        return tuple(file for name in names if (file := self._describe(root, name)))

    def remove(self, stage: Record, prefix: str = "", *, pattern: str | None = None) -> tuple[str, ...]:
        """Delete the files that ``list`` would show; returns their paths."""
        root = self.directory(stage)
        gone = tuple(name for name in files_below(root, normal(prefix)) if matches(name, pattern))
        for name in gone:
            with _clean_errors(name):
                (root / name).unlink(missing_ok=True)
        _remove_empty_folders(root)
        return gone

    def copy(
        self,
        source: Record,
        prefix: str,
        *,
        to: Record,
        path: str = "",
        files: tuple[str, ...] = (),
        pattern: str | None = None,
    ) -> tuple[str, ...]:
        """Copy files below one stage's path to another's, overwriting; returns the new paths.

        ``files`` are paths below ``prefix``; without them it is all files that ``list`` shows.
        """
        root, prefix = self.directory(source), normal(prefix)
        base = base_of(root, prefix)
        wanted = [normal(join(prefix, name)) for name in files] or files_below(root, prefix)
        for name in wanted:
            if not is_content(root / name):
                raise Fault("091016", "22000", f"Remote file '{name}' was not found.")
        chosen = [name for name in wanted if matches(name, pattern)]
        return tuple(self._copy(root / name, to, join(path, name.removeprefix(base))) for name in chosen)

    def open(self, target: Target) -> IO[bytes]:
        """The file's content; :class:`FileNotFoundError` when it is gone."""
        place = self._locate(target)
        if not is_content(place):
            raise FileNotFoundError(errno.ENOENT, "no such file in the stage", target.path)
        return place.open("rb")

    @contextmanager
    def writing(self, target: Target, *, overwrite: bool) -> Iterator[IO[bytes]]:
        """A file to write into; it takes its place when the block ends well.

        :class:`FileExistsError` when the name is taken and ``overwrite`` is false.
        """
        place = self._locate(target)
        with tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as file:
            temporary = Path(file.name)
            try:
                yield file
                file.flush()
                temporary.chmod(_FILE)
                _make_folder(place.parent)
                if overwrite:
                    temporary.replace(place)
                else:
                    place.hardlink_to(temporary)  # unlike rename, a link never replaces
            finally:
                temporary.unlink(missing_ok=True)

    def put_transfer(
        self,
        stage: Record,
        path: str,
        source: str,
        *,
        auto_compress: bool = True,
        source_compression: str = "auto_detect",
        overwrite: bool = False,
        parallel: int = 4,
    ) -> Transfer | Rows:
        """What the client needs to upload ``source`` (a local path or pattern).

        Rows when there is nothing to do: with OVERWRITE = FALSE, files that are there are SKIPPED. The
        client states the PUT once for all files, then once for each file under its final name, and takes
        the URL from the latter (gcs_storage_client.py, ``_update_presigned_url``).
        """
        source = source.removeprefix("file://")
        folder, name = normal(path), PurePosixPath(source.replace("\\", "/")).name
        refuse_escape(name)
        transfer = Transfer(
            direction=Direction.UPLOAD,
            src_locations=(source,),
            targets=(Target(stage=stage.id, path=join(folder, name)),),
            stage_location=join(stage.name.name.lower(), folder),
            auto_compress=auto_compress,
            source_compression=source_compression.lower(),
            overwrite=overwrite,
            parallel=parallel,
        )
        return transfer if overwrite else self._sparing(stage, folder, transfer)

    def get_transfer(
        self, stage: Record, path: str, local: str, *, pattern: str | None = None, parallel: int = 10
    ) -> Transfer:
        """What the client needs to download the files that ``list`` shows into the folder ``local``."""
        prefix, label = normal(path), stage.name.name.lower()
        below = files_below(self.directory(stage), prefix)
        names = [name for name in below if matches(name, pattern)]
        return Transfer(
            direction=Direction.DOWNLOAD,
            src_locations=tuple(join(label, name) for name in names),
            targets=tuple(Target(stage=stage.id, path=name) for name in names),
            local_location=local.removeprefix("file://"),
            stage_location=join(label, prefix),
            parallel=parallel,
        )

    def _sparing(self, stage: Record, folder: str, transfer: Transfer) -> Transfer | Rows:
        """The transfer of those files that are not there yet; rows when all of them are."""
        source, key = transfer.src_locations[0], (stage.id, folder)
        bare = uploads.is_bare(source)
        if bare and self._clock() - self._asked.get(key, 0) < _SECOND_STATEMENT_WITHIN:
            return transfer  # the second statement of a client that was told to upload
        place, wanted = self.directory(stage) / folder, uploads.sources(source)
        present = [path for path in wanted if is_content(place / uploads.stored_name(path, transfer))]
        if wanted and present == wanted:
            return uploads.skipped(wanted, transfer)
        if not bare:
            self._remember(key)
        return replace(transfer, src_locations=uploads.without(transfer, present))

    def _remember(self, key: tuple[int, str]) -> None:
        now = self._clock()
        with self._lock:
            old = [k for k, when in self._asked.items() if now - when > _SECOND_STATEMENT_WITHIN]
            for k in old:
                del self._asked[k]
            self._asked[key] = now

    def _copy(self, source: Path, stage: Record, path: str) -> str:
        target = Target(stage=stage.id, path=normal(path))
        with (
            _clean_errors(path),
            source.open("rb") as data,
            self.writing(target, overwrite=True) as file,
        ):
            shutil.copyfileobj(data, file, _CHUNK)
        return target.path

    def _locate(self, target: Target) -> Path:
        refuse_escape(target.path)
        root = (self._root / str(target.stage)).resolve()
        place = root / target.path
        if not place.parent.resolve().is_relative_to(root):  # through a symbolic link left by a job
            raise bad_path(target.path)
        return place

    def _describe(self, root: Path, name: str) -> StageFile | None:
        path = root / name
        try:
            stat = path.stat()
            digest = self._md5(path, stat)
        except FileNotFoundError:  # removed by a job while we looked
            return None
        return StageFile(path=name, size=stat.st_size, modified=stat.st_mtime, md5=digest)

    def _md5(self, path: Path, stat: os.stat_result) -> str:
        state = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        known = self._digests.get(path)
        if known and known[0] == state:
            return known[1]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        if len(self._digests) > _DIGESTS_KEPT:
            self._digests.clear()
        self._digests[path] = (state, digest)
        return digest


def _make_folder(folder: Path) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in missing:
            one.chmod(_FOLDER)
    except FileExistsError:  # not the file that is to be written, but one in its path
        raise NotADirectoryError(errno.ENOTDIR, "a file stands where a folder is needed") from None


def _remove_empty_folders(root: Path) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        if Path(folder) != root:
            try:
                Path(folder).rmdir()
            except OSError:  # not empty
                continue


@contextmanager
def _clean_errors(what: str) -> Iterator[None]:
    """An operating system's refusal as a fault that names the file and the reason."""
    try:
        yield
    except OSError as error:
        raise Fault("100016", "22000", f"Stage file '{what}': {error.strerror or error}.") from error

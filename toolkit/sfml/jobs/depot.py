"""Payloads on a stage, by content: sent once, used by many jobs, never run before they are complete.

A payload's folder is named by a digest of everything in it. The last file to arrive is the marker; where it
is, all of the payload is. Between processes of one machine, a lock for each payload keeps an upload from
being done twice, and a removal from coming between a submit's look and its job.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sfml import sql
from sfml.errors import InputError, NotFinishedError
from sfml.services.stage import Folders, send
from sfml.session.faults import DOES_NOT_EXIST, translate, translated
from sfml.session.rows import rows_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

MARKER = "sfml_payload.json"
# What goes into a digest, beside the files: another way to lay them out is another payload.
_LAYOUT = "sfml payload 1"
_DIGITS = 24
# Another process may upload for so long before this one gives up.
_WAIT_AT_MOST = 15 * 60
_LOOK_EVERY = 0.1


class Found(Enum):
    """What there is of a payload on its stage."""

    COMPLETE = "complete"
    MISSING = "missing"
    NO_STAGE = "no stage"


@dataclass(frozen=True, kw_only=True)
class Content:
    """A payload's digest; ``stamps`` say whether a file is still what went into it."""

    digest: str
    size: int
    stamps: Mapping[Path, tuple[int, int]]

    def require_unchanged(self) -> None:
        """InputError where a file is no longer what it was when it was read for the digest."""
        changed = [path for path, stamp in self.stamps.items() if _stamp(path) != stamp]
        if changed:
            raise InputError(
                f"{changed[0]} changed while it was sent; nothing was submitted", hint="submit again"
            )


class Lock:
    """A lock file, shared or exclusive, until it is released or the process ends."""

    def __init__(self, path: Path, *, exclusive: bool, patience: float = _WAIT_AT_MOST) -> None:
        import fcntl

        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(self._handle, kind | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    self.release()
                    raise NotFinishedError(
                        f"another process has held this payload for {patience:g} s (its lock: {path})"
                    ) from None
            time.sleep(_LOOK_EVERY)

    def release(self) -> None:
        """Give it up; a second time does nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A payload that is on its stage and stays there until ``release``; ``fresh``: it was sent just now."""

    folder: str
    fresh: bool
    release: Callable[[], None]


def content(folders: Folders, name: str) -> Content:
    """What is in a payload: names, executable bits and bytes of all its files, and the name of its jobs."""
    whole = hashlib.sha256(f"{_LAYOUT}\n{name}\n".encode())
    stamps: dict[Path, tuple[int, int]] = {}
    size = 0
    for remote, file, source in _in_order(folders):
        if isinstance(source, str):
            digest, mode, length = hashlib.sha256(source.encode()).hexdigest(), "-", len(source.encode())
        else:
            stamps[source] = _stamp(source)
            mode = "x" if os.access(source, os.X_OK) else "-"
            digest, length = _digest(source), stamps[source][0]
        whole.update(f"{remote}/{file}\0{mode}\0{digest}\n".encode())
        size += length
    return Content(digest=whole.hexdigest()[:_DIGITS], size=size, stamps=stamps)


def deliver(
    connection: SnowflakeConnection, folders: Folders, path: str, found: Content, *, state: Path
) -> Delivery:
    """See to it that a payload is at its stage path, ``FOLDER/NAME``; what is there already is not sent."""
    folder = path.rpartition("/")[0]
    lock_file = lock_path(state, folder)
    fresh = False
    if not lock_file.exists():  # nobody sent it from here: do not look twice
        fresh = _send_missing(connection, folders, path, found, lock_file)
    while True:
        lock = Lock(lock_file, exclusive=False)
        try:
            complete = look(connection, path) is Found.COMPLETE
        except BaseException:
            lock.release()
            raise
        if complete:
            return Delivery(folder=folder, fresh=fresh, release=lock.release)
        lock.release()
        fresh = _send_missing(connection, folders, path, found, lock_file) or fresh


def look(connection: SnowflakeConnection, path: str) -> Found:
    """What there is of the payload at a stage path: one request, whatever its size."""
    from snowflake.connector.errors import ProgrammingError

    try:
        rows = rows_of(connection, sql.list_file(f"{path}/{MARKER}"))
    except ProgrammingError as error:
        if error.errno in DOES_NOT_EXIST:
            return Found.NO_STAGE
        raise translate(error.errno, str(error.msg)) from error
    return Found.COMPLETE if rows else Found.MISSING


def lock_path(state: Path, folder: str) -> Path:
    """The lock of the payload in a stage folder, below the project's state folder."""
    return state / "payloads" / f"{folder.rpartition('/')[2]}.lock"


@contextmanager
def alone(state: Path, folder: str) -> Iterator[None]:
    """Inside, no submit of this machine counts on a payload before its job is there to be seen."""
    lock = Lock(lock_path(state, folder), exclusive=True)
    try:
        yield
    finally:
        lock.release()


def _send_missing(
    connection: SnowflakeConnection, folders: Folders, path: str, found: Content, lock_file: Path
) -> bool:
    """Send a payload that is not there, the marker last; whether it was sent."""
    lock = Lock(lock_file, exclusive=True)
    try:
        state = look(connection, path)
        if state is Found.COMPLETE:
            return False
        with translated():
            if state is Found.NO_STAGE:
                stage = path.partition("/")[0]
                comment = "files of ML Jobs, put here by sfml"
                connection.cursor().execute(sql.create_stage(stage, directory=False, comment=comment))
            send(connection, folders, path)
            found.require_unchanged()
            about = {"files": sum(map(len, folders.values())), "bytes": found.size}
            send(connection, {PurePosixPath(): {MARKER: json.dumps(about)}}, path)
        return True
    finally:
        lock.release()


def _in_order(folders: Folders) -> Iterator[tuple[PurePosixPath, str, Path | str]]:
    for remote in sorted(folders, key=str):
        for name in sorted(folders[remote]):
            yield remote, name, folders[remote][name]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return found.st_size, found.st_mtime_ns


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error

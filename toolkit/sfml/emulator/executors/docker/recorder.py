"""Writing down a container's output, in the format that ``LogFiles`` describes."""

from __future__ import annotations

import contextlib
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from sfml.emulator.executors.base import LogFiles

_TIME_RECORD = struct.Struct("<dQ")


class Recorder:
    """Appends to a log and its times. A full disk loses output, never the run."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._files = LogFiles(text=path)
        self._clock = clock
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._open()

    def write(self, chunk: bytes) -> None:
        """The chunk, bytes as they are, and when it came."""
        with contextlib.suppress(OSError):
            self._size += os.write(self._text, chunk)
            os.write(self._times, _TIME_RECORD.pack(self._clock(), self._size))

    def begin_again(self) -> None:
        """The container was started anew: what it wrote before is its previous log now."""
        self.close()
        previous = LogFiles(text=self._files.previous)
        with contextlib.suppress(FileNotFoundError):
            self._files.text.replace(previous.text)
            self._files.times.replace(previous.times)
        self._open()

    def close(self) -> None:
        """Nothing more comes."""
        os.close(self._text)
        os.close(self._times)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._text = os.open(self._files.text, flags, 0o600)
        self._times = os.open(self._files.times, flags, 0o600)
        self._size = os.fstat(self._text).st_size

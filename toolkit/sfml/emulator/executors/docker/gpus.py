"""The GPUs of the engine's machine, and which run has which."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sfml.emulator.executors import words
from sfml.emulator.executors.base import UnschedulableError


class Gpus:
    """``count`` devices, named "0", "1", …; None: as many as anybody wants, none of them real."""

    def __init__(self, count: int | None) -> None:
        self._free = None if count is None else [str(number) for number in range(count)]
        self._lock = threading.Lock()

    def take(self, count: int) -> tuple[str, ...]:
        """That many devices for one run; UnschedulableError with the server's words if there are less."""
        if self._free is None:
            return ()
        with self._lock:
            if count > len(self._free):
                raise UnschedulableError(words.UNSCHEDULABLE.format("GPU"))
            taken, self._free = self._free[:count], self._free[count:]
        return tuple(taken)

    def give_back(self, devices: tuple[str, ...]) -> None:
        """They are free again."""
        with self._lock:
            self._free = sorted([*(self._free or []), *devices]) if self._free is not None else None


def count(info: Mapping[str, Any]) -> int:
    """How many NVIDIA devices this machine has that its engine can hand to containers."""
    able = "nvidia" in (info.get("Runtimes") or {}) or shutil.which("nvidia-container-runtime-hook")
    return len(list(Path("/dev").glob("nvidia[0-9]*"))) if able else 0

"""What an account said a short while ago, kept on this machine: plan after plan asks the same things."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sfml.jobs.private import written_whole

# In seconds. Whoever changes a network rule may wait so long for the plans to notice; a plan that would be
# refused asks again at once.
LIFE = 10 * 60


class Memory:
    """Answers of one account to one role: those that were granted. What is missing may come any moment."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._kept: dict[str, Any] = _read(path)

    @classmethod
    def of(cls, state: Path, *who: str | None) -> Memory:
        """The memory for an account, user and role, in the project's state folder."""
        name = sha256(json.dumps(who).encode()).hexdigest()[:16]
        return cls(state / "account" / f"{name}.json")

    def get(self, key: str) -> Any:
        """What was kept under a key; None where it was not, or is too old."""
        entry = self._kept.get(key)
        if not isinstance(entry, Mapping) or not 0 <= self._clock() - entry["at"] < LIFE:
            return None
        return entry["value"]

    def put(self, key: str, value: Any) -> None:
        """Keep an answer, plain data."""
        self._kept[key] = {"at": self._clock(), "value": value}

    def forget(self) -> None:
        """Let go of all of it."""
        self._kept.clear()

    def save(self) -> None:
        """Write it down, what is still good of it, for the owner's eyes only."""
        good = {key: entry for key, entry in self._kept.items() if self.get(key) is not None}
        if not good and not self._path.exists():
            return
        with written_whole(self._path) as file:
            file.write(json.dumps(good).encode())


def _read(path: Path) -> dict[str, Any]:
    """What is in the file; nothing where it is none, or was written by something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

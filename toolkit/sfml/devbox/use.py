"""Whether a box is being used: keys typed, bytes gone by, programs that compute; open connections are no use.

Pure: from two samples, and the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

QUIET_BYTES = 4096
QUIET_BYTES_PER_SECOND = 270.0
"""What goes by unused: an editor's signs of life, some hundred bytes a second, and our own warnings."""
BUSY_SHARE = 0.02
"""Of one core: what takes more does something for its user; a waiting shell takes none."""
LONGEST_WARNING = 120.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What can be seen of a box at one moment.

    ``at``: seconds on any clock; ``keys``: when each terminal was last typed into, by name; ``passed``: bytes
    so far through each door; ``computed``: CPU seconds so far of each program, by process id and name.
    """

    at: float
    keys: Mapping[str, float]
    passed: Mapping[str, int]
    computed: Mapping[tuple[int, str], float]


def use(before: Sample, after: Sample) -> str | None:
    """What the box was used for between two samples; None for nothing."""
    span = max(after.at - before.at, 0.0)
    if any(typed > before.keys.get(terminal, 0.0) for terminal, typed in after.keys.items()):
        return "keys typed"
    # A door that was started anew counts from nothing.
    passed = sum(max(now - before.passed.get(door, 0), 0) for door, now in after.passed.items())
    if passed > QUIET_BYTES + QUIET_BYTES_PER_SECOND * span:
        return f"{passed} bytes went by"
    taken = {
        program: seconds - before.computed.get(program, 0.0) for program, seconds in after.computed.items()
    }
    if sum(max(seconds, 0.0) for seconds in taken.values()) > BUSY_SHARE * span:
        number, name = max(taken, key=lambda program: taken[program])
        return f"{name} ({number}) computes"
    return None


class Step(Enum):
    """What is to be done about a box."""

    NOTHING = "nothing"
    WARN = "warn"
    STOP = "stop"


class Idleness:
    """How long a box has not been used, and what follows; ``limit`` in seconds."""

    def __init__(self, limit: float, first: Sample) -> None:
        self.limit = limit
        self._last = first
        self._used_at = first.at
        self._warned = False

    @property
    def warning(self) -> float:
        """Seconds before the stop at which the user is warned."""
        return min(LONGEST_WARNING, self.limit / 2)

    @property
    def left(self) -> float:
        """Seconds until the stop."""
        return max(self.limit - (self._last.at - self._used_at), 0.0)

    def look(self, sample: Sample) -> Step:
        """What is to be done now; a warning comes once, until the box is used again."""
        if use(self._last, sample) is not None:
            self._used_at = sample.at
            self._warned = False
        self._last = sample
        if self.left <= self.warning and not self._warned:
            self._warned = True
            # Who could not be looked at in time is warned in time all the same.
            self._used_at = max(self._used_at, sample.at - self.limit + self.warning)
            return Step.WARN
        return Step.STOP if self.left <= 0 else Step.NOTHING

"""Which lines of a job's log its script wrote (no I/O)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# The banners that the launcher prints around the script (snowflake.ml.jobs, LOG_START_MSG, LOG_END_MSG).
RULE = "-" * 32
STARTED = "ML job started"
FINISHED = "ML job finished"
_START_BANNER = (RULE, STARTED, RULE)
_END_BANNER = (RULE, FINISHED, RULE)
# How Python begins a traceback, and the first frame of one that ended the launcher.
_TRACEBACK = "Traceback (most recent call last):"
_LAUNCHERS_FRAME = re.compile(r'  File ".*mljob_launcher\.py", line \d+, in <module>')
# What the launcher and its start script say themselves while the script's lines are shown.
_LAUNCHERS_OWN = re.compile(
    r"[\d-]{10} [\d:]{8},\d{3} - INFO - (?:Clos(?:ing|ed) session: \d+|Canceling all running queries)"
    r"|User job completed\. Signaling workers to shut down\.\.\.|Head node job completed\. Exiting\."
)


@dataclass(kw_only=True)
class ScriptLines:
    """Keeps the lines that the script wrote: those after the launcher's start banner, before its end banner.

    The text of a banner in the script's own output stays: only the last end banner counts. When the script
    crashed, the launcher's own traceback of it goes to ``crash``.
    """

    started: bool = False
    crash: list[str] = field(default_factory=list)
    _previous: str = ""
    _held: list[str] = field(default_factory=list)

    def feed(self, line: str) -> list[str]:
        """The script's lines that are certain now."""
        if not self.started:
            self.started = (self._previous, line) == _START_BANNER[:2]
            self._previous = line
            return []
        if self._previous == STARTED:
            self._previous = ""
            return [] if line == RULE else [line]
        if _LAUNCHERS_OWN.fullmatch(line):
            return []
        if self.crash or (self._held == [_TRACEBACK] and _LAUNCHERS_FRAME.match(line)):
            self.crash += [*self._held, line]
            self._held = []
            return []
        return self._hold_or_release(line)

    def end(self) -> list[str]:
        """The rest, when the log is over: what was held and was no end banner."""
        held, self._held = self._held, []
        return [] if tuple(held[:3]) == _END_BANNER else held

    def _hold_or_release(self, line: str) -> list[str]:
        """A rule may open the end banner, and a whole end banner may be the last one: what follows waits."""
        held = [*self._held, line]
        if tuple(held[:3]) == _END_BANNER:
            keep = 3 if tuple(held[-3:]) == _END_BANNER else len(held)
        else:
            keep = next(n for n in (2, 1, 0) if tuple(held[len(held) - n :]) == _END_BANNER[:n])
            keep = keep or int(line == _TRACEBACK)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]

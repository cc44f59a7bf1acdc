"""Measure whole programs side by side: CPU and wall seconds, medians, and the ratio between two of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPEAT = 5


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Median seconds over several runs; ``cpu`` is user plus system time of the process and its children."""

    cpu: float
    wall: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the report. ``limit`` is what the figure must not exceed, in the figure's own unit."""

    what: str
    figure: float
    unit: str
    detail: str = ""
    limit: float | None = None

    @property
    def met(self) -> bool:
        return self.limit is None or self.figure <= self.limit


def once(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Timing:
    """Run a command to its end with its output thrown away; raises when it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.stderr.buffer.write(output.read())
            raise SystemExit(f"{command[0]} exited {process.returncode}")
    return Timing(cpu=usage.ru_utime + usage.ru_stime, wall=wall)


def median(run: Callable[[], Timing], *, repeat: int = REPEAT) -> Timing:
    """The median of ``repeat`` runs, after one that warms the file cache and the bytecode."""
    run()
    timings = [run() for _ in range(repeat)]
    return Timing(
        cpu=statistics.median(t.cpu for t in timings), wall=statistics.median(t.wall for t in timings)
    )


def interleaved(runs: Mapping[str, Callable[[], Timing]], *, repeat: int = REPEAT) -> dict[str, Timing]:
    """Medians of several programs run in turn, so that a busy moment of the machine meets all of them."""
    for run in runs.values():
        run()
    timings: dict[str, list[Timing]] = {name: [] for name in runs}
    for _ in range(repeat):
        for name, run in runs.items():
            timings[name].append(run())
    return {
        name: Timing(
            cpu=statistics.median(t.cpu for t in taken), wall=statistics.median(t.wall for t in taken)
        )
        for name, taken in timings.items()
    }

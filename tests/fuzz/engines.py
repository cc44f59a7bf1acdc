"""Two ways to try a function with what nobody would think of: hypothesis and atheris."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

# Examples between two looks at the clock.
CHUNK = 500
KEPT = Path(__file__).resolve().parents[2] / ".nox" / "fuzz"


def run_hypothesis(check: Callable[[Any], None], strategy: Any, *, seconds: float) -> int:
    """Try ``check`` on draws of ``strategy`` until the time is over; how many draws there were."""
    from hypothesis import HealthCheck, given, seed, settings

    count = 0
    ends = time.monotonic() + seconds

    def counted(value: Any) -> None:
        nonlocal count
        count += 1
        check(value)

    number = int(time.time())
    while time.monotonic() < ends:
        number += 1
        print(f"seed {number}", flush=True)
        rules = settings(
            max_examples=CHUNK, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        seed(number)(rules(given(strategy)(counted)))()
    return count


def run_atheris(check: Callable[[bytes], None], samples: Iterable[bytes], *, seconds: float) -> None:
    """Try ``check`` on bytes that reach ever more of the code; libFuzzer ends the process.

    What reached something new is kept below .nox/fuzz, for the next run; so is what failed.
    """
    import atheris

    folder = KEPT / Path(sys.argv[0]).stem
    folder.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples):
        (folder / f"sample-{number:04}").write_bytes(sample)
    limits = [f"-max_total_time={int(seconds)}", "-max_len=16384", "-rss_limit_mb=4096", "-timeout=20"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}-", str(folder)], check)
    atheris.Fuzz()


def arguments() -> tuple[str, float]:
    """The engine and the seconds of this process's command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["hypothesis", "atheris"])
    parser.add_argument("--seconds", type=float, default=600)
    found = parser.parse_args()
    return found.engine, found.seconds

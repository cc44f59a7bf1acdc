"""Fuzz everything that parses what others wrote: python tests/fuzz/run.py [--seconds 600] [specs …]

Each fuzz_*.py beside this file runs with hypothesis and then with atheris, each for the given time. Exits 1
when one of them found something, and names it.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = {path.stem.removeprefix("fuzz_"): path for path in sorted(HERE.glob("fuzz_*.py"))}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all unless named"
    )
    parser.add_argument("--seconds", type=float, default=600, help="for each engine of each target")
    options = parser.parse_args()
    unknown = sorted(set(options.targets) - set(TARGETS))
    if unknown:
        parser.error(f"no such target: {', '.join(unknown)}")
    failed = [
        f"{target} with {engine}"
        for target in options.targets or TARGETS
        for engine in ("hypothesis", "atheris")
        if not _passes(target, engine, options.seconds)
    ]
    print(f"failed: {', '.join(failed)}" if failed else "nothing found")
    return 1 if failed else 0


def _passes(target: str, engine: str, seconds: float) -> bool:
    if engine == "atheris" and importlib.util.find_spec("atheris") is None:
        print(f"== {target}: atheris is not installed", flush=True)
        return False
    print(f"== {target} with {engine}, {seconds:g} s", flush=True)
    command = [sys.executable, str(TARGETS[target]), engine, "--seconds", str(seconds)]
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())

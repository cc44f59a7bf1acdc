"""Run the benchmarks and print one table: python benchmarks/run.py [start submit backend specs …]

Each module named below has ``rows() -> Iterable[Row]``. Exits 1 when a figure misses its limit.
"""

from __future__ import annotations

import compileall
import importlib
import os
import platform
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

BENCHES = (
    "start", "backend", "submit", "jobs", "payload", "specs", "tunnel", "box", "analysis", "images",
    "services",
)  # fmt: skip


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)} (there are: {', '.join(BENCHES)})", file=sys.stderr)
        return 2
    compileall.compile_dir(HERE.parent / "toolkit", quiet=2)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'what':58} {'figure':>10} {'limit':>10}  detail")
    missed = 0
    for name in names or BENCHES:
        for row in importlib.import_module(f"bench_{name}").rows():
            limit = "" if row.limit is None else f"{row.limit:g} {row.unit}"
            missed += not row.met
            mark = "" if row.met else "  MISSED"
            print(
                f"{row.what:58} {row.figure:>7.3f} {row.unit:2} {limit:>10}  {row.detail}{mark}", flush=True
            )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

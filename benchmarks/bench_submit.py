"""Submit a one-line script and have its result: sfml, the bare client, and `ray job submit` of the same line.

All three talk to a warm server on this machine; each is timed as the whole process a user starts.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import Row, Timing, interleaved, once

SFML = Path(sys.executable).with_name("sfml")
BARE_CLIENT = Path(__file__).with_name("bare_client.py")
LINE = "print(6 * 7)"


@contextmanager
def local_backend(folder: Path) -> Iterator[dict[str, object]]:
    """A started local backend in ``folder``; yields the parameters that the connector needs."""
    subprocess.run([SFML, "local", "start"], cwd=folder, check=True, capture_output=True)
    try:
        shown = subprocess.run(
            [SFML, "local", "env", "-o", "json"], cwd=folder, check=True, capture_output=True, text=True
        )
        yield json.loads(shown.stdout)
    finally:
        subprocess.run([SFML, "local", "stop"], cwd=folder, check=False, capture_output=True)


@contextmanager
def ray_cluster(ray: str) -> Iterator[list[str]]:
    """A started single-node cluster; yields the command that submits to it."""
    start = ["start", "--head", "--disable-usage-stats", "--dashboard-host", "127.0.0.1", "--port", "6399"]
    subprocess.run([ray, *start, "--num-cpus", "2"], check=True, capture_output=True)
    try:
        yield [ray, "job", "submit", "--address", "http://127.0.0.1:8265", "--"]
    finally:
        subprocess.run([ray, "stop"], check=False, capture_output=True)


def rows() -> Iterator[Row]:
    ray = os.environ.get("SFML_BENCH_RAY", "ray")
    with tempfile.TemporaryDirectory() as name, ray_cluster(ray) as ray_submit:
        folder = Path(name)
        script = folder / "line.py"
        script.write_text(f"__return__ = {LINE}\n")
        with local_backend(folder) as connection:
            env = {**os.environ, "BENCH_CONNECTION": json.dumps(connection)}

            fresh = itertools.count()

            def ours() -> Timing:
                new = folder / "new.py"  # never submitted before: all of it travels
                new.write_text(f"__return__ = {LINE}\n# {next(fresh)}\n")
                return once([SFML, "submit", "--connection", "local", new], cwd=folder)

            def again() -> Timing:
                return once([SFML, "submit", "--connection", "local", script], cwd=folder)

            def bare() -> Timing:
                return once([sys.executable, BARE_CLIENT, script], cwd=folder, env=env)

            def peer() -> Timing:
                return once([*ray_submit, sys.executable, "-c", LINE], cwd=folder)

            taken = interleaved(
                {"sfml": ours, "sfml, unchanged": again, "bare client": bare, "ray job submit": peer}
            )
    mine, client, rays = taken["sfml"], taken["bare client"], taken["ray job submit"]
    walls = ", ".join(f"{name} {t.wall:.2f} s" for name, t in taken.items())
    yield Row(
        what="submit -> result / ray job submit, wall",
        figure=mine.wall / rays.wall,
        unit="",
        limit=2 / 3,
        detail=walls,
    )
    cpus = ", ".join(f"{name} {t.cpu:.2f} s" for name, t in taken.items())
    yield Row(
        what="submit -> result / bare client, wall",
        figure=mine.wall / client.wall,
        unit="",
        limit=1.1,
        detail=f"CPU: {cpus}",
    )

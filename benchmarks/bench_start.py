"""How fast the command starts, beside `snow`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from measure import Row, interleaved, median, once

SFML = Path(sys.executable).with_name("sfml")


def rows() -> Iterator[Row]:
    snow = os.environ.get("SFML_BENCH_SNOW", "snow")
    taken = interleaved(
        {"sfml": lambda: once([SFML, "--version"]), "snow": lambda: once([snow, "--version"])}
    )
    ours, theirs = taken["sfml"], taken["snow"]
    yield Row(
        what="sfml --version, CPU", figure=ours.cpu, unit="s", limit=0.12, detail=f"wall {ours.wall:.3f} s"
    )
    detail = (
        f"snow: {theirs.cpu:.2f} s CPU, {theirs.wall:.2f} s wall; wall ratio {ours.wall / theirs.wall:.3f}"
    )
    yield Row(
        what="sfml --version / snow --version, CPU",
        figure=ours.cpu / theirs.cpu,
        unit="",
        limit=0.05,
        detail=detail,
    )
    help_ = median(lambda: once([SFML, "--help"]))
    yield Row(what="sfml --help, CPU", figure=help_.cpu, unit="s", detail=f"wall {help_.wall:.3f} s")

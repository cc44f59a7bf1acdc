"""One job many times: the combinations of a sweep, and when to try a failed job again (pure)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from sfml.errors import UsageError

Point = Mapping[str, str]

_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")
# More jobs than this at once are a slip of the hand.
_MOST = 1_000


def points(items: Sequence[str]) -> list[Point]:
    """Every combination of ``NAME=V1,V2`` items, the last varying fastest; one empty point for no item."""
    axes = dict(_axis(item) for item in items)
    if len(axes) < len(items):
        raise UsageError("--sweep names a parameter twice; put all its values into one: lr=0.1,0.01")
    found = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    if len(found) > _MOST:
        raise UsageError(f"this sweep has {len(found)} combinations, more than {_MOST}")
    return list(found)


def arguments(point: Point) -> tuple[str, ...]:
    """A combination as arguments of the script: ``--lr 0.1 --depth 3``."""
    return tuple(text for name, value in point.items() for text in (f"--{name}", value))


def shown(point: Point) -> str:
    """A combination for a reader: ``lr=0.1 depth=3``."""
    return " ".join(f"{name}={value}" for name, value in point.items())


def backoff(shortest: float = 2.0, longest: float = 300.0) -> Iterator[float]:
    """How many seconds to wait before each next attempt."""
    delay = shortest
    while True:
        yield delay
        delay = min(delay * 2, longest)


def _axis(item: str) -> tuple[str, list[str]]:
    name, equals, values = item.partition("=")
    name = name.removeprefix("--")
    if not equals or not _NAME.match(name):
        raise UsageError(f"--sweep {item!r}: write it as NAME=VALUE,VALUE")
    return name, [value.strip() for value in values.split(",")]

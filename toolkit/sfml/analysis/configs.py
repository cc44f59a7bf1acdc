"""YAML, JSON and TOML files beside the code, as values; only files that the code itself loads are read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sfml.analysis.values import UNKNOWN, Row, Table, Value, known

# Larger files are data, not configuration.
LARGEST = 1_000_000
_DEEPEST = 30


def load(path: Path) -> Value | None:
    """The content of a configuration file, or None when it is none that can be read."""
    reader = _READERS.get(path.suffix.lower())
    try:
        if reader is None or path.stat().st_size > LARGEST:
            return None
        return plain(reader(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return None


def plain(content: Any, *, depth: int = 0) -> Value:
    """Plain data as a value whose parts are known one by one."""
    if depth > _DEEPEST:
        return UNKNOWN
    if isinstance(content, dict):
        items = {key: plain(item, depth=depth + 1) for key, item in content.items() if _is_key(key)}
        return known(Table(items))
    if isinstance(content, list):
        return known(Row(tuple(plain(item, depth=depth + 1) for item in content[:500])))
    return known(content)


def _is_key(key: Any) -> bool:
    return isinstance(key, (str, int, bool)) or (isinstance(key, float) and not math.isnan(key))


def _yaml(text: str) -> Any:
    import yaml

    try:
        # The C loader is as safe and ten times as fast; not every build has it.
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _toml(text: str) -> Any:
    import tomllib

    return tomllib.loads(text)


_READERS: dict[str, Callable[[str], Any]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": json.loads,
    ".toml": _toml,
}

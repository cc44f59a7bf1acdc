"""Values for templates: read from YAML or JSON files, merged, and overridden one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from sfml.errors import InputError

MAX_FILE_BYTES = 1_000_000
MAX_NODES = 100_000
"""Nodes after aliases are expanded: more is a mistake or an attack (YAML's "billion laughs")."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core types only: ``yes``, ``0644``, ``1:30`` and ``2026-01-01`` stay text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's table

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
                )
            seen |= {key.value} if isinstance(key, yaml.ScalarNode) else set()
        return node


_TYPES = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+", "-+.0123456789"),
    ("merge", r"<<", "<"),
)
for _name, _pattern, _first in _TYPES:
    _starts = [*_first, ""] if _name == "null" else [*_first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"(?:{_pattern})\\Z"), _starts)


def load_values(paths: Iterable[Path]) -> dict[str, Any]:
    """The merged values of several files: a later file wins, maps are merged key by key, lists replaced."""
    values: dict[str, Any] = {}
    for path in paths:
        values = merge(values, _load_file(path))
    return values


def _load_file(path: Path) -> dict[str, Any]:
    return parse_values(read_text(path), name=str(path))


def read_text(path: Path, *, limit: int = MAX_FILE_BYTES) -> str:
    """The UTF-8 text of a file; :class:`InputError` when it cannot be read, is binary or too large."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise InputError(f"{path} is larger than {limit:,} bytes", hint="is it the right file?")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte {error.start})", hint="is it the right file?"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def parse_values(text: str, *, name: str) -> dict[str, Any]:
    """The values that a YAML or JSON text holds; errors name ``name`` and the line."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer types
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise InputError(f"{where}: {error.problem}", hint="values are YAML or JSON") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise InputError(f"{name}: {error}", hint="values are YAML or JSON") from None
    except RecursionError:
        raise InputError(f"{name} is nested too deeply") from None
    if data is None:
        return {}
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise InputError(f"{name} must hold names with their values", hint="for example: memory: 16Gi")
    _refuse_explosion(data, name)
    return data


def _refuse_explosion(data: Any, name: str) -> None:
    budget = MAX_NODES
    stack = [data]
    while stack:
        node = stack.pop()
        budget -= 1
        if budget < 0:
            raise InputError(
                f"{name} holds more than {MAX_NODES:,} values once its aliases are expanded",
                hint="remove the anchors (&) that repeat one another",
            )
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on top of ``base``: maps are merged, everything else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def set_value(values: Mapping[str, Any], assignment: str) -> dict[str, Any]:
    """The values with ``a.b=c`` applied.

    ``c`` becomes a number, boolean or null where it looks like one; in quotes it stays text, and ``[…]`` and
    ``{…}`` are lists and maps.
    """
    path, equals, text = assignment.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        raise InputError(
            f"--set {assignment!r} is not NAME=VALUE", hint="for example: --set stage.name=@db.s.st"
        )
    below: Any = values
    for depth, key in enumerate(keys[:-1], start=1):
        below = below.get(key, {})
        if not isinstance(below, Mapping):
            raise InputError(f"--set {assignment!r}: {'.'.join(keys[:depth])} is {below!r}, not a map")
    found = _scalar_or_collection(text, assignment)
    for key in reversed(keys):
        found = {key: found}
    return merge(values, found)


def _scalar_or_collection(text: str, assignment: str) -> Any:
    if text[:1] in ("[", "{", '"', "'"):
        return parse_values(f"value: {text}", name=f"--set {assignment!r}")["value"]
    if not text:
        return text
    loader = _Loader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return loader.construct_object(yaml.ScalarNode(tag, text))

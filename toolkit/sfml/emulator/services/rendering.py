"""A service specification as DESCRIBE SERVICE shows it. Loaded on demand: it needs a YAML library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from sfml.emulator.services.spec import image

_WIDE = 1 << 30  # characters on a line: YAML would fold long strings


def render(spec: Mapping[str, Any], *, registry: str, images: Mapping[str, str]) -> str:
    """The text that DESCRIBE SERVICE shows: every string quoted, full image names, image digests added."""
    shown = dict(spec["spec"])
    shown["containers"] = [_shown(container, registry, images) for container in shown["containers"]]
    return yaml.dump(
        _quoted({**spec, "spec": shown}), Dumper=_Dumper, sort_keys=False, explicit_start=True, width=_WIDE
    )


def _shown(container: Mapping[str, Any], registry: str, images: Mapping[str, str]) -> dict[str, Any]:
    name, sha256 = image(container, registry, images)
    return {**container, "image": name, "sha256": f"@{sha256}"}


class _Text(str):
    """A string that is a value, not a key."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
)


def _quoted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return _Text(value) if isinstance(value, str) else value

"""A run without a namespace: its fixed paths are rewritten to where the files really are."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from sfml.emulator.executors.base import Mount

# startup.sh uses paths without quotes, so these must not hold what a shell takes apart.
_PLAIN = re.compile(r"[\w@%+=:,./-]+")


def lay_out(mounts: tuple[Mount, ...], directory: Path) -> dict[str, str]:
    """Each mount's target and the path that stands for it, below ``directory``."""
    places = {}
    for number, mount in enumerate(mounts):
        place = directory / "mounts" / str(number)
        place.parent.mkdir(parents=True, exist_ok=True)
        if mount.source is None:
            place.mkdir()
        else:
            place.symlink_to(mount.source)
        places[mount.target] = str(place)
    return places


def plain(directory: Path) -> Path:
    """The directory, or a link to it (to be removed) whose path a script may use without quotes."""
    if _PLAIN.fullmatch(str(directory)):
        return directory
    link = Path(tempfile.gettempdir()) / f"sfml-{os.urandom(6).hex()}"
    link.symlink_to(directory)
    return link


def restore(places: Mapping[str, str]) -> None:
    """Let a finished run's result name its other files by their fixed paths again.

    The ML Jobs launcher writes absolute paths into its result (``mljob_result``, JSON), and the client looks
    for them below the mount path that DESCRIBE SERVICE shows.
    """
    for place in places.values():
        for result in Path(place).glob("mljob_result*"):
            content = result.read_bytes() if result.is_file() else b""
            if content.startswith(b"{"):
                for target, path in places.items():
                    content = content.replace(f'"{path}/'.encode(), f'"{target}/'.encode())
                result.write_bytes(content)


def rewriter(places: Mapping[str, str]) -> Callable[[str], str]:
    """Text in which each path at or below a mount's target is replaced; longest target first."""
    targets = sorted(places, key=len, reverse=True)
    if not targets:
        return lambda text: text
    pattern = re.compile(f"(?<![\\w./-])({'|'.join(map(re.escape, targets))})(?![\\w.-])")
    return lambda text: pattern.sub(lambda match: places[match[1]], text)

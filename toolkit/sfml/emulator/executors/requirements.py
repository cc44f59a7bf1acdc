"""What a requirements file asks for, as far as that can be known without pip."""

from __future__ import annotations

import re
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

# Options of a requirements file after which the same text gives the same packages.
_INDEX_OPTION = re.compile(r"(-i|--(index-url|extra-index-url|find-links|pre|only-binary|prefer-binary))\b")


def satisfied(text: str) -> str | None:
    """What pip would say if the server's environment has all that is asked; None if pip must be."""
    said = []
    for line in _lines(text):
        try:
            wanted = Requirement(line)
            if wanted.marker is not None and not wanted.marker.evaluate():
                continue
            present = metadata.version(wanted.name)
        except (InvalidRequirement, metadata.PackageNotFoundError):
            return None
        if wanted.url or wanted.extras or not wanted.specifier.contains(present, prereleases=True):
            return None
        said.append(f"Requirement already satisfied: {line} (the environment has {present})\n")
    return "".join(said)


def repeatable(text: str) -> bool:
    """Whether the text alone says what is installed: names and index options, no files or archives."""
    for line in _lines(text):
        if _INDEX_OPTION.match(line):
            continue
        try:
            if Requirement(line).url:
                return False
        except InvalidRequirement:
            return False
    return True


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line for line in stripped if line]

"""The values of secrets: one file each, for the owner of the state directory only.

They are kept apart from the catalog, whose rows of dropped objects stay as history.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

DIRECTORY = "secrets"


class Vault:
    """Values by the number of the secret's record."""

    def __init__(self, state: Path) -> None:
        self._directory = state / DIRECTORY

    def keep(self, number: int, values: Mapping[str, str]) -> None:
        """Store the values in place of those that there were."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        file = self._file(number)
        write_private(file.with_suffix(".new"), json.dumps(dict(values)))
        file.with_suffix(".new").replace(file)

    def read(self, number: int) -> dict[str, str]:
        """The values; none for a secret that has no file (any more)."""
        try:
            values: dict[str, str] = json.loads(self._file(number).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return values

    def forget(self, number: int) -> None:
        self._file(number).unlink(missing_ok=True)

    def _file(self, number: int) -> Path:
        return self._directory / f"{number}.json"


def write_private(file: Path, text: str) -> None:
    """Write a file that is its owner's only from its first byte on."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)

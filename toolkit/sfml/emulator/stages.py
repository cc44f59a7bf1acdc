"""Stages' content as real files, one directory per stage, so that a job can mount it."""

from __future__ import annotations

from pathlib import Path

from sfml.emulator.catalog import Record


class Stages:
    """The files of all stages. A directory is named by the catalog id: a new stage of an old name is empty."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def directory(self, stage: Record) -> Path:
        """Where the stage's files lie; exists after the call."""
        path = self._root / str(stage.id)
        path.mkdir(parents=True, exist_ok=True)
        return path

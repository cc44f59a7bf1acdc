"""Which executor a server has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sfml.emulator.executors.base import Executor
from sfml.emulator.executors.process import ProcessExecutor
from sfml.emulator.images import Images
from sfml.emulator.settings import Settings

if TYPE_CHECKING:
    from sfml.emulator.executors.docker.images import Source


def build(
    settings: Settings, *, endpoint: Callable[[], tuple[str, int]], images: Images | None = None
) -> Executor:
    """The executor that the settings name; "auto" is processes, which need nothing but this machine."""
    if settings.executor == "docker":
        from sfml.emulator.executors.docker.executor import DockerExecutor

        return DockerExecutor(
            settings.state, endpoint=endpoint, locate=partial(_locate, images), fake_gpu=settings.fake_gpu
        )
    return ProcessExecutor(settings.state / "executor", provide=settings.paths)


def _locate(images: Images | None, path: str) -> Source:
    """Where the engine gets an image of the account; the server has seen to it that the owner may read it."""
    from sfml.emulator.executors.docker.images import Source

    found = images.engine_reference(path, role="ACCOUNTADMIN") if images else None
    if found is None:  # only the engine may have it
        return Source(reference=path.removeprefix("/"))
    return Source(reference=found.image, login={"username": found.username, "password": found.password})


def sweep(state: Path, *, volumes: bool) -> None:
    """Remove what servers on this state directory left in the container engine."""
    from sfml.emulator.executors.docker.engine import Engine

    engine = Engine(state)
    engine.sweep(kept=volumes)
    engine.close()


def require(settings: Settings) -> None:
    """ToolMissingError unless what the executor needs is here."""
    if settings.executor == "docker":
        from sfml.emulator.executors.docker.engine import Engine

        engine = Engine(settings.state)
        engine.require_local()
        engine.close()

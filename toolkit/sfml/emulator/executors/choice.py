"""Which executor a server has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sfml.emulator.executors.base import Executor
from sfml.emulator.executors.process import ProcessExecutor
from sfml.emulator.settings import Settings


def build(settings: Settings, *, endpoint: Callable[[], tuple[str, int]]) -> Executor:
    """The executor that the settings name; "auto" is processes, which need nothing but this machine."""
    if settings.executor == "docker":
        from sfml.emulator.executors.docker.executor import DockerExecutor

        return DockerExecutor(settings.state, endpoint=endpoint, fake_gpu=settings.fake_gpu)
    return ProcessExecutor(settings.state / "executor", provide=settings.paths)


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

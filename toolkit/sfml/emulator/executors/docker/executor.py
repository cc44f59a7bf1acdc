"""The container executor itself: its parts, the runs it has, and the end of them all."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from sfml.emulator.executors.base import Report, Run
from sfml.emulator.executors.docker import sandbox
from sfml.emulator.executors.docker.blocks import Blocks
from sfml.emulator.executors.docker.engine import PLACE, Engine, Trouble, said
from sfml.emulator.executors.docker.gate import Gate
from sfml.emulator.executors.docker.gpus import Gpus, count
from sfml.emulator.executors.docker.images import Images, Source
from sfml.emulator.executors.docker.pod import House, Pod
from sfml.emulator.executors.docker.runtime import Runtime

# `sfml local stop` waits ten seconds for the server, and then kills it.
_GRACE_AT_THE_END = 3.0
MARKER = "executor/docker"
"""There once a server on the state directory used the engine: `sfml local stop` and `reset` look for it."""


class DockerExecutor:
    """``state`` is the server's directory, and makes its mark; ``endpoint`` is where the server answers.

    ToolMissingError where no engine answers, or none that shares this machine's kernel. What a server before
    this one left in the engine is removed first.
    """

    runs_images = True

    def __init__(
        self,
        state: Path,
        *,
        endpoint: Callable[[], tuple[str, int]],
        locate: Callable[[str], Source] | None = None,
        fake_gpu: bool = False,
        user: str = "",
        first_pause: float = 1.0,
    ) -> None:
        engine = Engine(state)
        engine.require_local()
        (state / MARKER).parent.mkdir(parents=True, exist_ok=True)
        (state / MARKER).touch()
        engine.sweep()
        user = user or sandbox.owner(engine)
        self._engine = engine
        self._house = House(
            engine=engine,
            gate=Gate(state / "executor" / "gate", endpoint),
            images=Images(engine, locate or (lambda path: Source(reference=path.removeprefix("/")))),
            runtime=Runtime(state / "executor", user),
            user=user,
            blocks=Blocks(engine, f"sfml-{engine.id}"),
            gpus=Gpus(None if fake_gpu else count(engine.info)),
            first_pause=first_pause,
        )
        self._lock = threading.Lock()
        self._pods: list[Pod] = []

    def start(self, run: Run, report: Callable[[Report], None]) -> Pod:
        """The run's handle, at once; UnschedulableError for GPUs that are not there, all else is its end."""
        pod = Pod(run, report, self._house)
        with self._lock:
            self._pods = [pod for pod in self._pods if not pod.is_over()]
            self._pods.append(pod)
        pod.start()
        return pod

    def warm(self) -> None:
        """Have the network and the sandbox's image made."""
        self._engine.network(egress=False)
        self._engine.sandbox_image()

    def forget(self, kept: str) -> None:
        """Delete a block volume."""
        self._house.blocks.forget(kept)

    def holds(self, kept: str) -> bool:
        """Whether there is such a block volume."""
        return self._house.blocks.holds(kept)

    def copy(self, source: str, target: str) -> None:
        """Make a block volume of another one's files; OSError."""
        try:
            self._house.blocks.copy(source, target)
        except Trouble as error:
            raise OSError(said(error)) from None

    def clear(self, directory: Path) -> None:
        """Remove what a server before this one left of the run in this directory."""
        self._engine.sweep(f"{PLACE}={directory}")

    def close(self) -> None:
        """Kill all runs, wait for their reports, and leave nothing in the engine but block volumes."""
        with self._lock:
            pods = list(self._pods)
        for pod in pods:
            pod.kill(within=_GRACE_AT_THE_END)
        for pod in pods:
            pod.join()
        with contextlib.suppress(*Trouble):
            self._house.blocks.tidy()
        self._engine.try_sweep()
        self._house.gate.close()
        self._engine.close()

"""Block volumes in the engine: whether one is there, and one made of another's files."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from docker.errors import APIError, DockerException, NotFound
from docker.types import Mount as EngineMount

from sfml.emulator.executors import copying
from sfml.emulator.executors.base import Mount
from sfml.emulator.executors.docker import sandbox
from sfml.emulator.executors.docker.engine import KEPT, Engine
from sfml.emulator.executors.docker.plan import volume_name

_PROGRAM, _FROM, _TO = "/sfml/copying.py", "/sfml/from", "/sfml/to"
# What a copy has to do as root with files of any user.
_RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
# The last line of what the copy wrote is its reason; no need for more.
_TOLD = 5


class CopyError(DockerException):  # type: ignore[misc] # docker has no types
    """A volume could not be copied; its text is the reason."""


class Blocks:
    """``prefix`` begins the names of this server's volumes."""

    def __init__(self, engine: Engine, prefix: str) -> None:
        self._engine = engine
        self._prefix = prefix
        self._filling = threading.Lock()
        self._unwanted: set[str] = set()

    def holds(self, kept: str) -> bool:
        try:
            self._engine.api.inspect_volume(volume_name(self._prefix, kept))
        except NotFound:
            return False
        return True

    def forget(self, kept: str) -> None:
        """Remove it; one that a container on its way out still has goes with the next, or at the end."""
        self._unwanted.add(kept)
        self.tidy()

    def tidy(self) -> None:
        """Remove what was to be forgotten and is not in use any more."""
        for kept in tuple(self._unwanted):
            try:
                self._engine.remove_volume(volume_name(self._prefix, kept))
            except APIError as error:
                if error.status_code != HTTPStatus.CONFLICT:
                    raise
            else:
                self._unwanted.discard(kept)

    def fill(self, mounts: Iterable[Mount]) -> None:
        """Make those volumes that are not there yet and begin with another's files."""
        with self._filling:
            for mount in mounts:
                if mount.initial and not self.holds(mount.kept):
                    self.copy(mount.initial, mount.kept)

    def copy(self, source: str, target: str) -> None:
        """Make ``target``, which is not there, of the files of ``source``; else :class:`CopyError`."""
        if not self.holds(source):
            raise CopyError(f"there is no volume '{source}' to take the files from")
        name, labels = volume_name(self._prefix, target), self._engine.labels()
        self._engine.api.create_volume(name, labels={**labels, KEPT: target})
        made = ""
        try:
            # The label of the container says which volume is worth nothing if it does not come to its end.
            made = self._copier(volume_name(self._prefix, source), name, {**labels, KEPT: name})
            self._run(made)
        except BaseException:
            self._engine.try_remove(made)
            self._engine.remove_volume(name)
            raise
        self._engine.try_remove(made)

    def _copier(self, source: str, target: str, labels: dict[str, str]) -> str:
        program = [str(sandbox.interpreter()), "-I", "-S", _PROGRAM, _FROM, _TO]
        made = self._engine.api.create_container(
            self._engine.sandbox_image(),
            program,
            user="0:0",
            labels=labels,
            host_config=self._limits(source, target),
        )
        return str(made["Id"])

    def _limits(self, source: str, target: str) -> Any:
        return self._engine.api.create_host_config(
            mounts=[
                *sandbox.interpreter_mounts(),
                sandbox.read_only(str(Path(copying.__file__)), _PROGRAM),
                EngineMount(_FROM, source, type="volume", read_only=True, no_copy=True),
                EngineMount(_TO, target, type="volume", no_copy=True),
            ],
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=list(_RIGHTS),
            security_opt=["label=disable"],
        )

    def _run(self, made: str) -> None:
        self._engine.api.start(made)
        code = self._engine.api.wait(made, timeout=None)["StatusCode"]
        if code:
            told = self._engine.api.logs(made, tail=_TOLD).decode("utf-8", "replace").strip()
            raise CopyError(told.rpartition("\n")[2] or f"the copy ended with exit code {code}")

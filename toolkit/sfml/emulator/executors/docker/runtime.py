"""What stands for the runtime image of ML Jobs: this machine's own programs and the server's Python packages.

A job then has what it has with the process executor, in a container of its own: an empty image in which the
system's folders and the environment that the server runs in are mounted, read-only, where they are here.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from docker.types import Mount

from sfml.emulator.executors import environment
from sfml.emulator.executors.base import Container, Run
from sfml.emulator.executors.docker import egress, sandbox
from sfml.emulator.executors.docker.plan import Base
from sfml.emulator.executors.overlay import Layer, Overlays

# A shell's world; of /etc what programs read to know users, certificates, time zone and alternatives.
_SYSTEM = (
    "/bin", "/sbin", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki",
    "/etc/ca-certificates", "/etc/alternatives", "/etc/localtime", "/etc/pip.conf",
)  # fmt: skip
_TOOLKIT = Path(__file__).parents[4]
# The engine passes on two streams without their order; clients cut the log at lines of the launcher.
_ONE_STREAM = ("/bin/sh", "-c", 'exec "$@" 2>&1', "sh")
# Snowflake's own images, which nobody else's registry has.
_SNOWFLAKES = "/snowflake/images/"


def stands_for(image: str) -> bool:
    """Whether a container with this image runs on this machine's programs."""
    return not image or image.startswith(_SNOWFLAKES)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The environment of one run, and where it is."""

    layer: Layer
    home: Path
    env: Path


class Runtime:
    """``root`` keeps the environments that requirements were installed into."""

    def __init__(self, root: Path, user: str) -> None:
        self._root = root
        self._user = user
        self._overlays = Overlays(root / "environments")

    def prepare(self, run: Run) -> Place:
        """Make the run's own directories and its Python environment."""
        home, env = run.directory / "home", run.directory / "env"
        for directory in (home, run.directory / "tmp", self._root / "pip-cache"):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Place(layer=self._overlays.create(env, run.requirements), home=home, env=env)

    def base(self, run: Run, container: Container, place: Place, image: str) -> Base:
        """What a container without an image of its own stands on."""
        alone = replace(run, containers=(container,))
        variables = environment.variables(alone, place.home, place.env, place.layer, self._root / "pip-cache")
        # What the specification sets is laid over this again; secrets must not be taken for names of files.
        for name in container.environment:
            variables.pop(name, None)
        variables.pop("TMPDIR", None)
        fixed = [*_SYSTEM, *filter(self._may_be_seen, [*sys.path, sys.prefix, str(_TOOLKIT)])]
        readable = [
            *sandbox.interpreter_mounts(),
            *map(sandbox.read_only, egress.outermost(path for path in fixed if Path(path).exists())),
            *egress.files(environment.outward(os.environ)),
        ]
        return Base(
            image=image,
            environment=variables,
            mounts=(*_once(readable), *self._writable(run, place)),
            user=self._user,
            directory=str(place.home),
            wrapper=_ONE_STREAM,
        )

    def tidy(self, place: Place) -> None:
        """After the run: keep what was installed, remove the rest."""
        self._overlays.finish(place.layer)
        for directory in (place.env, place.home, place.home.with_name("tmp")):
            shutil.rmtree(directory, ignore_errors=True)

    def _may_be_seen(self, path: str) -> bool:
        """Nothing is mounted that holds the server's state: sys.path begins with the working directory."""
        return bool(path) and not self._root.is_relative_to(Path(path).resolve())

    def _writable(self, run: Run, place: Place) -> list[Mount]:
        own = (place.home, place.env, self._root / "environments", self._root / "pip-cache")
        below = [Mount(str(path), str(path), type="bind") for path in own if path.is_dir()]
        return [Mount("/tmp", str(run.directory / "tmp"), type="bind"), *below]  # noqa: S108


def _once(mounts: Sequence[Mount]) -> list[Mount]:
    """The mounts without those that another one brings already."""
    kept = egress.outermost(mount["Target"] for mount in mounts)
    return list({mount["Target"]: mount for mount in mounts if mount["Target"] in kept}.values())

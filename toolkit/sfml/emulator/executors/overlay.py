"""A run's Python environment: a thin virtual environment over the one that the server runs in.

Three layers, each seeing those below it: the run's own (a handful of files, thrown away with the run), a
shared one per set of requirements (what pip installed for the first job that asked), and the server's. So a
job without requirements pays for no installation, and nobody's environment changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import site
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LAYER_FILE = "_layers.pth"


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """Where a run's requirements go. ``installed`` holds a record of each file that pip has dealt with."""

    directory: Path
    installed: Path
    # The name under which later runs find this layer; None: it is the run's own, or it has its name already.
    publish_as: Path | None = None
    files: int = 0


class Overlays:
    """The virtual environments below one directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._base = _server_directories()

    def stamp(self) -> tuple[int, ...]:
        """Changes whenever a package is added to the server's environment or leaves it."""
        return tuple(Path(path).stat().st_mtime_ns for path in self._base)

    def create(self, directory: Path, requirements: Sequence[Path]) -> Layer:
        """A new environment in ``directory`` for a run with these requirements files; where those go."""
        texts = [path.read_text("utf-8", "replace") for path in requirements]
        layer = self._layer(directory, texts)
        below = [] if layer.directory == directory else [_packages(layer.directory)]
        make(directory, [*below, *self._base])
        return layer

    def finish(self, layer: Layer) -> None:
        """Give a layer its name when all of it was installed; remove it if it was not, or lost a race."""
        if layer.publish_as is None:
            return
        if len(list(layer.installed.glob("*.txt"))) >= layer.files:
            try:
                layer.publish_as.symlink_to(layer.directory.name)
            except FileExistsError:
                pass
            else:
                return
        shutil.rmtree(layer.directory, ignore_errors=True)

    def _layer(self, directory: Path, texts: list[str]) -> Layer:
        if not texts:
            return self._own(directory, [], [])
        # Loaded with the first requirements: the server starts without it.
        from sfml.emulator.executors.requirements import repeatable, satisfied

        answers = [satisfied(text) for text in texts]
        if None not in answers:
            return self._own(directory, texts, answers)
        if all(map(repeatable, texts)):
            return self._shared(texts)
        (directory / "installed").mkdir(parents=True)
        return Layer(directory=directory, installed=directory / "installed")

    def _own(self, directory: Path, texts: list[str], answers: list[str | None]) -> Layer:
        """Nothing to install: each file gets a record saying by what it is satisfied."""
        installed = directory / "installed"
        installed.mkdir(parents=True)
        for number, (text, answer) in enumerate(zip(texts, answers, strict=True)):
            (installed / f"{number}.txt").write_text(text)
            (installed / f"{number}.log").write_text(answer or "")
        return Layer(directory=directory, installed=installed)

    def _shared(self, texts: list[str]) -> Layer:
        """What an earlier run installed, or a new layer for this one to fill."""
        key = hashlib.sha256("\0".join([*texts, *self._base, sys.version]).encode()).hexdigest()[:24]
        name = self._root / key
        if name.is_dir():
            return Layer(directory=name.resolve(), installed=name.resolve() / "installed")
        fresh = self._root / f"{key}-{os.urandom(4).hex()}"
        (fresh / "installed").mkdir(parents=True)
        make(fresh, self._base)
        return Layer(directory=fresh, installed=fresh / "installed", publish_as=name, files=len(set(texts)))


def make(directory: Path, below: Sequence[str]) -> None:
    """A virtual environment that also sees the packages in the directories ``below``.

    The same files as ``venv`` writes, without the half second that it takes.
    """
    python = Path(getattr(sys, "_base_executable", sys.executable))
    (directory / "bin").mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3", _VERSION):
        (directory / "bin" / name).symlink_to(python)
    (directory / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n")
    packages = Path(_packages(directory))
    packages.mkdir(parents=True)
    # addsitedir, so that the .pth files in there count too (namespace packages, editable installs).
    lines = [f"import site; site.addsitedir({path!r})" for path in below]
    (packages / _LAYER_FILE).write_text("\n".join([*lines, *_pip_itself()]) + "\n")
    pip = directory / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec "{directory}/bin/python" -m pip "$@"\n')
    pip.chmod(0o755)


def _packages(directory: Path) -> str:
    return str(directory / "lib" / _VERSION / "site-packages")


def _server_directories() -> list[str]:
    """Where the server's own environment keeps packages, in its order of search."""
    known = {*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])}
    return [path for path in dict.fromkeys(sys.path) if path in known and Path(path).is_dir()]


def _pip_itself() -> list[str]:
    """Where the server's environment has no pip (uv makes such): the wheel that Python has for ensurepip."""
    if util.find_spec("pip") is not None:
        return []
    spec = util.find_spec("ensurepip")
    bundled = Path(spec.origin).parent / "_bundled" if spec and spec.origin else None
    return [str(wheel) for wheel in bundled.glob("pip-*.whl")][:1] if bundled else []

"""The executor that needs nothing but this machine: each run is a process tree of its own.

Where the kernel allows it, a run has its own mount, user and process namespaces, so that /mnt/job_stage and
/snowflake/session are what the clients expect and nothing survives it; elsewhere its paths are rewritten.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sfml.emulator.executors import copying, paths, supervision
from sfml.emulator.executors.base import Container, Ended, Mount, Report, Run, Started
from sfml.emulator.executors.environment import MARK, common, reads_early, variables
from sfml.emulator.executors.overlay import Layer, Overlays
from sfml.emulator.executors.supervision import Plan, Supervisor, Template

_SESSION = "/snowflake/session"
"""Where a container finds its token (Snowflake's "Snowpark Container Services: Working with services")."""


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A run's directories, and what has to be undone after it."""

    directory: Path
    home: Path
    env: Path
    layer: Layer
    link: Path | None = None
    # A service's next run may begin here as soon as the end of this one is reported.
    comes_again: bool = False
    # Without a namespace: each mount's target, and the path that stood for it.
    places: Mapping[str, str] = field(default_factory=dict)


class ProcessExecutor:
    """``provide`` says how fixed paths come to be: "namespace", "rewrite", or "auto": what works here."""

    runs_images = False

    def __init__(self, root: Path, *, provide: str = "auto") -> None:
        self._root = root
        self._provide = provide
        self._overlays = Overlays(root / "environments")
        self._probing = threading.Lock()
        self._able: bool | None = None
        self._running: dict[threading.Thread, Supervisor] = {}
        self._template = Template(root / "template", self._template_environment)
        self._closing = False

    def start(self, run: Run, report: Callable[[Report], None]) -> Supervisor:
        """The run's handle; OSError when its directories or its first process cannot be made."""
        run = self._with_volumes(run)
        place = self._prepare(run)
        run, place = self._fit(run, place)
        environment = variables(run, place.home, place.env, place.layer, self._root / "pip-cache")
        plan = _plan(run, place, environment, isolated=self.isolates())
        forked = self._template.fork(plan) if plan["warm"] else None
        supervisor = forked or supervision.start(plan, {MARK: str(run.directory)})
        thread = threading.Thread(target=self._watch, args=(supervisor, place, plan, report), daemon=True)
        self._running[thread] = supervisor
        thread.start()
        return supervisor

    def warm(self) -> None:
        """Find out what the kernel can do, and load what reads requirements."""
        self.isolates()
        importlib.import_module("sfml.emulator.executors.requirements")

    def isolates(self) -> bool:
        """Whether runs get namespaces of their own."""
        with self._probing:
            if self._able is None:
                self._able = self._provide == "namespace" or (self._provide == "auto" and self._probe())
        return self._able

    def forget(self, kept: str) -> None:
        """Delete a block volume: a folder."""
        shutil.rmtree(self._volume(kept), ignore_errors=True)

    def holds(self, kept: str) -> bool:
        """Whether there is such a block volume."""
        return self._volume(kept).is_dir()

    def copy(self, source: str, target: str) -> None:
        """Make a block volume of another one's files; OSError."""
        unfinished = self._volume(f"{target}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        try:
            copying.copy(str(self._volume(source)), str(unfinished))
            unfinished.replace(self._volume(target))
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def clear(self, directory: Path) -> None:
        """Kill what a run of a server before this one left; its supervisor has done so, usually."""
        while left := _marked(directory):
            for number in left:
                _kill(number)
            time.sleep(0.005)

    def close(self) -> None:
        """Kill all runs and wait until their ends are reported."""
        self._closing = True
        running = dict(self._running)
        for supervisor in running.values():
            supervisor.kill()
        for thread in running:
            thread.join()
        self._template.stop()

    def _with_volumes(self, run: Run) -> Run:
        """The run with a folder behind each of its block volumes."""
        mounts = []
        for mount in run.container.mounts:
            if mount.kept:
                if mount.initial and not self.holds(mount.kept):
                    self.copy(mount.initial, mount.kept)
                self._volume(mount.kept).mkdir(parents=True, exist_ok=True, mode=0o700)
                mount = replace(mount, source=self._volume(mount.kept))
            mounts.append(mount)
        return replace(run, containers=(replace(run.container, mounts=tuple(mounts)),))

    def _volume(self, kept: str) -> Path:
        return self._root / "volumes" / kept

    def _prepare(self, run: Run) -> _Place:
        home, env = run.directory / "home", run.directory / "env"
        for directory in (home, run.directory / "root", run.container.log.parent):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        layer = self._overlays.create(env, run.requirements)
        return _Place(directory=run.directory, home=home, env=env, layer=layer, comes_again=run.restart)

    def _fit(self, run: Run, place: _Place) -> tuple[Run, _Place]:
        """The run as it is where it has a namespace; else with its mounts' paths replaced."""
        if self.isolates():
            return run, place
        base = paths.plain(run.directory)
        places = paths.lay_out(run.container.mounts, base)
        rewritten = paths.rewriter(places)
        environment = {name: rewritten(value) for name, value in run.container.environment.items()}
        if _SESSION in places:
            environment = {"SNOWFLAKE_TOKEN_FILE": f"{places[_SESSION]}/token", **environment}
        command = tuple(map(rewritten, run.container.command))
        args = tuple(map(rewritten, run.container.args))
        link = base if base != run.directory else None
        container = replace(run.container, command=command, args=args, environment=environment)
        return replace(run, containers=(container,)), replace(place, link=link, places=places)

    def _watch(
        self, supervisor: Supervisor, place: _Place, plan: Plan, report: Callable[[Report], None]
    ) -> None:
        """Pass on what the supervisor reports; tidy up after the run."""
        last: Report | None = None
        for item in supervisor.reports():
            last = _read(item)
            if isinstance(last, Ended):
                paths.restore(place.places)
                if place.comes_again:
                    self._tidy(place)
            report(last)
        if not isinstance(last, Ended):
            self.clear(place.directory)
            self._tidy(place)
            report(Ended(at=datetime.now(UTC), code=None, reason="the run's supervisor was killed"))
        elif not place.comes_again:
            self._tidy(place)
        if plan["warm"] and not self._closing:
            self._template.load()
        self._running.pop(threading.current_thread(), None)

    def _template_environment(self, env: Path) -> dict[str, str]:
        home = env / "home"
        home.mkdir()
        return common(home, env, self._root / "pip-cache")

    def _tidy(self, place: _Place) -> None:
        self._overlays.finish(place.layer)
        if place.link:
            place.link.unlink(missing_ok=True)
        for name in ("env", "home", "root", "mounts", "warm"):
            shutil.rmtree(place.directory / name, ignore_errors=True)

    def _probe(self) -> bool:
        """Whether this kernel lets us make namespaces and mount in them: by doing it."""
        directory = self._root / f"probe-{os.urandom(4).hex()}"
        (directory / "root").mkdir(parents=True)
        mounts = (
            Mount(target="/mnt/sfml-probe", source=directory),
            Mount(target="/dev/shm", size=1 << 20),  # noqa: S108 - the target in the run's own root
        )
        run = Run(
            key="probe",
            directory=directory,
            containers=(Container(name="probe", log=directory / "log", command=("true",), mounts=mounts),),
        )
        layer = Layer(directory=directory, installed=directory)
        place = _Place(directory=directory, home=directory, env=directory, layer=layer)
        supervisor = supervision.start(_plan(run, place, {"PATH": os.environ["PATH"]}, isolated=True), {})
        reports = [_read(item) for item in supervisor.reports()]
        shutil.rmtree(directory, ignore_errors=True)
        return any(isinstance(report, Ended) and report.code == 0 for report in reports)


def _plan(run: Run, place: _Place, environment: dict[str, str], *, isolated: bool) -> Plan:
    """What supervisor/main.py reads. A launcher that is loaded already serves where nothing differs."""
    same = place.layer.directory == place.env and not reads_early(run.container.environment)
    forks_well = sys.platform == "linux"  # macOS's own libraries do not survive it
    mounts = [
        {"target": mount.target, "source": str(mount.source) if mount.source else None, "size": mount.size}
        for mount in run.container.mounts
    ]
    return {
        "command": [*run.container.command, *run.container.args],
        "environment": environment,
        "cwd": str(place.home),
        "log": str(run.container.log),
        "root": str(place.directory / "root") if isolated else "",
        "mounts": mounts,
        "directory": str(place.directory),
        "payload": str(run.payload) if run.payload else "",
        "warm": same and forks_well and run.payload is not None,
    }


def _read(report: dict[str, Any]) -> Report:
    at = datetime.fromtimestamp(report["at"], UTC)
    if report["event"] == "started":
        return Started(at=at)
    return Ended(at=at, code=report["code"], reason=report["reason"])


def _marked(directory: Path) -> list[int]:
    """Processes whose environment names this run (Linux only: elsewhere nobody can tell)."""
    mark = f"{MARK}={directory}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except OSError:  # ended meanwhile, or another user's
            continue
        if mark in variables:
            found.append(int(path.parent.name))
    return found


def _kill(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)

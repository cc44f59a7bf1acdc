"""A container to look at: started, asked, and always removed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex

from sfml import proc
from sfml.errors import CommandError, NotFinishedError
from sfml.images.engine import docker

LABEL = "sfml.check"
_COMMAND_WITHIN = 120.0
_LOOK_EVERY = 0.2


@dataclass(frozen=True, kw_only=True)
class Container:
    """A running container."""

    name: str

    def run(
        self,
        command: Sequence[str],
        *,
        stdin: str | None = None,
        user: str | None = None,
        accepted: Sequence[int] = (0,),
    ) -> proc.Completed:
        """What a command in the container prints; CommandError when it fails."""
        who = ["--user", user] if user else []
        return proc.run(
            ["docker", "exec", "--interactive", *who, self.name, *command],
            stdin=stdin or "",
            timeout=_COMMAND_WITHIN,
            accepted=accepted,
        )

    def state(self) -> str:
        """``running``, ``exited`` …"""
        return docker("inspect", "--format", "{{.State.Status}}", self.name).strip()

    def logs(self) -> str:
        """The last lines that its services wrote."""
        done = proc.run(["docker", "logs", "--tail", "20", self.name])
        return (done.stdout + done.stderr).strip()

    def stop(self) -> float:
        """The seconds that it took to stop when asked to."""
        began = time.monotonic()
        docker("stop", "--time", "20", self.name)
        return time.monotonic() - began


@contextmanager
def started(
    image: str, *options: str, env: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> Iterator[Container]:
    """A container of the image in the background, for as long as the block lasts."""
    name = f"sfml-check-{token_hex(4)}"
    given = [word for key, value in (env or {}).items() for word in ("--env", f"{key}={value}")]
    try:
        docker("run", "--detach", "--name", name, "--label", LABEL, *given, *options, image, *command)
        yield Container(name=name)
    finally:
        proc.run(["docker", "rm", "--force", "--volumes", name], accepted=(0, 1))


def wait_until_healthy(container: Container, probe: Sequence[str], *, timeout: float) -> float:
    """The seconds until the probe succeeds in it; NotFinishedError with its last lines when it does not."""
    began = time.monotonic()
    while True:
        try:
            container.run(probe)
            return time.monotonic() - began
        except CommandError as error:
            ended = container.state() != "running"
            if ended or time.monotonic() - began > timeout:
                what = "ended" if ended else f"was not healthy within {timeout:.0f} s"
                raise NotFinishedError(f"the container {what}", hint=container.logs() or str(error)) from None
        time.sleep(_LOOK_EVERY)


@contextmanager
def volume() -> Iterator[str]:
    """An empty volume, removed after the block."""
    name = f"sfml-check-{token_hex(4)}"
    docker("volume", "create", "--label", LABEL, name)
    try:
        yield name
    finally:
        proc.run(["docker", "volume", "rm", "--force", name], accepted=(0, 1))

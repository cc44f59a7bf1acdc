"""``python -m sfml.devbox --gate code-server:8080:/run/sfml/code.sock``: the doors, and the idle stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from sfml.devbox import look, stop
from sfml.devbox.gate import Gate
from sfml.devbox.program import OnDemand
from sfml.devbox.use import Idleness, Step
from sfml.errors import InputError, SfmlError

_LOOKS = 20
"""How often the box is looked at within its idle limit, and not more often than every half second, nor less
often than every minute."""


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM."""
    options = _parser().parse_args(argv)
    owner = None if options.any_user else options.owner
    if owner is None and not options.any_user:
        _say("--owner (or SFML_BOX_OWNER) says who may come in")
        return 2
    try:
        gates = {port: gate(owner) for port, gate in options.gate}
        asyncio.run(_run(gates, limit=minutes(options.idle_minutes) * 60, bridge=options.bridge_port))
    except InputError as error:
        _say(str(error))
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sfml.devbox", description=__doc__)
    parser.add_argument(
        "--gate", type=_gate, action="append", default=[], metavar="NAME:PORT:SOCKET[:COMMAND]"
    )
    parser.add_argument("--bridge-port", type=int, default=8022)
    parser.add_argument("--owner", default=os.environ.get("SFML_BOX_OWNER"))
    parser.add_argument("--any-user", action="store_true")
    parser.add_argument("--idle-minutes", default=os.environ.get("SFML_BOX_IDLE_MINUTES", "0"))
    return parser


def _gate(text: str) -> tuple[int, Callable[[str | None], Gate]]:
    """The port, and the gate for an owner; the command is started for who comes first."""
    name, port, path, *command = text.split(":", 3)
    socket = Path(path)

    def gate(owner: str | None) -> Gate:
        program = OnDemand(command=Path(*command), socket=socket) if command else None
        return Gate(name=name, owner=owner, socket=socket, program=program)

    return int(port), gate


def minutes(text: str) -> float:
    """The idle limit; 0 for none."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise InputError(f"SFML_BOX_IDLE_MINUTES is {text!r}, which is no number of minutes")
    return found


async def _run(gates: Mapping[int, Gate], *, limit: float, bridge: int) -> None:
    # The ingress comes from outside the container, so every address of the container is served.
    servers = [await gate.serve("0.0.0.0", port) for port, gate in gates.items()]  # noqa: S104 - see above
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    doors: dict[str, Callable[[], int]] = {
        "ssh": lambda: look.bridge_bytes(bridge),
        **{gate.name: lambda gate=gate: gate.passed for gate in gates.values()},  # type: ignore[misc]
    }
    watching = asyncio.create_task(_watch(doors, limit)) if limit else None
    await ended.wait()
    if watching:
        watching.cancel()
    for server in servers:
        server.close()
    for gate in gates.values():
        if gate.program:
            await gate.program.end()


async def _watch(doors: Mapping[str, Callable[[], int]], limit: float) -> None:
    idle = Idleness(limit, await asyncio.to_thread(look.sample, doors))
    pause = min(max(limit / _LOOKS, 0.5), 60.0)
    while True:
        await asyncio.sleep(pause)
        step = idle.look(await asyncio.to_thread(look.sample, doors))
        if step is Step.WARN:
            told = look.tell(
                f"[sfml] this box has not been used: it stops in {idle.left:.0f} s. Press a key to keep it."
            )
            _say(f"not used; it stops in {idle.left:.0f} s ({told} terminals were told)")
        elif step is Step.STOP:
            await asyncio.to_thread(_stop)
            await asyncio.sleep(60.0)  # it is being stopped; or that failed, and is tried again


def _stop() -> None:
    _say("not used for its idle time: the box stops itself")
    said = stop.run_hook(Path.home())
    if said:
        _say(said)
    try:
        stop.suspend(os.environ)
    except SfmlError as error:
        _say(f"it could not be stopped, which is tried again: {error} {error.hint or ''}")


def _say(text: str) -> None:
    print(f"box: {text}", file=sys.stderr, flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    raise SystemExit(main())

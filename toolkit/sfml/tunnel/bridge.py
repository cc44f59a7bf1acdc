"""The box's end of the tunnel: WebSockets on one port, sshd on the other side, and nothing else.

``python -m tunnel.bridge --port 8022 --owner ANA`` listens where the service's endpoint points to. A request
that is no WebSocket for /ssh from the box's owner never reaches sshd.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from .door import Door
from .sessions import GRACE, LIMIT, Session, Sessions
from .stream import Stream
from .target import Target

HEARTBEAT = 20.0  # the ingress cuts a connection after 90 s without activity
SILENCE = 65.0  # three heartbeats of the other side's did not come
RETRY_TIME = 1.0
MAX_CONNECTIONS = 1000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one bridge behaves; ``owner`` None lets everybody in, for trials without an ingress."""

    owner: str | None
    target: tuple[str, int] = ("127.0.0.1", 22)
    grace: float = GRACE
    limit: int = LIMIT
    host_key: str | None = None
    heartbeat: float = HEARTBEAT
    silence: float = SILENCE


class Bridge:
    """All connections and sessions of one process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sessions: Sessions[Target] = Sessions(clock=self.now, grace=settings.grace, limit=settings.limit)
        self.doors: set[Door] = set()
        self._bytes = 0
        self._active_at = self.now()

    @staticmethod
    def now() -> float:
        """Seconds that run on while the machine sleeps or not; only differences mean something."""
        return time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether no other session can be served."""
        attached = [door for door in self.doors if door.target]
        return len(attached) >= self.settings.limit

    def count(self, size: int) -> None:
        """Note that ``size`` bytes of SSH went by, in either direction."""
        self._bytes += size
        self._active_at = self.now()

    def activity(self) -> dict[str, float]:
        """How much goes by, and since when nothing has."""
        return {
            "bytes": self._bytes,
            "idle_seconds": round(self.now() - self._active_at, 1),
            "connections": sum(1 for door in self.doors if door.target),
            "sessions": len(self.sessions),
        }

    def begin(self, user: str, target: Target) -> Session[Target]:
        """A new session; where there are too many, the one that was left the longest ago goes."""
        longest_left = self.sessions.to_give_up()
        if longest_left:
            self.end(longest_left.body)
        return self.sessions.begin(user, target)

    def leave(self, target: Target) -> None:
        """A target has lost its connection: a session waits for the next one, a plain stream ends."""
        target.door = None
        stream = target.stream
        if target.session is None or not isinstance(stream, Stream) or (target.gone and stream.finished):
            self.end(target)
            return
        stream.detach()
        self.sessions.detach(target.session)

    def end(self, target: Target) -> None:
        """A session is over: close both of its sides."""
        if target.session:
            self.sessions.drop(target.session)
        door, target.door = target.door, None
        if door:
            door.target = None
            door.finish()
        target.close()

    def tick(self) -> None:
        """Called about every second."""
        for door in list(self.doors):
            door.beat()
        for session in self.sessions.expired():
            self.end(session.body)

    def _accept(self, listener: socket.socket) -> None:
        """Open a door for each connection that waits."""
        while True:
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # no descriptors left, or a client that is gone already
                loop = asyncio.get_running_loop()
                loop.remove_reader(listener)
                loop.call_later(RETRY_TIME, self._listen, listener)
                return
            if len(self.doors) < MAX_CONNECTIONS:
                self.doors.add(Door(self, connection, str(address[0])))
            else:
                connection.close()

    def _listen(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    async def serve(self, host: str, port: int, *, ready: Callable[[int], None] = lambda _: None) -> None:
        """Serve until cancelled; ``ready`` gets the port."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=1024)
        listener.settimeout(0)
        try:
            self._listen(listener)
            ready(listener.getsockname()[1])
            while True:
                await asyncio.sleep(min(1.0, self.settings.heartbeat / 4))
                self.tick()
        finally:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
            for door in list(self.doors):
                door.finish(1001)
            for session in self.sessions:
                self.end(session.body)


def main(argv: list[str] | None = None) -> int:
    """Run a bridge until SIGTERM or SIGINT."""
    options = _parser().parse_args(argv)
    if not options.owner and not options.any_user:
        print("tunnel.bridge: --owner (or SFML_BOX_OWNER) says who may come in", file=sys.stderr)  # noqa: T201
        return 2
    settings = Settings(
        owner=None if options.any_user else options.owner,
        target=("127.0.0.1", options.ssh_port),
        grace=options.grace,
        limit=options.limit,
        host_key=options.host_key,
        heartbeat=options.heartbeat,
        silence=options.silence,
    )
    asyncio.run(_run(Bridge(settings), options.host, options.port))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tunnel.bridge", description="sshd behind a WebSocket")
    # The ingress comes from outside the container, so every address of the container is served.
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - see above
    parser.add_argument("--port", type=int, default=8022)
    parser.add_argument("--ssh-port", type=int, default=22)
    parser.add_argument("--owner", default=os.environ.get("SFML_BOX_OWNER"), help="the only user to let in")
    parser.add_argument(
        "--any-user", action="store_true", help="let everybody in: for trials without an ingress"
    )
    parser.add_argument("--host-key", metavar="FILE", help="sshd's public key, for GET /host-key")
    parser.add_argument("--grace", type=float, default=GRACE, help="seconds that a lost session is kept")
    parser.add_argument("--limit", type=int, default=LIMIT, help="sessions at a time")
    parser.add_argument("--heartbeat", type=float, default=HEARTBEAT, help="seconds between signs of life")
    parser.add_argument(
        "--silence", type=float, default=SILENCE, help="seconds without one that end a connection"
    )
    return parser


async def _run(bridge: Bridge, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(bridge.serve(host, port, ready=_announce))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        return


def _announce(port: int) -> None:
    print(f"listening on port {port}", flush=True)  # noqa: T201 - a start script reads it


if __name__ == "__main__":
    raise SystemExit(main())

"""The box's end of the tunnel: WebSockets on one port, sshd on the other side, and nothing else.

``python -m tunnel.bridge --port 8022 --owner ANA`` listens where the service's endpoint points to. A request
that is no WebSocket for /ssh from the box's owner never reaches sshd.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from . import frames, messages, upgrade
from .frames import FrameError, FrameReader, Opcode
from .messages import Closed, ProtocolError
from .sessions import GRACE, LIMIT, Session, Sessions
from .stream import Data, PlainStream, Stream
from .upgrade import PATH

USER_HEADER = "sf-context-current-user"
"""Set by the ingress on every request; it drops a client's own (Snowflake: "Working with services")."""

HEARTBEAT = 20.0  # the ingress cuts a connection after 90 s without activity
SILENCE = 65.0  # three heartbeats of the other side's did not come
GREETING_TIME = 10.0
FLUSH_TIME = 10.0
READ_SIZE = 1 << 16
HIGH_WATER = 1 << 20
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


class Target(asyncio.Protocol):
    """A session's connection to sshd."""

    transport: asyncio.Transport

    def __init__(self, bridge: Bridge, stream: Stream | PlainStream) -> None:
        self._bridge = bridge
        self.stream = stream
        self.door: Door | None = None
        self.session: Session[Target] | None = None
        self.gone = False
        self._full = False
        self._waiting: deque[memoryview | None] = deque()  # None: the end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # Larger blocks come from fresh pages each time, which costs more than it saves.
        self.transport.max_size = READ_SIZE  # type: ignore[attr-defined]  # asyncio's, undocumented

    def data_received(self, data: bytes) -> None:
        self._bridge.count(len(data))
        self.stream.take(data)
        self.flush()

    def eof_received(self) -> bool:
        self._finish()
        return True  # keep the other direction open

    def connection_lost(self, _exc: Exception | None) -> None:
        self.gone = True
        self._waiting.clear()
        self._finish()

    def _finish(self) -> None:
        if isinstance(self.stream, Stream):
            self.stream.end()
            self.flush()
        elif self.door:
            self.door.send_rest()
            self.door.finish()

    def flush(self) -> None:
        """Send what can be sent, and read on only while there is room."""
        if self.door:
            self.door.send_messages()
        if self.gone:
            return
        if self.stream.room > 0 and not (self.door and self.door.is_full()):
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        self._full = True
        if self.door and not self.stream.resumable:  # nothing else bounds what waits here
            self.door.transport.pause_reading()

    def resume_writing(self) -> None:
        self._full = False
        while self._waiting and not self._full:
            self._pass(self._waiting.popleft())
        if self.door:
            self.door.transport.resume_reading()
        self.flush()

    def give(self, payload: memoryview | None) -> None:
        """Bytes for sshd, or None for their end."""
        self._bridge.count(len(payload or b""))
        if self._full:
            self._waiting.append(payload)
        else:
            self._pass(payload)

    def _pass(self, payload: memoryview | None) -> None:
        self.stream.passed_on(1 if payload is None else len(payload))
        if self.gone:
            return
        if payload is None:
            self.transport.write_eof()
        else:
            self.transport.write(payload)


class Door(asyncio.Protocol):
    """One connection from the ingress: a request's head first, then, if it may, a WebSocket."""

    transport: asyncio.Transport

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._head = b""
        self._reader: FrameReader | None = None
        self._user = ""
        self._is_resumable = False
        self._opening: asyncio.Task[None] | None = None
        self.target: Target | None = None
        self._full = False
        self._opened = self.heard = self.said = bridge.now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        # Larger blocks come from fresh pages each time, which costs more than it saves.
        self.transport.max_size = READ_SIZE  # type: ignore[attr-defined]  # asyncio's, undocumented
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        self._bridge.doors.add(self)
        if len(self._bridge.doors) > MAX_CONNECTIONS:
            self.transport.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._bridge.doors.discard(self)
        if self._opening:
            self._opening.cancel()
        if self.target:
            self._bridge.leave(self.target)
            self.target = None

    def data_received(self, data: bytes) -> None:
        self.heard = self._bridge.now()
        try:
            if self._reader is None:
                self._request(data)
            else:
                self._frames(data)
        except (FrameError, ProtocolError) as error:
            self.refuse(Closed(messages.PROTOCOL, str(error)))
        except upgrade.HeadError as error:
            self._answer(400, str(error))

    # --- the request

    def _request(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._head += data
        head = upgrade.split_head(self._head)
        if head is None:
            return
        problem = check(head, self._bridge.settings.owner)
        if problem is not None:
            self._answer(*problem)
        elif head.first[1] == "/healthz":
            self._answer(200, "ok")
        elif head.first[1] == "/host-key":
            self._answer(*self._host_key())
        elif head.first[1] == "/activity":
            self._answer(*self._activity())
        else:
            self._open(head)

    def _answer(self, status: int, text: str) -> None:
        extra = [("Upgrade", "websocket")] if status == 426 else []
        self.transport.write(upgrade.answer(status, text + "\n", headers=extra))
        self.transport.close()

    def _host_key(self) -> tuple[int, str]:
        """sshd's public key: this way it comes through a door that is authenticated."""
        path = self._bridge.settings.host_key
        if path is None or not os.path.isfile(path):  # noqa: PTH113 - starts with a box, like the rest
            return 404, "no host key was named to the bridge"
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            return 200, file.read().strip()

    def _activity(self) -> tuple[int, str]:
        """For the program in this container that stops an unused box; nobody else is told."""
        address = str(self.transport.get_extra_info("peername")[0])
        if address not in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            return 404, "there is nothing here"
        return 200, json.dumps(self._bridge.activity())

    def _open(self, head: upgrade.Head) -> None:
        self._is_resumable = upgrade.SUBPROTOCOL in head.words("sec-websocket-protocol")
        chosen = upgrade.SUBPROTOCOL if self._is_resumable else None
        self._user = "".join(head.all(USER_HEADER))
        self.transport.write(upgrade.accepted(head.all("sec-websocket-key")[0], chosen))
        self._reader, self._head = FrameReader(masked=True), b""
        if not self._is_resumable:
            self._begin(PlainStream())
        if head.rest:
            self._frames(head.rest)

    # --- the WebSocket

    def _frames(self, data: bytes) -> None:
        assert self._reader is not None
        for opcode, payload in self._reader.feed(data):
            if opcode is Opcode.PING:
                self._write(frames.encode(Opcode.PONG, payload, masked=False))
            elif opcode is Opcode.CLOSE:
                self.finish()
            elif opcode in (Opcode.BINARY, Opcode.TEXT):
                self._message(payload)
        if self.target:
            self.target.flush()

    def _message(self, message: bytes) -> None:
        if self.target:
            event = self.target.stream.receive(message)
            if isinstance(event, Closed):
                self._bridge.end(self.target)
            elif event is not None:
                self.target.give(event.payload if isinstance(event, Data) else None)
        elif self._opening:
            self._early.append(message)
        elif self._is_resumable and not self.transport.is_closing():
            self._greet(messages.read_greeting(message, messages.HELLO))

    def _greet(self, hello: messages.Greeting | Closed) -> None:
        if isinstance(hello, Closed):
            self.finish()
        elif hello.id == messages.NEW:
            self._begin(Stream())
        else:
            found = self._bridge.sessions.resume(hello.id, self._user)
            if isinstance(found, Closed):
                self.refuse(found)
            else:
                self._enter(found.body, hello.received)

    def _begin(self, stream: Stream | PlainStream) -> None:
        if self._bridge.is_full:
            self.refuse(Closed(messages.FULL, f"the box has {self._bridge.settings.limit} sessions already"))
            return
        self._early: list[bytes] = []
        self.transport.pause_reading()
        self._opening = asyncio.create_task(self._dial(stream))

    async def _dial(self, stream: Stream | PlainStream) -> None:
        loop = asyncio.get_running_loop()
        host, port = self._bridge.settings.target
        try:
            _, target = await asyncio.wait_for(
                loop.create_connection(lambda: Target(self._bridge, stream), host, port), GREETING_TIME
            )
        except (OSError, asyncio.TimeoutError) as error:  # noqa: UP041 - two classes in Python 3.10
            self.refuse(Closed(messages.TARGET, f"no sshd on {host}:{port}: {str(error) or 'no answer'}"))
            return
        finally:
            self._opening = None
        if isinstance(stream, Stream):
            target.session = self._bridge.begin(self._user, target)
        self._enter(target, 0)
        self.transport.resume_reading()
        self._take_early()

    def _take_early(self) -> None:
        """What came while sshd was being dialled."""
        early, self._early = self._early, []
        try:
            for message in early:
                self._message(message)
        except ProtocolError as error:
            self.refuse(Closed(messages.PROTOCOL, str(error)))
        if self.target:
            self.target.flush()

    def _enter(self, target: Target, received: int) -> None:
        """Be the session's connection; one that it still has is closed."""
        if target.door:
            target.door.target = None
            target.door.finish()
        self.target, target.door = target, self
        if isinstance(target.stream, Stream):
            assert target.session is not None
            target.stream.attach(received)
            self._send(messages.greeting(messages.WELCOME, target.session.id, target.stream.received))
        target.flush()

    # --- sending

    def _write(self, data: bytes) -> None:
        self.said = self._bridge.now()
        self.transport.write(data)

    def _send(self, *parts: bytes) -> None:
        self._write(frames.encode(Opcode.BINARY, *parts, masked=False))

    def send_messages(self) -> None:
        """Everything that the stream has to say, until the connection is full."""
        if self.is_full() or self.target is None or self.transport.is_closing():
            return
        for message in self.target.stream.outgoing():
            self._send(*message)
            if self.is_full():
                return

    def send_rest(self) -> None:
        """The last messages of a stream that ends with its connection, full or not."""
        if self.target and not self.transport.is_closing():
            for message in self.target.stream.outgoing():
                self._send(*message)

    def is_full(self) -> bool:
        """Whether the connection takes no more for now."""
        return self._full

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self.target:
            self.target.flush()

    def beat(self) -> None:
        """Called about every second: give a sign of life, and do not wait for one without end."""
        now, settings = self._bridge.now(), self._bridge.settings
        if self._reader is None or self.target is None:
            if now - self._opened > GREETING_TIME and self._opening is None:
                self.transport.abort()
        elif now - self.heard > settings.silence:
            self.transport.abort()
        elif now - self.said >= settings.heartbeat:
            if isinstance(self.target.stream, Stream):
                self._send(self.target.stream.acknowledgement())
            self._write(frames.encode(Opcode.PING, b"", masked=False))

    def refuse(self, closed: Closed) -> None:
        """Say why this cannot go on, and close."""
        if self.transport.is_closing() or self._reader is None:
            self.transport.abort()
            return
        if self._is_resumable:
            self._send(messages.closed(closed.code, closed.text))
        self.finish(1008 if closed.code == messages.PROTOCOL else 1011)

    def finish(self, code: int = 1000) -> None:
        """Close the WebSocket, and with it this connection."""
        if not self.transport.is_closing():
            self._write(frames.close_frame(code, masked=False))
            self.transport.close()


def check(head: upgrade.Head, owner: str | None) -> tuple[int, str] | None:
    """The refusal that a request gets, if any; every path but /ssh only answers."""
    method, target, version = head.first
    users = head.all(USER_HEADER)
    path = target.partition("?")[0]
    if (
        version != "HTTP/1.1"
        or head.all("transfer-encoding")
        or "".join(head.all("content-length")) not in ("", "0")
    ):
        return 400, "one HTTP/1.1 request without a body, please"
    if target in ("/healthz", "/activity") and not users:  # from within: the ingress names a user
        return None if method == "GET" else (405, "only GET")
    if owner is not None and (len(users) != 1 or not hmac.compare_digest(users[0].encode(), owner.encode())):
        return 403, "this box belongs to another user"
    if path != PATH and target not in ("/host-key", "/healthz"):
        return 404, "there is nothing here"
    if method != "GET":
        return 405, "only GET"
    if path != PATH:
        return None
    return _check_upgrade(head)


def _check_upgrade(head: upgrade.Head) -> tuple[int, str] | None:
    connection = [word.lower() for word in head.words("connection")]
    keys = head.all("sec-websocket-key")
    if [word.lower() for word in head.words("upgrade")] != ["websocket"] or "upgrade" not in connection:
        return 426, "this path is a WebSocket"
    if head.all("sec-websocket-version") != ["13"] or len(keys) != 1 or not upgrade.is_key(keys[0]):
        return 400, "not a WebSocket of version 13"
    if head.all("origin"):
        # A page elsewhere could use the browser's cookie for the ingress; a browser has no business here.
        return 403, "no browsers"
    return None


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
        if not target.gone:
            target.transport.close()  # after what waits; a sshd that reads no more is not waited for
            asyncio.get_running_loop().call_later(FLUSH_TIME, target.transport.abort)

    def tick(self) -> None:
        """Called about every second."""
        for door in list(self.doors):
            door.beat()
        for session in self.sessions.expired():
            self.end(session.body)

    async def serve(self, host: str, port: int, *, ready: Callable[[int], None] = lambda _: None) -> None:
        """Serve until cancelled; ``ready`` gets the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Door(self), host, port, backlog=1024)
        try:
            ready(server.sockets[0].getsockname()[1])
            while True:
                await asyncio.sleep(min(1.0, self.settings.heartbeat / 4))
                self.tick()
        finally:
            server.close()
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

"""A connection from the ingress to the bridge."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import frames, messages, upgrade
from .admission import USER_HEADER, check
from .channel import Channel
from .flow import FULL, Bytes, Outlet, gather
from .frames import FrameError, FrameReader, Opcode
from .life import Signs
from .messages import Closed, ProtocolError
from .stream import Data, PlainStream, Stream
from .target import Target

if TYPE_CHECKING:
    from .bridge import Bridge

GREETING_TIME = 10.0
FLUSH_TIME = 10.0
HEAD_SIZE = 4096


class Door:
    """One connection from the ingress: a request's head first, then, if it may, a WebSocket."""

    def __init__(self, bridge: Bridge, connection: socket.socket, address: str) -> None:
        self._bridge = bridge
        self._address = address
        self._channel = Channel(connection, on_readable=self._read, on_writable=self._go_on)
        self._outlet = Outlet(self._channel.send)
        self._head = b""
        self._reader: FrameReader | None = None
        self._user = ""
        self._is_resumable = False
        self._opening: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        self.target: Target | None = None
        self._finishing = False
        self._opened = bridge.now()
        self._signs = Signs(
            self._opened, heartbeat=bridge.settings.heartbeat, silence=bridge.settings.silence
        )
        self._channel.read_if(self)

    def close(self) -> None:
        """The connection is over, now."""
        if self._channel.is_closed:
            return
        self._finishing = True
        self._channel.close()
        self._outlet.clear()
        self._bridge.doors.discard(self)
        if self._opening:
            self._opening.cancel()
        target, self.target = self.target, None
        if target:
            self._bridge.leave(target)

    def read_on(self) -> None:
        """Read, unless something is in the way of it."""
        is_blocked = self.target and not self._is_resumable and self.target.is_full
        self._channel.read_if(not self._finishing and not self._opening and not is_blocked)

    def _read(self) -> None:
        space = self._reader.space() if self._reader else memoryview(bytearray(HEAD_SIZE))
        try:
            count = self._channel.receive_into(space)
        except OSError:
            count = 0
        if count == 0:
            self.close()
        elif count is not None:
            self._signs.heard(self._bridge.now())
            self._take(space[:count])

    def _take(self, data: memoryview) -> None:
        try:
            if self._reader is None:
                self._request(bytes(data))
            else:
                self._frames(self._reader.received(len(data)))
        except (FrameError, ProtocolError) as error:
            self.refuse(Closed(messages.PROTOCOL, str(error)))
        except upgrade.HeadError as error:
            self._answer(400, str(error))

    # --- the request

    def _request(self, data: bytes) -> None:
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
        self._write(upgrade.answer(status, text + "\n", headers=extra))
        self._drain()

    def _host_key(self) -> tuple[int, str]:
        """sshd's public key: this way it comes through a door that is authenticated."""
        path = self._bridge.settings.host_key
        if path is None or not os.path.isfile(path):  # noqa: PTH113 - starts with a box, like the rest
            return 404, "no host key was named to the bridge"
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            return 200, file.read().strip()

    def _activity(self) -> tuple[int, str]:
        """For the program in this container that stops an unused box; nobody else is told."""
        if self._address not in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            return 404, "there is nothing here"
        return 200, json.dumps(self._bridge.activity())

    def _open(self, head: upgrade.Head) -> None:
        self._is_resumable = upgrade.SUBPROTOCOL in head.words("sec-websocket-protocol")
        chosen = upgrade.SUBPROTOCOL if self._is_resumable else None
        self._user = "".join(head.all(USER_HEADER))
        self._write(upgrade.accepted(head.all("sec-websocket-key")[0], chosen))
        self._reader, self._head = FrameReader(masked=True), b""
        if not self._is_resumable:
            self._begin(PlainStream())
        if head.rest:
            self._frames(self._reader.feed(head.rest))
        self.read_on()

    # --- the WebSocket

    def _frames(self, received: Iterable[tuple[Opcode, Bytes]]) -> None:
        try:
            for opcode, payload in received:
                if opcode is Opcode.PING:
                    self._write(frames.encode(Opcode.PONG, bytes(payload), masked=False))
                elif opcode is Opcode.CLOSE:
                    self.finish()
                elif opcode in (Opcode.BINARY, Opcode.TEXT):
                    self._message(payload)
        finally:
            self._settle()

    def _settle(self) -> None:
        """After messages: pass on what they brought, answer, and read on."""
        if self.target:
            self.target.pass_on()
            self.target.flush()
        self.read_on()

    def _message(self, message: Bytes) -> None:
        if self.target:
            event = self.target.stream.receive(message)
            if isinstance(event, Closed):
                self._bridge.end(self.target)
            elif isinstance(event, Data):
                self.target.give(event.payload)
            elif event is not None:
                self.target.give_end()
        elif self._opening:
            self._early.append(bytes(message))
        elif self._is_resumable and not self._finishing:
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
        self._opening = asyncio.create_task(self._dial(stream))

    async def _dial(self, stream: Stream | PlainStream) -> None:
        host, port = self._bridge.settings.target
        connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        connection.settimeout(0)
        try:
            dialled = asyncio.get_running_loop().sock_connect(connection, (host, port))
            await asyncio.wait_for(dialled, GREETING_TIME)
        except asyncio.CancelledError:
            connection.close()
            raise
        except (OSError, asyncio.TimeoutError) as error:  # noqa: UP041 - two classes in Python 3.10
            connection.close()
            self._opening = None
            self.refuse(Closed(messages.TARGET, f"no sshd on {host}:{port}: {str(error) or 'no answer'}"))
            return
        self._opening = None
        target = Target(self._bridge, stream, connection)
        if isinstance(stream, Stream):
            target.session = self._bridge.begin(self._user, target)
        self._enter(target, 0)
        self._take_early()

    def _take_early(self) -> None:
        """What came while sshd was being dialled."""
        early, self._early = self._early, []
        try:
            for message in early:
                self._message(message)
        except ProtocolError as error:
            self.refuse(Closed(messages.PROTOCOL, str(error)))
        self._settle()

    def _enter(self, target: Target, received: int) -> None:
        """Be the session's connection; one that it still has is closed."""
        if target.door:
            target.door.target = None
            target.door.close()
        self.target, target.door = target, self
        if isinstance(target.stream, Stream):
            assert target.session is not None
            target.stream.attach(received)
            self._send(messages.greeting(messages.WELCOME, target.session.id, target.stream.received))
        target.flush()

    # --- sending

    def _write(self, data: bytes) -> None:
        self._signs.said(self._bridge.now())
        self._outlet.add(data)
        self._flush()

    def _send(self, message: bytes) -> None:
        self._write(frames.encode(Opcode.BINARY, message, masked=False))

    def _flush(self) -> None:
        """Let go what can."""
        try:
            if self._outlet.flush():
                self._signs.said(self._bridge.now())
        except OSError:
            self.close()
            return
        self._channel.write_if(self._outlet.size)
        if self._finishing and not self._outlet.size:
            self.close()

    def _go_on(self) -> None:
        """There is room for what waits, and then for more."""
        self._flush()
        if self.target:
            self.target.flush()

    def send_messages(self) -> None:
        """Everything that the stream has to say, until the connection is full."""
        while self.target and not self._finishing and self._outlet.size < FULL:
            if not gather(self.target.stream, self._outlet, masked=False):
                return
            self._flush()

    def beat(self) -> None:
        """Called about every second: give a sign of life, and do not wait for one without end."""
        now = self._bridge.now()
        if self._reader is None or self.target is None:
            if now - self._opened > GREETING_TIME and self._opening is None:
                self.close()
        elif now > self._signs.lost_at:
            self.close()
        elif now >= self._signs.due_at:
            if isinstance(self.target.stream, Stream):
                self._send(self.target.stream.acknowledgement())
            self._write(frames.encode(Opcode.PING, masked=False))
            self._signs.asked(now)

    def refuse(self, closed: Closed) -> None:
        """Say why this cannot go on, and close."""
        if self._finishing or self._reader is None:
            self.close()
            return
        if self._is_resumable:
            self._send(messages.closed(closed.code, closed.text))
        self.finish(1008 if closed.code == messages.PROTOCOL else 1011)

    def finish(self, code: int = 1000) -> None:
        """Close the WebSocket, and with it this connection, after what is to be sent."""
        if not self._finishing:
            if self._reader is not None:
                self._write(frames.close_frame(code, masked=False))
            self._drain()

    def _drain(self) -> None:
        """Close once what waits is gone; not everybody fetches it."""
        if self._channel.is_closed:
            return
        self._finishing = True
        self._channel.read_if(None)
        if self._outlet.size:
            asyncio.get_running_loop().call_later(FLUSH_TIME, self.close)
        else:
            self.close()

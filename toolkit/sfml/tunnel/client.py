"""The user's end of the tunnel: what ssh runs as its ProxyCommand, between two descriptors and a WebSocket.

Without asyncio and without threads, since it starts with every ssh, scp and editor connection.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from . import frames, messages
from .dial import READ_SIZE, AnsweredError, Headers, Place, UnreachableError, Wire, dial, proxy_for
from .frames import FrameError, FrameReader, Opcode
from .messages import Closed, ProtocolError
from .stream import Data, End, PlainStream, Stream

_BACK_OFF = (0.0, 0.2, 0.5, 1.0, 2.0, 3.0)
_FULL = 1 << 20
_PIPE_SIZE = 1 << 18
_NO_LOGIN = (302, 401)
_ASIDE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class TunnelError(Exception):
    """The tunnel cannot be opened, or is over before its time; the text says why."""


class _LostError(Exception):
    """This connection is over; the stream may go on with the next."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long what is waited for, in seconds.

    ``network``: for a way to the endpoint to come back. ``refused``: for an endpoint that answers with an
    error to take the stream again (a restarted ingress does, a box that is gone does not).
    """

    network: float = 600.0
    refused: float = 20.0
    first_byte: float = 30.0
    heartbeat: float = 20.0
    silence: float = 65.0
    ending: float = 10.0


class Client:
    """One ssh connection's stream, over as many WebSockets as it takes.

    ``headers`` gives those of the next upgrade, a token above all; it is told how many were refused in a row.
    """

    def __init__(
        self,
        place: Place,
        headers: Callable[[int], Headers],
        *,
        source: int = 0,
        sink: int = 1,
        patience: Patience = Patience(),
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._place = place
        self._headers = headers
        self._source, self._sink = source, sink
        self._patience = patience
        self._report = report
        self._stream: Stream | PlainStream = Stream()
        self._id = messages.NEW
        self._wire: Wire | None = None
        self._reader = FrameReader(masked=False)
        self._unsent: deque[memoryview] = deque()
        self._unsent_size = 0
        self._for_sink: deque[memoryview | None] = deque()  # None: the end
        self._source_open = True
        self._has_data = False
        self._sink_gone = False
        self._is_greeted = False
        self._heard = self._said = self._began = 0.0
        self._refusals = 0
        self._ended_at = 0.0

    def run(self) -> None:
        """Carry the stream to its end; TunnelError where it cannot be."""
        _widen(self._source, self._sink)
        os.set_blocking(self._source, False)
        os.set_blocking(self._sink, False)
        self._connect_first()
        try:
            while True:
                try:
                    self._pump()
                    return
                except _LostError as lost:
                    self._reconnect(str(lost))
        finally:
            self._say_goodbye()

    # --- connections

    def _connect_first(self) -> None:
        deadline = time.monotonic() + self._patience.refused
        for attempt in range(1000):
            try:
                self._open()
                return
            except AnsweredError as error:
                # Snowflake's own clients take these for passing: a starting box, an ingress under load.
                is_passing = error.status in (429, 500, 502, 503, 504) and time.monotonic() < deadline
                is_worth_another_token = error.status in _NO_LOGIN and self._refusals == 1
                if not is_passing and not is_worth_another_token:
                    raise TunnelError(_explained(error)) from error
            except (UnreachableError, _LostError) as error:
                raise TunnelError(str(error)) from error
            time.sleep(_pause(attempt))

    def _open(self) -> None:
        """A new WebSocket, and the stream attached to it once the bridge has answered."""
        self._drop_wire()
        wire = self._dial()
        if wire.is_resumable is not self._stream.resumable:
            if self._id != messages.NEW:
                wire.close()
                raise TunnelError("another bridge answers now, which does not know this session")
            self._stream = Stream() if wire.is_resumable else PlainStream()
        self._wire, self._reader = wire, FrameReader(masked=False)
        self._heard = self._said = self._began = time.monotonic()
        self._is_greeted = not wire.is_resumable
        if wire.is_resumable:
            self._send(messages.greeting(messages.HELLO, self._id, self._stream.received))
        if wire.rest:
            self._frames(wire.rest)

    def _dial(self) -> Wire:
        try:
            wire = dial(self._place, self._headers(self._refusals))
        except AnsweredError as error:
            self._refusals += error.status in _NO_LOGIN
            raise
        self._refusals = 0
        return wire

    def _drop_wire(self) -> None:
        if isinstance(self._stream, Stream):
            self._stream.detach()
        if self._wire:
            self._wire.close()
        self._wire, self._unsent_size = None, 0
        self._unsent.clear()

    def _reconnect(self, reason: str) -> None:
        """The next connection for the same stream."""
        if not self._stream.resumable:
            raise TunnelError(reason)
        # Before there is a session there is nothing to lose, so nothing to wait long for.
        patience = self._patience.refused if self._id == messages.NEW else self._patience.network
        self._drop_wire()
        lost_at = time.monotonic()
        refused_since: float | None = None
        for attempt in range(100_000):
            time.sleep(_pause(attempt))
            if attempt == len(_BACK_OFF):
                self._report(f"connection lost ({reason}); trying to take it up again")
            now = time.monotonic()
            try:
                self._open()
                return
            except AnsweredError as error:
                reason, refused_since = _explained(error), refused_since or now
                if now - refused_since > self._patience.refused:
                    raise TunnelError(reason) from error
            except (UnreachableError, _LostError) as error:
                reason, refused_since = str(error), None
                if now - lost_at > patience:
                    raise TunnelError(reason) from error

    def _say_goodbye(self) -> None:
        """Tell the bridge that nobody will come back; what cannot be told at once times out there."""
        if self._wire is None:
            return
        try:
            self._flush()
            if self._is_greeted and self._stream.resumable and not self._unsent:
                self._send(messages.closed(messages.DONE))
            if not self._unsent:
                self._write(frames.close_frame(masked=True))
        except _LostError:
            pass
        finally:
            self._drop_wire()

    # --- the pump

    def _pump(self) -> None:
        """Move bytes until the stream is over; _LostError when the connection is."""
        wire = self._wire
        assert wire is not None
        poll = select.poll()
        fds = (wire.fileno(), self._source, self._sink)
        before: tuple[int, ...] = ()
        while not self._is_over():
            wanted = self._interests()
            if wanted != before:
                _register(poll, fds, wanted)
                before = wanted
            for fd, event in poll.poll(self._time_left() * 1000):
                if fd == wire.fileno():
                    self._on_wire(wire, event)
                elif fd == self._source:
                    self._on_source()
                elif event & _ASIDE:
                    self._sink_gone = True
            self._pass_on()
            self._fill()
            self._beat()

    def _is_over(self) -> bool:
        if self._sink_gone:
            return True
        if self._ended_at and time.monotonic() - self._ended_at > self._patience.ending:
            return True
        return not self._for_sink and self._stream.peer_ended

    def _interests(self) -> tuple[int, int, int]:
        wire = select.POLLIN | (select.POLLOUT if self._unsent else 0)
        has_room = self._stream.room > 0 and (self._stream.resumable or self._unsent_size < _FULL)
        if not self._stream.resumable and self._for_sink:
            wire &= ~select.POLLIN  # nothing else bounds what waits here
        source = select.POLLIN if self._source_open and has_room and self._is_greeted else 0
        return wire, source, select.POLLOUT if self._for_sink else 0

    def _time_left(self) -> float:
        """Seconds until something is due."""
        patience = self._patience
        due = [self._said + patience.heartbeat, self._heard + patience.silence]
        if not self._has_data:
            due.append(self._began + patience.first_byte)
        if self._ended_at:
            due.append(self._ended_at + patience.ending)
        return max(0.0, min(due) - time.monotonic()) + 0.001

    def _on_wire(self, wire: Wire, event: int) -> None:
        if event & (select.POLLIN | _ASIDE):
            self._receive(wire)
        if event & select.POLLOUT:
            self._flush()

    def _receive(self, wire: Wire) -> None:
        # TLS hands out at most a record at a time, and what it holds back does not show in poll.
        for _ in range(64):
            try:
                data = wire.read()
            except OSError as error:
                raise _LostError(f"the connection broke: {error}") from error
            if data is None:
                return
            if not data:
                raise _LostError("the connection was closed")
            self._heard = time.monotonic()
            self._frames(data)
            if not self._place.is_encrypted:
                return

    def _frames(self, data: bytes) -> None:
        try:
            for opcode, payload in self._reader.feed(data):
                if opcode is Opcode.PING:
                    self._write(frames.encode(Opcode.PONG, payload, masked=True))
                elif opcode is Opcode.CLOSE:
                    self._closed_by_peer()
                elif opcode in (Opcode.BINARY, Opcode.TEXT):
                    self._message(payload)
        except (FrameError, ProtocolError) as error:
            raise TunnelError(f"the bridge does not keep to the protocol: {error}") from error

    def _closed_by_peer(self) -> None:
        if self._stream.resumable:
            raise _LostError("the other side closed the connection")
        self._for_sink.append(None)

    def _message(self, message: bytes) -> None:
        if not self._is_greeted:
            self._greeted(messages.read_greeting(message, messages.WELCOME))
            return
        event = self._stream.receive(message)
        if isinstance(event, Closed):
            raise TunnelError(event.text or "the bridge ended the session")
        if isinstance(event, Data):
            self._has_data = True
            self._for_sink.append(event.payload)
        elif isinstance(event, End):
            self._for_sink.append(None)

    def _greeted(self, welcome: messages.Greeting | Closed) -> None:
        if isinstance(welcome, Closed):
            raise TunnelError(welcome.text or "the bridge refused the session")
        assert isinstance(self._stream, Stream)
        self._id, self._is_greeted = welcome.id, True
        self._stream.attach(welcome.received)

    def _on_source(self) -> None:
        try:
            data = os.read(self._source, READ_SIZE)
        except BlockingIOError:
            return
        if data:
            self._stream.take(data)
            return
        self._source_open = False
        self._ended_at = time.monotonic()
        if isinstance(self._stream, Stream):
            self._stream.end()

    def _pass_on(self) -> None:
        """Write to the sink what it takes."""
        while self._for_sink and not self._sink_gone:
            payload = self._for_sink[0]
            if payload is None:
                self._for_sink.popleft()
                self._pass_on_end()
                return
            try:
                count = os.write(self._sink, payload)
            except BlockingIOError:
                return
            except OSError:
                self._sink_gone = True
                return
            self._stream.passed_on(count)
            if count == len(payload):
                self._for_sink.popleft()
            else:
                self._for_sink[0] = payload[count:]

    def _pass_on_end(self) -> None:
        if self._stream.resumable:
            self._stream.passed_on(1)
        else:
            self._sink_gone = True  # a plain stream ends with its connection

    # --- sending

    def _fill(self) -> None:
        """Give the connection what the stream has to say, while it takes it."""
        if not self._is_greeted or self._unsent_size >= _FULL:
            return
        for message in self._stream.outgoing():
            self._send(*message)
            if self._unsent_size >= _FULL:
                return

    def _send(self, *parts: bytes) -> None:
        self._write(frames.encode(Opcode.BINARY, *parts, masked=True))

    def _write(self, data: bytes) -> None:
        self._said = time.monotonic()
        self._unsent.append(memoryview(data))
        self._unsent_size += len(data)
        if len(self._unsent) == 1:
            self._flush()

    def _flush(self) -> None:
        assert self._wire is not None
        while self._unsent:
            data = self._unsent[0]
            try:
                count = self._wire.write(data)
            except OSError as error:
                raise _LostError(f"the connection broke: {error}") from error
            self._unsent_size -= count
            if count < len(data):
                self._unsent[0] = data[count:]
                return
            self._unsent.popleft()

    def _beat(self) -> None:
        """A sign of life where one is due, and an end to waiting for one."""
        now, patience = time.monotonic(), self._patience
        if now - self._heard > patience.silence or (
            not self._is_greeted and now - self._began > patience.refused
        ):
            raise _LostError("nothing is heard any more")
        if not self._has_data and now - self._began > patience.first_byte:
            raise TunnelError("the box's bridge answers, but its sshd says nothing")
        if now - self._said >= patience.heartbeat:
            if isinstance(self._stream, Stream) and self._is_greeted:
                self._send(self._stream.acknowledgement())
            self._write(frames.encode(Opcode.PING, masked=True))


def _widen(*pipes: int) -> None:
    """Let pipes hold more than 64 KiB, where the system can: fewer turns for the same bytes."""
    for pipe in pipes:
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        except (OSError, AttributeError):  # no pipe, or not Linux
            continue


def _pause(attempt: int) -> float:
    return _BACK_OFF[min(attempt, len(_BACK_OFF) - 1)]


def _register(poll: select.poll, fds: tuple[int, int, int], wanted: tuple[int, int, int]) -> None:
    """Watch the descriptors for the wanted events; the source only while it is wanted, or its end spins."""
    wire, source, sink = fds
    poll.register(wire, wanted[0])
    poll.register(sink, wanted[2])
    if wanted[1]:
        poll.register(source, wanted[1])
    else:
        try:
            poll.unregister(source)
        except KeyError:
            return


def _explained(error: AnsweredError) -> str:
    words = {
        302: "the ingress wants a login: the token is missing or was not accepted",
        401: "the ingress does not accept the token",
        403: "not allowed to use this endpoint",
        404: "there is no such endpoint",
    }
    known = words.get(error.status)
    return f"{known} ({error})" if known else f"the endpoint answers {error}"


class _StoppedError(Exception):
    """A signal asked for the end."""


def carry(client: Client) -> int:
    """Run a client as the process's one purpose; its exit code: 255, and a line on stderr, as ssh does it.

    ssh ends its ProxyCommand with SIGHUP; the bridge is told, so that nothing is kept for us there.
    """
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        client.run()
    except _StoppedError:
        return 0
    except TunnelError as error:
        say(str(error))
        return 255
    return 0


def say(text: str) -> None:
    """A line for the user: ssh shows its ProxyCommand's stderr."""
    os.write(2, f"sfml: {text}\r\n".encode(errors="replace"))


def _stop(number: int, _frame: object) -> None:
    raise _StoppedError(number)


def main(argv: list[str]) -> int:
    """``python -m tunnel.client URL``: a ProxyCommand to a bridge that asks for no token."""
    if len(argv) != 1:
        say("usage: ssh -o ProxyCommand='python -m tunnel.client http://HOST:PORT/ssh' box")
        return 2
    place = Place(url=argv[0], proxy=proxy_for(argv[0], os.environ))
    return carry(Client(place, lambda _: (), report=say))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

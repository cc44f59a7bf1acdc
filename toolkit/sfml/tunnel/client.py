"""The user's end of the tunnel: what ssh runs as its ProxyCommand, between two descriptors and a WebSocket.

Without asyncio and without threads, since it starts with every ssh, scp and editor connection.
"""

from __future__ import annotations

import fcntl
import os
import select
import time
from collections.abc import Callable, Iterable, Sequence

from . import frames, messages
from .dial import Headers, Place, Wire, dial
from .flow import FULL, Bytes, Outlet, gather
from .frames import FrameError, FrameReader, Opcode
from .life import Signs
from .messages import Closed, ProtocolError
from .patience import LostError, Patience, TunnelError, connect_again, connect_first
from .stream import Data, End, PlainStream, Stream

_PIPE_SIZE = 1 << 20  # the most that Linux lets users have (/proc/sys/fs/pipe-max-size)
_GOODBYE_TIME = 2.0
_ASIDE = select.POLLERR | select.POLLHUP | select.POLLNVAL


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
        self._unsent = Outlet(self._write_wire)
        self._for_sink = Outlet(self._write_sink)
        self._sink_ends = False
        self._source_open = True
        self._has_data = False
        self._sink_gone = False
        self._is_greeted = False
        self._signs = self._new_signs()
        self._began = self._ended_at = 0.0

    def run(self) -> None:
        """Carry the stream to its end; TunnelError where it cannot be."""
        _widen(self._source, self._sink)
        os.set_blocking(self._source, False)
        os.set_blocking(self._sink, False)
        connect_first(self._open, self._patience)
        try:
            while True:
                try:
                    self._pump()
                    return
                except LostError as lost:
                    self._reconnect(str(lost))
        finally:
            self._say_goodbye()

    # --- connections

    def _open(self, refusals: int) -> None:
        """A new WebSocket, and the stream attached to it once the bridge has answered."""
        self._drop_wire()
        wire = dial(self._place, self._headers(refusals))
        if wire.is_resumable is not self._stream.resumable:
            if self._id != messages.NEW:
                wire.close()
                raise TunnelError("another bridge answers now, which does not know this session")
            self._stream = Stream() if wire.is_resumable else PlainStream()
        self._wire, self._reader = wire, FrameReader(masked=False)
        self._signs, self._began = self._new_signs(), time.monotonic()
        self._is_greeted = not wire.is_resumable
        if wire.is_resumable:
            self._send(messages.greeting(messages.HELLO, self._id, self._stream.received))
        if wire.rest:
            self._frames(self._reader.feed(wire.rest))

    def _new_signs(self) -> Signs:
        patience = self._patience
        return Signs(time.monotonic(), heartbeat=patience.heartbeat, silence=patience.silence)

    def _drop_wire(self) -> None:
        if isinstance(self._stream, Stream):
            self._stream.detach()
        if self._wire:
            self._wire.close()
        self._wire = None
        self._unsent.clear()

    def _reconnect(self, reason: str) -> None:
        """The next connection for the same stream."""
        if not self._stream.resumable:
            raise TunnelError(f"{reason}, and a bridge of another kind than sfml's cannot take it up again")
        self._drop_wire()
        # Before there is a session there is nothing to lose, so nothing to wait long for.
        network = self._patience.refused if self._id == messages.NEW else self._patience.network
        connect_again(
            self._open,
            self._patience,
            reason=reason,
            network=network,
            is_left=self._is_left,
            report=self._report,
        )

    def _is_left(self) -> bool:
        """Whether ssh has gone: then a next connection is for the bridge alone, to be told so."""
        poll = select.poll()
        poll.register(self._sink, 0)
        self._sink_gone = self._sink_gone or bool(poll.poll(0))
        return self._sink_gone

    def _say_goodbye(self) -> None:
        """Tell the bridge that nobody will come back; what cannot be told at once times out there."""
        if self._wire is None:
            return
        try:
            self._flush()
            if self._stream.resumable and not self._unsent.size:
                self._send(messages.closed(messages.DONE))
            if not self._unsent.size:
                self._write(frames.close_frame(masked=True))
                self._await_end(self._wire)
        except LostError:
            pass
        finally:
            self._drop_wire()

    def _await_end(self, wire: Wire) -> None:
        """Until the bridge has closed: who closes with bytes unread takes the goodbye back."""
        poll, deadline = select.poll(), time.monotonic() + _GOODBYE_TIME
        poll.register(wire, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0 and poll.poll(left * 1000):
            try:
                if wire.read_into(self._reader.space()) == 0:
                    return
            except OSError:
                return

    # --- the pump

    def _pump(self) -> None:
        """Move bytes until the stream is over; LostError when the connection is."""
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
                else:
                    self._stream.passed_on(self._for_sink.flush())
            self._pass_on_end()
            self._fill()
            self._beat()

    def _is_over(self) -> bool:
        if self._sink_gone:
            return True
        if self._ended_at and time.monotonic() - self._ended_at > self._patience.ending:
            return True
        return not self._for_sink.size and self._stream.peer_ended

    def _interests(self) -> tuple[int, int, int]:
        wire = select.POLLIN | (select.POLLOUT if self._unsent.size else 0)
        if not self._stream.resumable and self._for_sink.size:
            wire &= ~select.POLLIN  # nothing else bounds what waits here
        reads = self._source_open and self._is_greeted and self._stream.takes_more
        return wire, select.POLLIN if reads else 0, select.POLLOUT if self._for_sink.size else 0

    def _time_left(self) -> float:
        """Seconds until something is due."""
        patience = self._patience
        due = [self._signs.due_at, self._signs.lost_at]
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
                count = wire.read_into(self._reader.space())
            except OSError as error:
                raise LostError(f"the connection broke: {error}") from error
            if count is None:
                return
            if not count:
                raise LostError("the connection was closed")
            self._signs.heard(time.monotonic())
            self._frames(self._reader.received(count))
            if not self._place.is_encrypted:
                return

    def _frames(self, received: Iterable[tuple[Opcode, Bytes]]) -> None:
        try:
            for opcode, payload in received:
                if opcode is Opcode.PING:
                    self._write(frames.encode(Opcode.PONG, bytes(payload), masked=True))
                elif opcode is Opcode.CLOSE:
                    self._closed_by_peer()
                elif opcode in (Opcode.BINARY, Opcode.TEXT):
                    self._message(payload)
        except (FrameError, ProtocolError) as error:
            raise TunnelError(f"the bridge does not keep to the protocol: {error}") from error
        finally:
            self._stream.passed_on(self._for_sink.flush_lent())

    def _closed_by_peer(self) -> None:
        if self._stream.resumable:
            raise LostError("the other side closed the connection")
        self._sink_ends = True

    def _message(self, message: Bytes) -> None:
        if not self._is_greeted:
            self._greeted(messages.read_greeting(message, messages.WELCOME))
            return
        event = self._stream.receive(message)
        if isinstance(event, Closed):
            raise TunnelError(event.text or "the bridge ended the session")
        if isinstance(event, Data):
            self._has_data = True
            self._for_sink.lend(event.payload)
        elif isinstance(event, End):
            self._sink_ends = True

    def _greeted(self, welcome: messages.Greeting | Closed) -> None:
        if isinstance(welcome, Closed):
            raise TunnelError(welcome.text or "the bridge refused the session")
        assert isinstance(self._stream, Stream)
        self._id, self._is_greeted = welcome.id, True
        self._stream.attach(welcome.received)

    def _on_source(self) -> None:
        try:
            count = os.readv(self._source, (self._stream.space(),))
        except BlockingIOError:
            return
        if count:
            self._stream.took(count)
            return
        self._source_open = False
        self._ended_at = time.monotonic()
        if isinstance(self._stream, Stream):
            self._stream.end()

    def _write_sink(self, pieces: Sequence[Bytes]) -> int:
        """To ssh; what it does not want any more is gone."""
        if self._sink_gone:
            return 0
        try:
            return os.writev(self._sink, pieces)
        except BlockingIOError:
            return 0
        except OSError:
            self._sink_gone = True
            return 0

    def _pass_on_end(self) -> None:
        if not self._sink_ends or self._for_sink.size:
            return
        self._sink_ends = False
        if self._stream.resumable:
            self._stream.passed_on(1)
        else:
            self._sink_gone = True  # a plain stream ends with its connection

    # --- sending

    def _fill(self) -> None:
        """Give the connection what the stream has to say, while it takes it."""
        while (
            self._is_greeted and self._unsent.size < FULL and gather(self._stream, self._unsent, masked=True)
        ):
            self._flush()

    def _send(self, message: bytes) -> None:
        self._write(frames.encode(Opcode.BINARY, message, masked=True))

    def _write(self, frame: bytes) -> None:
        self._signs.said(time.monotonic())
        self._unsent.add(frame)
        self._flush()

    def _flush(self) -> None:
        if self._unsent.flush():
            self._signs.said(time.monotonic())

    def _write_wire(self, pieces: Sequence[Bytes]) -> int:
        assert self._wire is not None
        try:
            return self._wire.write(pieces)
        except OSError as error:
            raise LostError(f"the connection broke: {error}") from error

    def _beat(self) -> None:
        """A sign of life where one is due, and an end to waiting for one."""
        now, patience = time.monotonic(), self._patience
        if now > self._signs.lost_at or (not self._is_greeted and now - self._began > patience.refused):
            raise LostError("nothing is heard any more")
        if not self._has_data and now - self._began > patience.first_byte:
            raise TunnelError("the box's bridge answers, but its sshd says nothing")
        if now >= self._signs.due_at:
            if isinstance(self._stream, Stream) and self._is_greeted:
                self._send(self._stream.acknowledgement())
            self._write(frames.encode(Opcode.PING, masked=True))
            self._signs.asked(now)


def _widen(*pipes: int) -> None:
    """Let pipes hold more than 64 KiB, where the system can: fewer turns for the same bytes."""
    for pipe in pipes:
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        except (OSError, AttributeError):  # no pipe, or not Linux
            continue


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

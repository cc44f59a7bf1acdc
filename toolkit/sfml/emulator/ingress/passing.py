"""Bytes between two sockets without coming into this process (splice(2)), in a thread of their own.

An event loop of asyncio spends several times more on each turn than the kernel does on the bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import threading
from collections.abc import Callable

AVAILABLE = hasattr(select, "epoll") and hasattr(os, "splice")
_PIPE_SIZE = 1 << 20  # the most that Linux lets users have
_OVER = select.EPOLLERR | select.EPOLLHUP if AVAILABLE else 0
_RETRY = (BlockingIOError, InterruptedError)


class Link:
    """Two sockets whose bytes go to each other; ``count`` is how many did."""

    def __init__(self, ends: tuple[socket.socket, socket.socket], on_end: Callable[[], None]) -> None:
        self.ends = ends
        self.on_end = on_end
        self.count = 0

    def cut(self) -> None:
        """End it, from any thread."""
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class _Way:
    """One direction; ``held`` came and has not gone yet."""

    def __init__(self, link: Link, source: socket.socket, sink: socket.socket) -> None:
        self.link = link
        self.source, self.sink = source.fileno(), sink.fileno()
        self.held = b""


class Passages:
    """Passes bytes for all links in one thread, through one pipe.

    What a sink does not take at once comes out of the pipe and waits in memory, at most what the pipe holds.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._ways: dict[int, _Way] = {}
        self._masks: dict[int, int] = {}
        self._read_end, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            fcntl.fcntl(self._write_end, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._added: list[Link] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ingress-passing", daemon=True)
        self._thread.start()

    def link(self, one: socket.socket, other: socket.socket, *, on_end: Callable[[], None]) -> Link:
        """Pass bytes between two sockets, which are taken over; ``on_end`` is called in another thread."""
        made = Link((one, other), on_end)
        self._added.append(made)
        os.eventfd_write(self._wake, 1)
        return made

    def close(self) -> None:
        """Cut every link and end the thread."""
        self._closed = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        for way in list(self._ways.values()):
            self._end(way.link)
        self._epoll.close()
        for descriptor in (self._read_end, self._write_end, self._wake):
            os.close(descriptor)

    def _run(self) -> None:
        while not self._closed:
            for descriptor, event in self._epoll.poll():
                if descriptor == self._wake:
                    os.eventfd_read(self._wake)
                    self._begin()
                elif descriptor in self._ways:
                    self._on_event(self._ways[descriptor], event)

    def _begin(self) -> None:
        while self._added:
            link = self._added.pop()
            one, other = link.ends
            if one.fileno() < 0 or other.fileno() < 0:
                continue
            for way in (_Way(link, one, other), _Way(link, other, one)):
                self._ways[way.source] = way
                self._want(way.source, select.EPOLLIN)

    def _on_event(self, way: _Way, event: int) -> None:
        """Something is to be done at a way's source, which is the other way's sink."""
        back = self._ways[way.sink]
        try:
            if event & select.EPOLLOUT:
                self._let_go(back)
            if event & (select.EPOLLIN | _OVER) and not way.held and not self._pass(way):
                self._end(way.link)
                return
        except _RETRY:
            pass
        except OSError:
            self._end(way.link)
            return
        if event & _OVER and way.held:
            back.held = b""  # nobody is there to take it
        self._settle(way)
        self._settle(back)

    def _pass(self, way: _Way) -> int:
        """How many bytes have come, 0 at the end; what the sink does not take of them is held."""
        count = os.splice(way.source, self._write_end, _PIPE_SIZE)
        way.link.count += count
        gone = 0
        try:
            while gone < count:
                gone += os.splice(self._read_end, way.sink, count - gone)
        except _RETRY:
            way.held = self._taken_out(count - gone)
        except OSError:
            self._taken_out(count - gone)
            raise
        return count

    def _taken_out(self, size: int) -> bytes:
        """What is still in the pipe."""
        pieces = []
        while size:
            pieces.append(os.read(self._read_end, size))
            size -= len(pieces[-1])
        return b"".join(pieces)

    def _let_go(self, way: _Way) -> None:
        while way.held:
            way.held = way.held[os.write(way.sink, way.held) :]

    def _settle(self, way: _Way) -> None:
        """Wait at the source for bytes, or for room where bytes wait for it."""
        back = self._ways[way.sink]
        reads = 0 if way.held else select.EPOLLIN
        self._want(way.source, reads | (select.EPOLLOUT if back.held else 0))

    def _want(self, descriptor: int, mask: int) -> None:
        before = self._masks.get(descriptor, 0)
        if mask == before:
            return
        self._masks[descriptor] = mask
        if not mask:
            self._epoll.unregister(descriptor)  # or it would tell of a hang-up again and again
        elif before:
            self._epoll.modify(descriptor, mask)
        else:
            self._epoll.register(descriptor, mask)

    def _end(self, link: Link) -> None:
        for end in link.ends:
            self._want(end.fileno(), 0)
            self._masks.pop(end.fileno())
            del self._ways[end.fileno()]
            end.close()
        link.on_end()

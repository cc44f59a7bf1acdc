"""A network that breaks connections: a TCP proxy on the loopback interface."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, so that what is under way is lost


class CuttingProxy:
    """Forwards to ``target``; a connection is cut after ``after`` bytes, None for never.

    ``lead_to`` changes the target; with None nobody gets through.
    """

    def __init__(self, target: tuple[str, int], *, after: int | None = None) -> None:
        self._target: tuple[str, int] | None = target
        self._after = after
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # close alone leaves a waiting accept
        self._listener.close()
        self.cut()

    def lead_to(self, target: tuple[str, int] | None) -> None:
        """Cut every connection; the next ones lead there."""
        self._target = target
        self.cut()

    def cut(self) -> None:
        """Cut every connection now."""
        while self._pairs:
            _cut(*self._pairs.pop())

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                target = self._target
                try:
                    server = socket.create_connection(target) if target else None
                except OSError:
                    server = None
                if server is None:
                    client.close()
                    continue
                self._pairs.append((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        left = self._after
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        break
        _cut(source, sink)


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.shutdown(socket.SHUT_RDWR)
        end.close()

"""A network with a long way to go, for HTTP; it counts the requests too."""

from __future__ import annotations

import re
import socket
import time

from proxy import Proxy

# A client sends the head of a request in one piece, so that a piece that begins like this begins a request.
_HEAD = re.compile(rb"(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP/1\.1\r\n")


class SlowProxy(Proxy):
    """Forwards to ``target``, each request ``delay`` seconds later; ``requests`` are method and path of each.

    ``cut`` closes the connection in the middle of the next so many requests with that method.
    """

    def __init__(self, target: tuple[str, int], *, delay: float = 0.1) -> None:
        self._delay = delay
        self.requests: list[tuple[str, str]] = []
        self.cut = {"PUT": 0, "POST": 0}
        super().__init__(target)

    def request(self, data: bytes, client: socket.socket, server: socket.socket) -> bool:
        head = _HEAD.match(data)
        if head is not None:
            self._note(head[1].decode(), head[2].decode())
            time.sleep(self._delay)
            if self._is_cut(head[1].decode()):
                server.sendall(data[: len(data) // 2])
                client.shutdown(socket.SHUT_RDWR)
                return False
        return super().request(data, client, server)

    def _note(self, method: str, path: str) -> None:
        with self._lock:
            self.requests.append((method, path))

    def _is_cut(self, method: str) -> bool:
        with self._lock:
            left = self.cut.get(method, 0)
            self.cut[method] = max(0, left - 1)
            return left > 0

"""A network with a long way to go: an HTTP proxy on the loopback interface, which counts requests too."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress

# A client sends the head of a request in one piece, so that a piece that begins like this begins a request.
_HEAD = re.compile(rb"(GET|POST|PUT|DELETE|HEAD) (\S+) HTTP/1\.1\r\n")


class SlowProxy:
    """Forwards to ``target``, each request ``delay`` seconds later; ``requests`` are method and path of each.

    ``cut`` closes the connection in the middle of the next so many requests with that method.
    """

    def __init__(self, target: tuple[str, int], *, delay: float = 0.1) -> None:
        self._target = target
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self.requests: list[tuple[str, str]] = []
        self.cut = {"PUT": 0, "POST": 0}
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, suppress(OSError):
            while data := client.recv(65536):
                head = _HEAD.match(data)
                if head is not None:
                    self._note(head[1].decode(), head[2].decode())
                    time.sleep(self._delay)
                    if self._is_cut(head[1].decode()):
                        server.sendall(data[: len(data) // 2])
                        client.shutdown(socket.SHUT_RDWR)
                        return
                server.sendall(data)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)

    def _note(self, method: str, path: str) -> None:
        with self._lock:
            self.requests.append((method, path))

    def _is_cut(self, method: str) -> bool:
        with self._lock:
            left = self.cut.get(method, 0)
            self.cut[method] = max(0, left - 1)
            return left > 0

"""A TCP proxy on the loopback interface; what it does to the traffic is up to those derived from it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Forwards connections to ``target``."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        with suppress(OSError):  # macOS shuts down no listener
            # Closing alone would leave the thread in accept, and let one more connection in.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def connect(self) -> socket.socket:
        """A connection to the target."""
        return socket.create_connection(self._target)

    def request(self, data: bytes, client: socket.socket, server: socket.socket) -> bool:
        """Pass on what the client sent; False ends the connection."""
        server.sendall(data)
        return True

    def answer(self, data: bytes, client: socket.socket) -> bool:
        """Pass on what the server sent; False ends the connection."""
        client.sendall(data)
        return True

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self.connect()
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answers, args=(client, server), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, suppress(OSError):
            while (data := client.recv(65536)) and self.request(data, client, server):
                pass

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, suppress(OSError):
            while (data := server.recv(65536)) and self.answer(data, client):
                pass

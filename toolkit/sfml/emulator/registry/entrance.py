"""The registry's port: it leads to the registry program, and for /login, which that lacks, to the server."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

from sfml.emulator.executors.docker import relay
from sfml.emulator.ports import HOST

_LOGIN = b"GET /login"
# snow spcs image-repository list-tags asks for exactly that; nothing follows but a query or the version.
_AFTER_LOGIN = (b" ", b"?")
_AGAIN_WITHIN = 10.0
_BETWEEN_TRIES = 0.05
"""A program that died is being started again meanwhile."""


class Entrance:
    """Open until ``close``. ``program`` is the program's port, ``server`` the address that has /login."""

    def __init__(self, port: int, *, program: int, server: Callable[[], tuple[str, int]]) -> None:
        self.port = port
        self._program = program
        self._server = server
        self._closing = threading.Event()
        self._listener = socket.create_server((HOST, port), backlog=relay.WAITING)
        threading.Thread(target=relay.serve, args=(self._listener, self._lead), daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more; who is in stays for as long as the program does."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _lead(self, near: socket.socket) -> socket.socket:
        """Where a new connection leads, by the beginning of its first request."""
        begin = near.recv(len(_LOGIN) + 1, socket.MSG_PEEK | socket.MSG_WAITALL)
        if begin[:-1] == _LOGIN and begin[-1:] in _AFTER_LOGIN:
            return socket.create_connection(self._server())
        return self._to_program()

    def _to_program(self) -> socket.socket:
        deadline = time.monotonic() + _AGAIN_WITHIN
        while True:
            try:
                return socket.create_connection((HOST, self._program))
            except OSError:
                if time.monotonic() > deadline or self._closing.wait(_BETWEEN_TRIES):
                    raise

"""The server's side of all relays: a Unix socket in a folder of its own that leads to the server."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from sfml.emulator.executors.docker import relay

NAME = "server"
# sun_path of unix(7) holds 108 bytes.
_LONGEST = 100


class Gate:
    """Open until ``close``. ``directory`` is what a sandbox mounts; ``endpoint`` is the server's address."""

    def __init__(self, preferred: Path, endpoint: Callable[[], tuple[str, int]]) -> None:
        self.directory = _place(preferred)
        self._endpoint = endpoint
        path = self.directory / NAME
        path.unlink(missing_ok=True)
        self._listener = relay.listen_on(str(path))
        path.chmod(0o600)
        threading.Thread(target=relay.serve, args=(self._listener, self._connect), daemon=True).start()

    @property
    def port(self) -> int:
        """The server's port, which the pods' loopback has too."""
        return self._endpoint()[1]

    def close(self) -> None:
        """Let nobody in any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _connect(self, _: socket.socket) -> socket.socket:
        return socket.create_connection(self._endpoint())


def _place(preferred: Path) -> Path:
    """A folder for the owner only whose path leaves room for the socket's name."""
    if len(bytes(preferred / NAME)) > _LONGEST:
        return Path(tempfile.mkdtemp(prefix="sfml-"))
    preferred.mkdir(parents=True, exist_ok=True, mode=0o700)
    return preferred

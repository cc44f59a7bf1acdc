"""Passes connections on: TCP in a pod, a Unix socket between pod and server, TCP again.

In a sandbox it is a program (``relay.py PORT SOCKET``), run by this machine's Python, which has nothing else
there: it imports nothing of sfml.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READY = b"ready\n"
_CHUNK = 1 << 16
WAITING = 512


def serve(listener: socket.socket, connect: Callable[[socket.socket], socket.socket]) -> None:
    """Pass on what connects to ``listener``, until that is shut down; ``connect`` may look at it first."""
    while True:
        try:
            near = listener.accept()[0]
        except OSError:
            return
        threading.Thread(target=_join, args=(near, connect), daemon=True).start()


def listen_on(path: str) -> socket.socket:
    """A Unix socket that waits for connections."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(WAITING)
    return listener


def to_socket(path: str) -> socket.socket:
    """A connection to a Unix socket."""
    far = socket.socket(socket.AF_UNIX)
    far.connect(path)
    return far


def _join(near: socket.socket, connect: Callable[[socket.socket], socket.socket]) -> None:
    with near:
        try:
            far = connect(near)
        except OSError:
            return
        with far:
            back = threading.Thread(target=_copy, args=(far, near), daemon=True)
            back.start()
            _copy(near, far)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Bytes until the source ends (then the target is told so) or one of the two breaks (then both do)."""
    how = socket.SHUT_WR
    try:
        while data := source.recv(_CHUNK):
            target.sendall(data)
    except OSError:
        how = socket.SHUT_RDWR
        with contextlib.suppress(OSError):
            source.shutdown(how)
    with contextlib.suppress(OSError):
        target.shutdown(how)


def main() -> None:
    """In a sandbox: 127.0.0.1:PORT leads to SOCKET."""
    port, path = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=WAITING)
    sys.stdout.buffer.write(READY)
    sys.stdout.flush()
    serve(listener, lambda _: to_socket(path))


if __name__ == "__main__":
    main()

"""Ports that can be had again after a restart."""

from __future__ import annotations

import secrets
import socket

HOST = "127.0.0.1"
# Below the ports that systems take for outgoing connections (Linux from 32768, others from 49152): nobody but
# another listener is likely to have one of these when its server comes back.
_FIRST, _LAST = 20_000, 32_000
_TRIES = 50


def unused() -> int:
    """A port of 127.0.0.1 that nobody has now."""
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether one can listen at this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True

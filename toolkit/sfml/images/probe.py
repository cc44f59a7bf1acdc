"""Looks at a box from inside: this file's text is handed to a Python in the container; it prints JSON.

Standard library only; nothing of sfml, whose own version in the image is one of the things looked at.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import sys
import urllib.request
from pathlib import Path
from typing import Any

BRIDGE, CODE_SERVER, JUPYTERLAB, SSHD = 8022, 8080, 8888, 2222
_LISTENING = "0A"  # /proc/net/tcp's state
_MANY = 150  # more than sshd's MaxStartups
_OWNER = {"Sf-Context-Current-User": os.environ.get("SFML_BOX_OWNER", "")}


def main() -> None:
    """Print what a look at this container found."""
    print(json.dumps({name: look() for name, look in LOOKS.items()}))  # noqa: T201 - its one result


def _listeners() -> dict[str, list[str]]:
    """The addresses that each port is bound to."""
    found: dict[str, list[str]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, _, port = local.rpartition(":")
            if state == _LISTENING:
                loopback = address in ("0100007F", "00000000000000000000000001000000")
                found.setdefault(str(int(port, 16)), []).append("loopback" if loopback else "any")
    return found


def _get(port: int, path: str, headers: dict[str, str] | None = None, timeout: float = 10) -> int:
    """The status of a plain GET; 0 without an answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _upgrade(path: str, *headers: str) -> tuple[int, bytes]:
    """The status of a WebSocket's opening, and what the other side says first."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1", "Host: box", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", *headers, "", "",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", BRIDGE), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        data = b""
        with contextlib.suppress(OSError):
            while b"SSH-2.0" not in data and (more := connection.recv(4096)):
                data += more
                if not data.startswith(b"HTTP/1.1 101"):
                    break
    return int(data[9:12] or 0), data.partition(b"\r\n\r\n")[2]


def _owner(*more: str) -> tuple[str, ...]:
    return (f"Sf-Context-Current-User: {os.environ.get('SFML_BOX_OWNER', '')}", *more)


def _plain() -> int:
    """The owner asks for /ssh, and for no WebSocket."""
    return _get(BRIDGE, "/ssh", _OWNER)


def _jupyterlab() -> list[int]:
    """What another user is answered, and its owner, who starts it."""
    other = _get(JUPYTERLAB, "/api/status", {"Sf-Context-Current-User": "SOMEBODY_ELSE"})
    return [other, _get(JUPYTERLAB, "/api/status", _OWNER, timeout=100)]


def _refusals() -> dict[str, int]:
    return {
        "a plain GET": _plain(),
        "another user": _upgrade("/ssh", "Sf-Context-Current-User: SOMEBODY_ELSE")[0],
        "no user": _upgrade("/ssh")[0],
        "two users": _upgrade("/ssh", *_owner(*_owner()))[0],
        "a browser": _upgrade("/ssh", *_owner("Origin: https://example.com"))[0],
        "another path": _upgrade("/shell", *_owner())[0],
    }


def _after_many() -> bool:
    """Whether the owner still gets to sshd after more plain requests than sshd has places."""
    for _ in range(_MANY):
        _plain()
    status, first = _upgrade("/ssh", *_owner())
    return status == 101 and b"SSH-2.0" in first


def _shm() -> dict[str, Any]:
    space = os.statvfs("/dev/shm")  # noqa: S108 - the memory volume itself
    return {"bytes": space.f_blocks * space.f_frsize, "writable": os.access("/dev/shm", os.W_OK)}  # noqa: S108


LOOKS: dict[str, Any] = {
    "uid": os.getuid,
    "first": lambda: Path("/proc/1/comm").read_text().strip(),
    "python": lambda: list(sys.version_info[:2]),
    "listeners": _listeners,
    "bridge_health": lambda: _get(BRIDGE, "/healthz"),
    "code_server_health": lambda: _get(CODE_SERVER, "/healthz"),
    "jupyterlab": _jupyterlab,
    "refusals": _refusals,
    "after_many": _after_many,
    "shm": _shm,
}

if __name__ == "__main__":
    main()

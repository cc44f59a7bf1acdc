"""A TCP relay that passes bytes as the ingress does: ``python relay.py HOST PORT`` prints its own port."""

from __future__ import annotations

import socket
import sys

from sfml.emulator.ingress.passing import Passages


def main(host: str, port: int) -> None:
    passages = Passages()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            server = socket.create_connection((host, port))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                end.settimeout(0)
            passages.link(client, server, on_end=lambda: None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

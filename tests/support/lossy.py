"""A network that loses answers."""

from __future__ import annotations

import socket

from proxy import Proxy


class LossyProxy(Proxy):
    """Forwards connections to ``target``. ``lose`` says how many answers are still to be lost on the way."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.lose = 0
        self.lost = 0
        super().__init__(target)

    def answer(self, data: bytes, client: socket.socket) -> bool:
        if self._is_lost():
            client.shutdown(socket.SHUT_RDWR)
            return False
        return super().answer(data, client)

    def _is_lost(self) -> bool:
        with self._lock:
            if not self.lose:
                return False
            self.lose -= 1
            self.lost += 1
            return True

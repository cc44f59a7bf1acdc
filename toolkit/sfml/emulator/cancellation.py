"""A statement's stop signal: an event that can also call back (an engine's interrupt, a process's kill)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sfml.emulator.faults import Fault


class Cancellation(threading.Event):
    """Set once, from any thread. Waiters use ``wait(seconds)``; blocking calls register a callback."""

    def __init__(self) -> None:
        super().__init__()
        self._guard = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def set(self) -> None:
        """Signal, and call each callback that is registered at this moment."""
        with self._guard:
            super().set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    @contextmanager
    def calling(self, callback: Callable[[], object]) -> Iterator[None]:
        """Within the block ``set()`` calls ``callback``, at once if it is set already."""
        with self._guard:
            late = self.is_set()
            self._callbacks.append(callback)
        try:
            if late:
                callback()
            yield
        finally:
            with self._guard:
                self._callbacks.remove(callback)

    def check(self) -> None:
        """Raise the fault of a cancelled statement if it is cancelled."""
        if self.is_set():
            raise cancelled()


def cancelled() -> Fault:
    """What the client of an aborted statement reads (number 604, the connector's ``ER_…`` docs)."""
    return Fault("000604", "57014", "SQL execution canceled")

"""Asking a container over HTTP whether it is well, from this machine, as the node's agent does."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable

from sfml.emulator.executors.base import Probe


def watch(
    probe: Probe,
    address: str,
    *,
    ended: threading.Event,
    tell: Callable[[bool], None],
    well: bool | None = None,
) -> None:
    """Ask until ``ended``; ``tell`` is called when the answer is another than ``well`` or the last one."""
    bad = 0
    while not ended.is_set():
        good = ask(probe, address)
        bad = 0 if good else bad + 1
        if good is not well and (good or bad >= probe.failures):
            well = good
            if not ended.is_set():
                tell(good)
        ended.wait(probe.period)


def ask(probe: Probe, address: str) -> bool:
    """Whether GET answers 2xx or 3xx within a period."""
    connection = http.client.HTTPConnection(address, probe.port, timeout=max(probe.period, 0.1))
    try:
        connection.request("GET", probe.path)
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

"""The client as a program: its signals, its exit code and what it says, as ssh wants it of a ProxyCommand."""

from __future__ import annotations

import os
import signal
import sys

from .client import Client
from .dial import Place, proxy_for
from .patience import TunnelError

_ENDS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


class _StoppedError(Exception):
    """A signal asked for the end."""


def _ignore(_number: int, _frame: object) -> None:
    """Nothing."""


def carry(client: Client) -> int:
    """Run a client as the process's one purpose; its exit code: 255, and a line on stderr, as ssh does it.

    ssh ends its ProxyCommand with SIGHUP; the bridge is told, so that nothing is kept for us there.
    """
    ended: list[int] = []

    def stop(number: int, _frame: object) -> None:
        for other in _ENDS:
            # A second one must not disturb the goodbye; to SIG_IGN, one that is on its way is a traceback.
            signal.signal(other, _ignore)
        if not ended:
            raise _StoppedError(number)

    for number in _ENDS:
        signal.signal(number, stop)
    try:
        return _run(client, ended)
    except _StoppedError:
        return 0


def _run(client: Client, ended: list[int]) -> int:
    code = 0
    try:
        client.run()
    except TunnelError as error:
        say(str(error))
        code = 255
    ended.append(code)
    return code


def say(text: str) -> None:
    """A line for the user: ssh shows its ProxyCommand's stderr."""
    os.write(2, f"sfml: {text}\r\n".encode(errors="replace"))


def main(argv: list[str]) -> int:
    """``python -m tunnel.command URL``: a ProxyCommand to a bridge that asks for no token."""
    if len(argv) != 1:
        say("usage: ssh -o ProxyCommand='python -m tunnel.command http://HOST:PORT/ssh' box")
        return 2
    place = Place(url=argv[0], proxy=proxy_for(argv[0], os.environ))
    return carry(Client(place, lambda _: (), report=say))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

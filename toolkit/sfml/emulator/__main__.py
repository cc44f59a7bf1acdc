"""``python -m sfml.emulator --state DIR``: the local backend as a program."""

from __future__ import annotations

import argparse
import logging
import logging.handlers
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sfml.emulator.executors import choice
from sfml.emulator.server import Server
from sfml.emulator.settings import Settings
from sfml.emulator.state import LOG_FILE, held, private_directory
from sfml.errors import SfmlError

_LOG_SIZE = 5_000_000


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; 0 after a clean end, the error's own code otherwise."""
    given = vars(_parser().parse_args(arguments))
    sweep = given.pop("sweep")
    settings = Settings(**{**given, "state": given["state"].resolve()})
    try:
        if sweep:
            with held(settings.state):
                choice.sweep(settings.state, volumes=sweep == "all")
            return 0
        private_directory(settings.state)
        _log_to(settings.state / LOG_FILE)
        choice.require(settings)
        server = Server(settings)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: server.stop())
        signal.signal(signal.SIGHUP, lambda *_: server.restart_ingress())
        server.run()
    except (SfmlError, OSError) as error:
        hint = getattr(error, "hint", None)
        print(f"sfml.emulator: {error}" + (f"\n{hint}" if hint else ""), file=sys.stderr)  # noqa: T201
        return getattr(error, "exit_code", 1)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sfml.emulator", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="directory that keeps everything")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--ingress-cut-expired", action="store_true", help="a connection ends with the token that opened it"
    )
    parser.add_argument(
        "--ingress-ignore-pings", action="store_true", help="a WebSocket's pings are no activity"
    )
    parser.add_argument(
        "--ingress-fail-every",
        type=int,
        metavar="N",
        default=0,
        help="each N-th request to an endpoint is answered with 500, 503 or 504",
    )
    parser.add_argument("--ingress-tls", action="store_true", help="TLS, with an authority of its own")
    parser.add_argument("--idle-exit", type=float, metavar="SECONDS", help="end when idle for so long")
    parser.add_argument("--executor", choices=("auto", "process", "docker"), default="auto")
    parser.add_argument("--fake-gpu", action="store_true", help="let containers run that ask for a GPU")
    parser.add_argument("--paths", choices=("auto", "namespace", "rewrite"), default="auto")
    for name in (
        "session-lifetime",
        "master-lifetime",
        "service-token-lifetime",
        "answer-after",
        "url-lifetime",
        "registry-token-lifetime",
        "ingress-idle",
        "ingress-provisioning",
        "ingress-spreading",
        "ingress-token-lifetime",
    ):
        parser.add_argument(f"--{name}", type=float, metavar="SECONDS", default=argparse.SUPPRESS)
    parser.add_argument(
        "--sweep",
        choices=("runs", "all"),
        help="start nothing: remove from the container engine what a server that was killed left there "
        "(all: the block volumes too)",
    )
    return parser


def _log_to(file: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=_LOG_SIZE, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

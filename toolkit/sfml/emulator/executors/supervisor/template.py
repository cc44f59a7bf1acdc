"""A process that has loaded what ML Jobs' launcher imports, and becomes the supervisor of a run on request.

The launcher's imports take seconds, its work often less. A supervisor forked from this process has them, and
so has the launcher that it forks (``warm.py``). Requests come as descriptors over the socket on stdin;
when that ends, so does this process, but not the runs.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket

from sfml.emulator.executors.supervisor.main import supervise

READY = b"ready"
# What mljob_launcher.py of snowflake-ml-python 2.6.0 imports, at its start and when it runs.
_MODULES = (
    "snowflake.ml.jobs._utils.constants",
    "snowflake.snowpark",
    "snowflake.ml._internal.utils.connection_params",
    "snowflake.ml.jobs._interop.results",
    "snowflake.ml.jobs._interop.utils",
    "cloudpickle",
)


def main() -> None:
    """Load, say so, and serve until the server closes the socket."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    before = dict(os.environ)
    for name in _MODULES:
        importlib.import_module(name)
    loaded = {name: value for name, value in os.environ.items() if before.get(name) != value}
    gc.collect()
    gc.freeze()  # what is loaded now stays shared between this process and its forks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the supervisors
    control = socket.socket(fileno=0)
    control.sendall(READY)
    while descriptors := socket.recv_fds(control, 1, 1)[1]:
        if os.fork() == 0:
            _become_supervisor(descriptors[0], loaded)
        os.close(descriptors[0])


def _become_supervisor(descriptor: int, loaded: dict[str, str]) -> None:
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number in (0, 1):
            os.dup2(descriptor, number)
        os.closerange(3, 1024)
        supervise(loaded)
    finally:
        os._exit(0)

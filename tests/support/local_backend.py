"""The local backend as a program of its own, for tests that go through the real clients."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_WITHIN = 120.0
STOP_WITHIN = 120.0


@dataclass(kw_only=True)
class LocalBackend:
    """One server process on a state directory."""

    state: Path
    process: subprocess.Popen[str]

    @property
    def endpoint(self) -> dict[str, Any]:
        return _endpoint(self.state)

    @property
    def url(self) -> str:
        endpoint = self.endpoint
        return f"http://{endpoint['host']}:{endpoint['port']}"

    def parameters(self, **more: Any) -> dict[str, Any]:
        """What ``snowflake.connector.connect`` takes; ``more`` overrides."""
        return parameters(self.state, **more)

    def kill(self) -> None:
        """As the machine would: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=STOP_WITHIN)

    def stop(self) -> int:
        """As ``sfml local stop`` does; the exit code."""
        self.process.terminate()
        self.process.communicate(timeout=STOP_WITHIN)
        return self.process.returncode


def parameters(state: Path, **more: Any) -> dict[str, Any]:
    """What ``snowflake.connector.connect`` takes for the server that runs on this state directory."""
    names = ("account", "user", "host", "port", "protocol", "role", "warehouse", "database", "schema")
    endpoint = _endpoint(state)
    password = (state / endpoint["password_file"]).read_text().strip()
    # No client may wait for minutes where a test is about to fail.
    limits = {"login_timeout": 20, "network_timeout": 60}
    return {**{name: endpoint[name] for name in names}, **limits, "password": password, **more}


def _endpoint(state: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((state / "endpoint.json").read_text())
    return found


def start(state: Path, *options: str, within: Sequence[str] = ()) -> LocalBackend:
    """A server that answers; ``within`` is a command that runs another one (``unshare -rm sh -c …``)."""
    file = state / "endpoint.json"
    file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*within, sys.executable, "-m", "sfml.emulator", "--state", os.fspath(state), *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.kill)  # a test that fails may not come to stop it
    deadline = time.monotonic() + START_WITHIN
    while not file.exists():
        if process.poll() is not None:
            raise RuntimeError(f"the local backend did not start: {process.communicate()[1]}")
        if time.monotonic() > deadline:
            process.kill()
            raise TimeoutError("the local backend did not start in time")
        time.sleep(0.01)
    return LocalBackend(state=state, process=process)

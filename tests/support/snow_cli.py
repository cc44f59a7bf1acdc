"""Snowflake's own command line, run against a local backend from a home directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

SNOW = os.environ.get("SFML_TEST_SNOW") or shutil.which("snow")
MISSING = "snow is not on PATH (pip install snowflake-cli)"

Snow = Callable[..., Any]


def runner(parameters: Mapping[str, Any], folder: Path, environment: Mapping[str, str] | None = None) -> Snow:
    """Runs ``snow … --format json`` in ``folder``, with a home in it; returns what it printed, parsed."""
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in parameters.items() if not key.endswith("timeout")
    ]
    config = folder / "home" / "config.toml"
    config.parent.mkdir()
    config.touch(mode=0o600)
    text = "[cli]\nignore_new_version_warning = true\n[connections.local]\n" + "\n".join(lines)
    config.write_text(text)
    home = str(config.parent)
    own = {"HOME": home, "SNOWFLAKE_HOME": home, "SNOWFLAKE_DISABLE_PLATFORM_DETECTION": "true"}
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    used = inherited | own | dict(environment or {})

    def run(*arguments: str, fails: bool = False) -> Any:
        command = [str(SNOW), *arguments, "-c", "local", "--format", "json"]
        done = subprocess.run(
            command, env=used, capture_output=True, text=True, cwd=folder, timeout=120, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr if fails else json.loads(done.stdout)

    return run

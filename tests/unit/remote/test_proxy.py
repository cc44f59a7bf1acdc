"""What ssh starts for each connection loads little, and says why it cannot go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sfml import remote
from sfml.remote import api

HEAVY = (
    "asyncio",
    "click",
    "jinja2",
    "snowflake.connector",
    "yaml",
    "ssl",
    "http.client",
    "sfml.config",
    "sfml.keypair",
    "cryptography",
    "sfml.specs",
)


def test_proxy__loaded__has_nothing_heavy() -> None:
    code = f"import sys, sfml.remote.proxy; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_proxy__unknown_box__ends_as_ssh_does(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sfml", "ssh-proxy", "sfml-none"],
        env={"HOME": str(tmp_path), "PYTHONPATH": str(Path(api.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 255
    assert "this machine knows no box 'sfml-none'" in done.stderr


def test_remote__functions__are_those_of_the_api() -> None:
    assert (remote.setup, remote.connect, remote.teardown) == (api.setup, api.connect, api.teardown)

"""The log that a bug leaves behind: enough to report it, no secret in it, readable by its owner only."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sfml import __version__
from sfml.proc import redact


def write_log(error: BaseException) -> Path:
    """Write the error with its traceback to a new file; its path."""
    text = _describe(error)
    name = f"bug-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    try:
        return _write(state_folder(os.environ) / name, text)
    except OSError:
        return _write(Path(tempfile.mkdtemp(prefix="sfml-")) / name, text)


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where logs belong (XDG base directories: XDG_STATE_HOME, by default ~/.local/state)."""
    base = environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "sfml"


def _describe(error: BaseException) -> str:
    lines = [
        f"sfml {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {' '.join(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    return redact("\n".join(lines))


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return path

"""Options that many verbs share: the configuration's keys as flags."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sfml import config, project
from sfml.config import KEYS

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)\Z")
_BYTES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]?)B?\Z")
CONNECTION_KEYS = ("connection", "database", "schema", "warehouse", "role")


def config_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command a flag for each of these keys; it receives the resolved ``config``."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def resolved(**values: Any) -> Any:
            flags = {name: values.pop(name) for name in names}
            return command(config=config.resolve(flags, os.environ, project.root(Path.cwd())), **values)

        decorated: Callable[..., Any] = resolved
        for name in reversed(names):
            decorated = _flag(name)(decorated)
        return decorated

    return decorate


def _flag(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    key = KEYS[name]
    short = ["-c"] if name == "connection" else []
    more = " Repeatable." if key.is_list else ""
    flag = f"--{name.replace('_', '-')}"
    return click.option(*short, flag, name, multiple=key.is_list, metavar="TEXT", help=key.help + more)


def duration(
    _context: click.Context | None, _parameter: click.Parameter | None, text: str | None
) -> float | None:
    """``90``, ``90s``, ``10m`` or ``2h`` as seconds (a callback for click)."""
    if text is None:
        return None
    match = _DURATION.match(text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise click.BadParameter(f"{text!r} is no time; write it as 90, 90s, 10m or 2h")
    return float(match[1]) * _UNITS[match[2]]


def size(_context: click.Context | None, _parameter: click.Parameter | None, text: str | None) -> int | None:
    """``1000``, ``20KB``, ``500MB`` or ``2GB`` as bytes (a callback for click)."""
    if text is None:
        return None
    match = _SIZE.match(text.strip().upper())
    if match is None:
        raise click.BadParameter(f"{text!r} is no size; write it as 500MB or 2GB")
    return int(float(match[1]) * _BYTES[match[2]])


timeout_option = click.option(
    "--timeout",
    metavar="TIME",
    callback=duration,
    help="Stop waiting after this time (90s, 10m, 2h) and exit 101; the job goes on.",
)
result_option = click.option(
    "--result",
    "result_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what the script returned to FILE: as JSON, or as a pickle for *.pkl.",
)
exit_code_option = click.option(
    "--propagate-exit-code", is_flag=True, help="End with the script's own exit code."
)
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show the launcher's lines too.")

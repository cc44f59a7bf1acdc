"""Options that many verbs share: the configuration's keys as flags."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sfml import config, project
from sfml.config import KEYS

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

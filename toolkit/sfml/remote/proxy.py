"""``sfml ssh-proxy HOST``: what ssh runs to reach a box. Imports little: it starts with every connection."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sfml.errors import SfmlError
from sfml.remote import tokens
from sfml.remote.entry import DIRECT, Entry, SshFolder, folder, load
from sfml.tunnel.client import Client
from sfml.tunnel.command import carry, say
from sfml.tunnel.dial import Headers, Place, UnreachableError, knock, proxy_for
from sfml.tunnel.upgrade import PATH

FAILED = 255
"""What ssh itself ends with where there is no connection."""


def main(host: str, *, environ: Mapping[str, str] = os.environ) -> int:
    """Carry one ssh connection to the box; the exit code."""
    place = folder(Path(environ.get("HOME") or Path.home()))
    try:
        entry = load(place, host)
        url = entry.url + PATH
        where = Place(url=url, proxy=proxy_for(url, environ))
        code = carry(Client(where, TokenHeaders(entry, place, where, environ), report=say))
    except SfmlError as error:
        say(" ".join(f"{error} {error.hint or ''}".split()))
        return FAILED
    if code:
        _tell_story(entry, place)
    return code


class TokenHeaders:
    """Those of each upgrade, with a token of its own."""

    def __init__(self, entry: Entry, place: SshFolder, where: Place, environ: Mapping[str, str]) -> None:
        self._entry, self._place, self._where, self._environ = entry, place, where, environ
        self._again = False

    def __call__(self, refused: int) -> Headers:
        """A token is asked for where there is a way to the box only: without a network a session that gives
        one seems lost, and a login begins for nothing."""
        if self._again and self._entry.way != DIRECT:
            knock(self._where)
        self._again = True
        try:
            return [tokens.header(tokens.token(self._entry, self._place, self._environ, refused=refused))]
        except OSError as error:
            raise UnreachableError(str(error)) from error


def _tell_story(entry: Entry, place: SshFolder) -> None:
    """What Snowflake knows of a box that could not be entered, or was lost."""
    request = {
        "ask": "story",
        "connection": entry.connection,
        "role": entry.role,
        "state": entry.state,
        "service": entry.service,
    }
    try:
        text = str(tokens.ask(place, request)["story"])
    except (SfmlError, OSError) as error:
        text = f"its state cannot be asked for: {error}"
    sys.stderr.write("".join(f"  {line}\r\n" for line in text.splitlines()))

"""``sfml ssh-proxy HOST``: what ssh runs to reach a box. Imports little: it starts with every connection."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sfml.errors import SfmlError
from sfml.remote import tokens
from sfml.remote.entry import Entry, SshFolder, folder, load
from sfml.tunnel.client import Client
from sfml.tunnel.command import carry, say
from sfml.tunnel.dial import Headers, Place, proxy_for
from sfml.tunnel.upgrade import PATH

FAILED = 255
"""What ssh itself ends with where there is no connection."""


def main(host: str, *, environ: Mapping[str, str] = os.environ) -> int:
    """Carry one ssh connection to the box; the exit code."""
    place = folder(Path(environ.get("HOME") or Path.home()))
    try:
        entry = load(place, host)

        def headers(refused: int) -> Headers:
            return [tokens.header(tokens.token(entry, place, environ, refused=refused))]

        url = entry.url + PATH
        where = Place(url=url, proxy=proxy_for(url, environ))
        code = carry(Client(where, headers, report=say))
    except SfmlError as error:
        say(" ".join(f"{error} {error.hint or ''}".split()))
        return FAILED
    if code:
        _tell_story(entry, place)
    return code


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

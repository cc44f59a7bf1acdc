"""What this machine lacks for a dev box: its programs, its proxy, its clock, its way to the server.

What takes time runs side by side.
"""

from __future__ import annotations

import http.client
import platform
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from sfml import proc
from sfml.errors import SfmlError, ToolMissingError
from sfml.remote.health import Finding, Health, finding
from sfml.tunnel import dial

MIN_PYTHON = (3, 11)
MIN_SNOW = (3, 30)
"""What pyproject.toml asks for in the extra ``cli``."""
MOST_SKEW = 30.0
"""Seconds: key-pair logins and signed tokens begin to fail about there."""
_WITHIN = 10.0
_ANYWHERE = "https://example.snowflakecomputing.app"

Environ = Mapping[str, str]


def machine(environ: Environ, url: str | None = None) -> Iterator[Finding]:
    """What is to be said of this machine; ``url`` is where the account answers, if that is known."""
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _ssh,
        _snow,
        _engine,
        lambda: _proxy(url or _ANYWHERE, environ),
    )
    with ThreadPoolExecutor(len(checks)) as pool:
        yield from pool.map(lambda check: check(), checks)


def _python() -> Finding:
    remedy = "sfml needs 3.11 or newer: make PYTHON=python3.12 install"
    return finding("Python", platform.python_version(), is_well=sys.version_info >= MIN_PYTHON, remedy=remedy)


def _ssh() -> Finding:
    remedy = "install the OpenSSH client (apt-get install openssh-client, or your system's like of it)"
    try:
        return finding("ssh", _said(["ssh", "-V"]))
    except SfmlError as error:
        return finding("ssh", str(error), is_well=False, remedy=remedy)


def _snow() -> Finding:
    remedy = f"only its own commands need it: pip install 'snowflake-cli>={MIN_SNOW[0]}.{MIN_SNOW[1]}'"
    try:
        said = _said(["snow", "--version"])
    except SfmlError as error:
        return finding("snow", str(error), is_well=False, remedy=remedy, otherwise=Health.WARN)
    found = re.search(r"(\d+)\.(\d+)", said)
    is_new = found is None or (int(found[1]), int(found[2])) >= MIN_SNOW
    text = said if is_new else f"{said}: too old"
    return finding("snow", text, is_well=is_new, remedy=remedy, otherwise=Health.WARN)


def _engine() -> Finding:
    """Nothing but building images needs one, and the local backend's containers."""
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        return finding("engine", f"docker {_said(command, within=20)}")
    except ToolMissingError:
        text, remedy = "no docker", "building images needs it, entering a box does not: install Docker"
    except SfmlError as error:
        text, remedy = str(error), "start Docker to build images; may you use it (docker info)?"
    return finding("engine", text, is_well=False, remedy=remedy, otherwise=Health.WARN)


def _said(command: list[str], *, within: float = 30) -> str:
    """The first line that a program wrote."""
    done = proc.run(command, timeout=within)
    words = (done.stdout or done.stderr).strip().splitlines()
    return words[0] if words else "there"


def _proxy(url: str, environ: Environ) -> Finding:
    proxy = dial.proxy_for(url, environ)
    if proxy is None:
        return finding("proxy", "none")
    shown = proc.redact(proxy)
    if not proxy.startswith("http://"):
        remedy = "set HTTPS_PROXY to http://host:port; other kinds are not spoken"
        return finding("proxy", shown, is_well=False, remedy=remedy)
    try:
        place = urlsplit(proxy)
        socket.create_connection((place.hostname or "", place.port or 80), _WITHIN).close()
    except (OSError, ValueError) as error:
        text = f"{shown} does not answer: {getattr(error, 'strerror', None) or error}"
        remedy = "correct HTTPS_PROXY, or unset it where this network needs none"
        return finding("proxy", text, is_well=False, remedy=remedy)
    return finding("proxy", shown)


def clock(skew: float) -> Finding:
    """What a clock is that is ``skew`` seconds before or behind the server's."""
    remedy = "set this machine's clock (timedatectl set-ntp true): logins with keys and tokens fail with it"
    return finding(
        "clock", f"{abs(skew):.0f} s from Snowflake's", is_well=abs(skew) < MOST_SKEW, remedy=remedy
    )


def clock_of(url: str, environ: Environ, now: Callable[[], float]) -> Finding | None:
    """The same without a login, from the date of any answer there; None where there is no answer."""
    try:
        answer = ask(url, "/", {}, environ)
        sent = parsedate_to_datetime(str(answer.headers["Date"])).timestamp()
    except (OSError, ValueError, TypeError):
        return None
    return clock(sent - now())


def ask(url: str, path: str, headers: Mapping[str, str], environ: Environ) -> http.client.HTTPResponse:
    """The answer to a GET, its content unread, through the proxy where one is set; OSError without one."""
    place = dial.Place(url=url, proxy=dial.proxy_for(url, environ))
    connection = http.client.HTTPConnection(*place.address, timeout=_WITHIN)
    try:
        connection.sock = dial.connect(place, timeout=_WITHIN)
        connection.request("GET", path, headers={**headers, "Connection": "close"})
        return connection.getresponse()
    except http.client.HTTPException as error:
        raise ConnectionError(f"no answer that could be read: {error}") from error
    finally:
        connection.close()

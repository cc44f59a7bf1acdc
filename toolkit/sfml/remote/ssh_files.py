"""The ssh side of a box on this machine: a folder of our own in ~/.ssh, and one Include line in its config.

~/.ssh/config               gets one line at its top, once; a copy of what it was stands beside it
~/.ssh/sfml/HOST.conf       what ssh needs to know of one box
~/.ssh/sfml/HOST.json       what our ProxyCommand needs to know of it; no secret
~/.ssh/sfml/known_hosts     the boxes' host keys
~/.ssh/sfml/id_ed25519      the key for boxes
"""

from __future__ import annotations

import json
import os
import pwd
import shlex
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sfml import proc
from sfml.errors import InputError
from sfml.remote.box import LOGIN
from sfml.remote.entry import Entry, SshFolder

BACKUP = "config.before-sfml"
_HEADER = "# Written by sfml up; sfml down removes it."


def ensure_key(place: SshFolder) -> str:
    """The public key for boxes; the pair is made when there is none."""
    _make(place.ssh)
    _make(place.own)
    if not place.key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sfml", "-f", str(place.key)]
        proc.run(command, timeout=30)
    return " ".join(place.key.with_suffix(".pub").read_text(encoding="utf-8").split()[:2])


def options(place: SshFolder) -> list[str]:
    """What ssh has to be told to find these files: it looks in the login's home, whatever HOME says."""
    found = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    return [] if found == place.ssh else ["-F", str(place.ssh / "config")]


def write(place: SshFolder, entry: Entry, *, host_key: str, program: Sequence[str]) -> bool:
    """Make the box known to ssh; whether anything was changed."""
    _make(place.ssh)
    _make(place.own)
    changed = [
        _replace(place.entry(entry.host), json.dumps(asdict(entry), indent=2) + "\n"),
        _replace(place.known_hosts, known_hosts(_read(place.known_hosts), entry.host, host_key)),
        _replace(place.conf(entry.host), conf(place, entry.host, program)),
        _include(place),
    ]
    return any(changed)


def remove(place: SshFolder, host: str) -> None:
    """Forget a box; the Include line goes with the last one."""
    for path in (place.entry(host), place.conf(host)):
        path.unlink(missing_ok=True)
    if place.known_hosts.exists():
        _replace(place.known_hosts, known_hosts(_read(place.known_hosts), host, None))
    if place.own.is_dir() and not [*place.own.glob("*.conf")]:
        config = place.ssh / "config"
        text = _read(config)
        if text:
            _replace(config, without_include(text, place.own))


def conf(place: SshFolder, host: str, program: Sequence[str]) -> str:
    """A box's part of the ssh configuration."""
    command = shlex.join([*program, "ssh-proxy", host]).replace("%", "%%")
    lines = [
        f"User {LOGIN}",
        f"HostName {host}",
        f"HostKeyAlias {host}",
        f"ProxyCommand {command}",
        f"IdentityFile {_quoted(place.key)}",
        "IdentitiesOnly yes",
        f"UserKnownHostsFile {_quoted(place.known_hosts)}",
        "GlobalKnownHostsFile none",
        "StrictHostKeyChecking yes",
        # The tunnel takes care of lost connections, longer than ssh would.
        "ServerAliveInterval 0",
        "TCPKeepAlive no",
        # A shared connection would end for all with the first (and Windows has none).
        "ControlMaster no",
        "ControlPath none",
    ]
    return "\n".join([_HEADER, f"Host {host}", *(f"  {line}" for line in lines), ""])


def known_hosts(text: str, host: str, key: str | None) -> str:
    """The known hosts with this key for the host, or without the host."""
    lines = [line for line in text.splitlines() if line.split(" ")[0] != host]
    if key is not None:
        words = key.split()
        if len(words) < 2 or not words[0].startswith(("ssh-", "ecdsa-", "sk-")):
            raise InputError("what the box gives as its host key is none")
        lines.append(f"{host} {words[0]} {words[1]}")
    return "".join(f"{line}\n" for line in lines)


def include_line(own: Path) -> str:
    """The line in ~/.ssh/config."""
    return f"Include {_quoted(own / '*.conf')}"


def with_include(text: str, own: Path) -> str:
    """A config that begins with our Include: further down it could belong to a Host block."""
    line = include_line(own)
    return text if line in text.splitlines() else f"{line}\n\n{text}" if text else f"{line}\n"


def without_include(text: str, own: Path) -> str:
    """A config without our Include, as it was before."""
    line = include_line(own)
    return text.replace(f"{line}\n\n", "", 1) if f"{line}\n\n" in text else text.replace(f"{line}\n", "", 1)


def _include(place: SshFolder) -> bool:
    config = place.ssh / "config"
    text = _read(config)
    wanted = with_include(text, place.own)
    if wanted == text:
        return False
    backup = place.ssh / BACKUP
    if config.exists() and not backup.exists():
        shutil.copy2(config, backup)
    return _replace(config, wanted)


def _quoted(path: Path) -> str:
    text = str(path)
    if '"' in text or "\n" in text:
        raise InputError(
            f"{text!r} cannot stand in an ssh configuration", hint="it holds a quote or line break"
        )
    return '"' + text.replace("%", "%%") + '"'


def _make(path: Path) -> None:
    path.mkdir(mode=0o700, exist_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _replace(path: Path, text: str) -> bool:
    """Write a file as a whole, keep its mode, follow a link; whether that was necessary."""
    path = path.resolve()
    if path.exists() and _read(path) == text:
        return False
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).chmod(mode)
    Path(temporary).replace(path)
    return True

"""The ssh side of a box on this machine: a folder of our own in ~/.ssh, and one Include line in its config.

~/.ssh/config               gets one line at its top, once; a copy of what it was stands beside it
~/.ssh/sfml/HOST.conf       what ssh needs to know of one box
~/.ssh/sfml/HOST.json       what our ProxyCommand needs to know of it; no secret
~/.ssh/sfml/known_hosts     the boxes' host keys
~/.ssh/sfml/id_ed25519      the key for boxes
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import re
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    public = place.key.with_suffix(".pub")
    with _alone(place):
        if not place.key.exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sfml", "-f", str(place.key)]
            proc.run(command, timeout=30)
        if not public.exists():
            _replace(public, proc.run(["ssh-keygen", "-y", "-f", str(place.key)], timeout=30).stdout)
        return " ".join(_read(public).split()[:2])


def options(place: SshFolder) -> list[str]:
    """What ssh has to be told to find these files: it looks in the login's home, whatever HOME says."""
    found = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".ssh"
    return [] if found == place.ssh else ["-F", str(place.ssh / "config")]


def write(place: SshFolder, entry: Entry, *, host_key: str, program: Sequence[str]) -> bool:
    """Make the box known to ssh; whether anything was changed."""
    with _alone(place):
        changed = [
            _replace(place.entry(entry.host), json.dumps(asdict(entry), indent=2) + "\n"),
            _replace(place.known_hosts, known_hosts(_read(place.known_hosts), entry.host, host_key)),
            _replace(place.conf(entry.host), conf(place, entry.host, program)),
            _include(place),
        ]
    return any(changed)


def remove(place: SshFolder, host: str) -> None:
    """Forget a box; the Include line goes with the last one."""
    if not place.own.is_dir():
        return
    with _alone(place):
        for path in (place.entry(host), place.conf(host)):
            path.unlink(missing_ok=True)
        if place.known_hosts.exists():
            _replace(place.known_hosts, known_hosts(_read(place.known_hosts), host, None))
        text = _read(place.ssh / "config")
        if text and not [*place.own.glob("*.conf")]:
            _replace(place.ssh / "config", without_include(text, place.own))


@contextmanager
def _alone(place: SshFolder) -> Iterator[None]:
    """Our folder is there, and no other run changes these files meanwhile."""
    _make(place.ssh)
    _make(place.own)
    folder = os.open(place.own, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


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
    """The line in ~/.ssh/config; characters that mean something there, by ssh's version, match any."""
    odd = re.compile(r'[%"\\\[\]*{}$]')
    return f'Include "{odd.sub("?", _one_line(own))}/*.conf"'


def with_include(text: str, own: Path) -> str:
    """A config that begins with our Include: further down it could belong to a Host block."""
    line = include_line(own)
    found = re.search(rf"^{re.escape(line)}$", text, re.MULTILINE)
    if found and not _BLOCK.search(text[: found.start()]):
        return text
    rest = without_include(text, own) if found else text
    return f"{line}\n\n{rest}" if rest else f"{line}\n"


_BLOCK = re.compile(r"^\s*(?:host|match)\b", re.IGNORECASE | re.MULTILINE)


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
    try:
        if config.exists() and not backup.exists():
            shutil.copy2(config, backup)
        return _replace(config, wanted)
    except (InputError, OSError) as error:
        raise InputError(
            str(error), hint=f"put this line at its top yourself:\n{include_line(place.own)}"
        ) from error


def _quoted(path: Path) -> str:
    """As a value in an ssh configuration; in braces ssh looks for a variable, whatever stands around them."""
    text = _one_line(path)
    if "${" in text:
        raise InputError(f"{text!r} cannot stand in an ssh configuration: ${{ has a meaning there")
    for character, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        text = text.replace(character, written)
    return f'"{text}"'


def _one_line(path: Path) -> str:
    if "\n" in str(path):
        raise InputError(f"{str(path)!r} cannot stand in an ssh configuration: it has a line break")
    return str(path)


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be made: {error.strerror}") from error


def _read(path: Path) -> str:
    """A file's text; bytes that are none stay as they are, and so do ends of lines."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _replace(path: Path, text: str) -> bool:
    """Write a file as a whole or not at all, keep its mode, follow a link; whether that was necessary."""
    path = Path(os.path.realpath(path))
    if path.exists() and _read(path) == text:
        return False
    try:
        _write(path, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    return True


def _write(path: Path, data: bytes) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

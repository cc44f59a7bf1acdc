"""What this machine knows of its boxes, for the ProxyCommand: little, without a secret, and quick to load."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sfml.errors import InputError, NotFoundError

AGENT, DIRECT, KEY_PAIR = "agent", "direct", "key pair"
"""Ways to a token: from the user's agent, a programmatic access token read from where it is kept, or one
that the account gives for a JWT which the user's key has signed."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Where a box is, and how a token for it is to be had."""

    host: str
    url: str
    service: str
    connection: str
    role: str | None
    state: str
    way: str
    code_url: str | None = None
    jupyter_url: str | None = None


@dataclass(frozen=True)
class SshFolder:
    """The ssh files of one user: ``ssh`` is their ~/.ssh, ``own`` our folder in it."""

    ssh: Path

    @property
    def own(self) -> Path:
        """Where our files are."""
        return self.ssh / "sfml"

    @property
    def key(self) -> Path:
        """The private key for boxes."""
        return self.own / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The boxes' host keys."""
        return self.own / "known_hosts"

    def conf(self, host: str) -> Path:
        """A box's part of the ssh configuration."""
        return self.own / f"{host}.conf"

    def entry(self, host: str) -> Path:
        """A box's entry."""
        return self.own / f"{host}.json"


def folder(home: Path) -> SshFolder:
    """The folder of the user with this home."""
    return SshFolder(home / ".ssh")


def hosts(place: SshFolder) -> list[str]:
    """The boxes that this machine knows."""
    return sorted(path.stem for path in place.own.glob("*.json"))


def load(place: SshFolder, host: str) -> Entry:
    """A box's entry; NotFoundError where sfml up has not been run here."""
    try:
        return Entry(**json.loads(place.entry(host).read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(hosts(place)) or "none"
        raise NotFoundError(
            f"this machine knows no box {host!r} (known: {known})", hint="sfml up makes it known"
        ) from None
    except (ValueError, TypeError) as error:
        raise InputError(f"{place.entry(host)} is damaged: {error}", hint="sfml up writes it anew") from error

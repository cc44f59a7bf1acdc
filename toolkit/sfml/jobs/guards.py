"""What must not leave this machine by mistake: secrets, and far more than a job needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from sfml.errors import InputError
from sfml.jobs.payload import Payload
from sfml.jobs.selection import Chosen, Selection

# Files that hold a secret whatever is in them.
_SECRET_NAMES = (
    ".env",
    ".env.*",
    "*.p8",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".pypirc",
    ".git-credentials",
    "connections.toml",
)
_HARMLESS_NAMES = (".env.example", ".env.sample", ".env.template", ".env.dist")
# How keys and tokens look in a text: their issuers give them these beginnings so that they can be found.
_SECRET_TEXTS = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS access key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})"),
    "a Hugging Face token": re.compile(rb"\bhf_[A-Za-z0-9]{34}\b"),
    "an API key": re.compile(rb"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{40}"),
    "a Slack token": re.compile(rb"\bxox[abprs]-[0-9]+-[A-Za-z0-9-]{10}"),
}
# Larger files are data; a secret in them is not looked for.
_READ_AT_MOST = 1 << 20
_MOST_FILES = 5_000
_SHOWN = 5


def check(selection: Selection, payload: Payload) -> None:
    """InputError for secrets that were not named with --include, and for a payload beyond its limits."""
    named = tuple(PurePosixPath(name) for name in payload.include)
    _refuse_secrets([file for file in selection.files if not _is_named(file, named)])
    _refuse_size(selection.files, payload.max_bytes)


def secret(file: Chosen) -> str | None:
    """What secret a file seems to hold, and where; never the secret itself."""
    name = PurePosixPath(file.name).name.lower()
    if name not in _HARMLESS_NAMES and any(fnmatchcase(name, pattern) for pattern in _SECRET_NAMES):
        return f"{file.name} (by its name)"
    if file.size > _READ_AT_MOST:
        return None
    content = file.path.read_bytes()
    for what, pattern in _SECRET_TEXTS.items():
        match = pattern.search(content)
        if match is not None:
            return f"{file.name}:{content.count(bytes([10]), 0, match.start()) + 1} ({what})"
    return None


def readable(size: int) -> str:
    """A number of bytes as people write it."""
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _is_named(file: Chosen, named: Iterable[PurePosixPath]) -> bool:
    return any(PurePosixPath(file.name).is_relative_to(name) for name in named)


def _refuse_secrets(files: Iterable[Chosen]) -> None:
    found = [text for file in files if (text := secret(file)) is not None]
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise InputError(
            f"the job's files seem to hold secrets: {', '.join(found[:_SHOWN])}{more}; nothing was sent",
            hint="leave them at home: name them in .sfmlignore (a Snowflake secret is safer in a job)\n"
            "or send one all the same: --include FILE",
        )


def _refuse_size(files: tuple[Chosen, ...], limit: int) -> None:
    total = sum(file.size for file in files)
    if total <= limit and len(files) <= _MOST_FILES:
        return
    most = readable(limit)
    raise InputError(
        f"the job's files are too many: {len(files)} files, {readable(total)} "
        f"(at most {_MOST_FILES} and {most}); nothing was sent",
        hint=f"most of it: {', '.join(_culprits(files))}\nname what the job does not need in .sfmlignore, "
        "put data on a stage, or raise the limit: --max-payload 2GB",
    )


def _culprits(files: tuple[Chosen, ...]) -> Iterator[str]:
    """The largest files, and the folders with the most files."""
    for file in sorted(files, key=lambda file: -file.size)[:3]:
        yield f"{file.name} ({readable(file.size)})"
    folders: dict[str, int] = {}
    for file in files:
        top = file.name.partition("/")[0]
        folders[top] = folders.get(top, 0) + 1
    name, count = max(folders.items(), key=lambda item: item[1])
    if count > _MOST_FILES / 2:
        yield f"{name}/ ({count} files)"

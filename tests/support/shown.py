"""Where secrets can be seen while a program runs: files, arguments and environments of processes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

JWT = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")
"""Any JWT, or token in its form, whosever it is."""

Secrets = Mapping[str, bytes | re.Pattern[bytes]]


def lines(name: str, pem: str | bytes) -> dict[str, bytes]:
    """A key's text by its lines, without the first and last, which are no secret."""
    text = pem.encode() if isinstance(pem, str) else pem
    body = [line for line in text.splitlines() if len(line) > 20 and b"-----" not in line]
    return {f"{name}, line {number}": line for number, line in enumerate(body, 1)}


def places(secrets: Secrets, *folders: Path) -> dict[str, set[str]]:
    """Where each secret is: files below the folders, processes' arguments and environments."""
    seen = [*((str(path), data) for path, data in _files(folders)), *_processes()]
    return {name: {place for place, data in seen if is_in(secret, data)} for name, secret in secrets.items()}


def expected(secrets: Secrets, own: Mapping[str, Path]) -> dict[str, set[str]]:
    """Each secret in its own file alone; ``own``: the beginning of a secret's name, and its file."""
    return {name: {str(file) for start, file in own.items() if name.startswith(start)} for name in secrets}


def is_in(secret: bytes | re.Pattern[bytes], data: bytes) -> bool:
    return secret in data if isinstance(secret, bytes) else secret.search(data) is not None


def _files(folders: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


def _processes() -> list[tuple[str, bytes]]:
    """Arguments and environment of every process but this one."""
    seen = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        for name in ("cmdline", "environ"):
            try:
                seen.append((f"process {folder.name} {name}", (folder / name).read_bytes()))
            except OSError:
                continue  # it has ended, or is somebody else's
    return seen

"""A large file to copy, and how large: `nox -s soak` runs the tunnel's tests at length."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

SOAK = os.environ.get("SFML_TEST_SOAK") == "1"
SIZE = (1 << 30) if SOAK else (128 << 20)


def write_sample(path: Path) -> Path:
    """The same SIZE bytes each time, which nothing can compress."""
    with path.open("wb") as file:
        for block in range(SIZE >> 20):
            file.write(random.Random(block).randbytes(1 << 20))
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""PUT with OVERWRITE = FALSE: which of the client's files are on the stage already."""

from __future__ import annotations

import glob
import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from sfml.emulator.results import Column, Rows, Transfer, Type, text_columns

_PATTERN = re.compile(r"[*?\[]")
# What the connector's file_compression_type.py stores as it is although mimetypes does not know the suffix.
_COMPRESSED = (".br", ".zst", ".orc", ".parquet", ".deflate", ".raw_deflate", ".lz", ".lzma", ".lzo")

_PUT_COLUMNS = (
    *text_columns("source", "target"),
    Column(name="source_size", type=Type.FIXED),
    Column(name="target_size", type=Type.FIXED),
    *text_columns("source_compression", "target_compression", "status", "message"),
)


def sources(pattern: str) -> list[str]:
    """The client's files as this machine sees them: what the pattern matches, or the one file named.

    None for a relative pattern: the client's working directory is not known here.
    """
    if not _PATTERN.search(pattern):
        return [pattern]
    if not Path(pattern).is_absolute():
        return []
    return sorted(glob.glob(pattern))  # noqa: PTH207 - the connector matches with glob.glob, so do we


def is_bare(source: str) -> bool:
    """Whether this is how the client names one file in its second statement: a name without a folder."""
    return "/" not in source and not _PATTERN.search(source)


def without(transfer: Transfer, present: Sequence[str]) -> tuple[str, ...]:
    """The source locations of a PUT, without those that need no upload."""
    if not present:
        return transfer.src_locations
    kept = (path for path in sources(transfer.src_locations[0]) if path not in present)
    return tuple(glob.escape(path) for path in kept)


def stored_name(source: str, transfer: Transfer) -> str:
    """The name that the connector gives a file (file_transfer_agent.py, its compression types)."""
    name = PurePosixPath(source).name
    given = transfer.source_compression not in ("auto_detect", "none")
    detected = transfer.source_compression == "auto_detect" and _looks_compressed(name)
    return name if given or detected or not transfer.auto_compress else f"{name}.gz"


def skipped(files: Sequence[str], transfer: Transfer) -> Rows:
    """The answer of a PUT that finds all its files there, in the rows that the client makes of an upload."""
    return Rows(columns=_PUT_COLUMNS, rows=[_skipped(path, transfer) for path in files])


def _skipped(source: str, transfer: Transfer) -> tuple[object, ...]:
    path = Path(source)
    size = path.stat().st_size if path.is_absolute() and path.is_file() else 0
    target = stored_name(source, transfer)
    before, after = (("GZIP" if name.endswith(".gz") else "NONE") for name in (source, target))
    return (PurePosixPath(source).name, target, size, 0, before, after, "SKIPPED", "")


def _looks_compressed(name: str) -> bool:
    return mimetypes.guess_type(name)[1] is not None or name.endswith(_COMPRESSED)

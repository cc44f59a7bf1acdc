"""Read a script or notebook as Python text and the shell lines in it."""

from __future__ import annotations

import io
import json
import re
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sfml.errors import InputError

# Larger files are data or generated code; CPython needs about 100 bytes of tree per byte of source.
LARGEST = 4_000_000

_MAGIC = re.compile(r"^(\s*)([!%].*)$")
_ASSIGNED_SHELL = re.compile(r"^(\s*[\w, ]+=\s*)([!%]\S.*)$")
_HELP = re.compile(r"^\s*\??\??[\w.]+\?{1,2}\s*$")
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%memit")


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A command line as a notebook writes it, without its leading ``!`` or ``%``."""

    line: int
    command: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """Python text as it would run; ``shells`` are a notebook's `!` and `%` lines."""

    name: str
    text: str
    shells: tuple[Shell, ...] = ()
    notebook: bool = False


class UnreadableError(InputError):
    """A file that should be Python cannot be read as such; str(error) says why."""


def read_source(path: Path, name: str) -> Source:
    """The source of a ``.py`` or ``.ipynb`` file; raises UnreadableError."""
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableError(f"larger than {LARGEST // 1_000_000} MB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    if path.suffix == ".ipynb":
        return _notebook(name, _decode(data))
    return Source(name=name, text=_decode(data))


def _decode(data: bytes) -> str:
    if b"\0" in data:
        raise UnreadableError("binary, not text")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UnreadableError(f"not text in its declared encoding: {error}") from error


def _notebook(name: str, text: str) -> Source:
    try:
        document = json.loads(text)
        cells = document["cells"] if "cells" in document else document["worksheets"][0]["cells"]
        codes = [_cell_text(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(f"not a notebook: {error}") from error
    lines: list[str] = []
    shells: list[Shell] = []
    for code in codes:
        _add_cell(code, lines, shells)
    return Source(name=name, text="\n".join(lines) + "\n", shells=tuple(shells), notebook=True)


def _cell_text(cell: dict[str, Any]) -> str:
    # nbformat 3 calls it "input"; both versions allow a string or a list of lines.
    text = cell.get("source", cell.get("input", ""))
    return "".join(text) if isinstance(text, list) else str(text)


def _add_cell(code: str, lines: list[str], shells: list[Shell]) -> None:
    rows = code.splitlines()
    if rows and rows[0].startswith("%%"):
        if not rows[0].startswith(_PYTHON_CELLS):
            if rows[0].startswith(("%%bash", "%%sh", "%%script", "%%!")):
                shells += [Shell(line=len(lines) + i, command=row) for i, row in enumerate(rows, 1) if i > 1]
            lines += ["" for _ in rows]
            return
        rows[0] = ""
    for row in rows:
        lines.append(_python_line(row, len(lines) + 1, shells))


def _python_line(row: str, number: int, shells: list[Shell]) -> str:
    if magic := _MAGIC.match(row):
        shells.append(Shell(line=number, command=magic[2].lstrip("!%").strip()))
        return f"{magic[1]}pass"
    if assigned := _ASSIGNED_SHELL.match(row):
        shells.append(Shell(line=number, command=assigned[2].lstrip("!%").strip()))
        return f"{assigned[1]}None"
    return "" if _HELP.match(row) else row

"""The only printer: results go to stdout, progress and errors to stderr.

On a terminal tables are drawn with rich; in a pipe they are plain lines, one per row, columns parted by tabs.
With ``-o json`` stdout carries one JSON document and nothing else.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, TypeVar

import click

Row = Mapping[str, Any]
Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_BOLD_RED = "\x1b[1;31m"
_DIM = "\x1b[2m"
_RESET = "\x1b[0m"


class ReaderGoneError(Exception):
    """Whoever read the output has gone away (``sfml jobs list | head -1``)."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One command's output: ``as_json`` says whether stdout is for a program or for a reader."""

    as_json: bool
    stdout: TextIO
    stderr: TextIO

    def line(self, text: str) -> None:
        """One line for the reader; beside a JSON document it goes to stderr."""
        stream = self.stderr if self.as_json else self.stdout
        _write(stream, f"{text}\n")

    def progress(self, text: str) -> None:
        """One line about what is going on."""
        _write(self.stderr, f"{_styled(text, _DIM, self.stderr)}\n")

    def value(self, data: Any, text: str | None = None) -> None:
        """The result: ``data`` as JSON, or ``text`` (by default the JSON again) for a reader."""
        if self.as_json or text is None:
            text = json.dumps(data, indent=2, default=str, ensure_ascii=False)
        if text:
            _write(self.stdout, f"{text}\n")

    def table(self, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """The result as rows; ``columns`` are the keys to show to a reader, JSON has them all."""
        if self.as_json:
            self.value([dict(row) for row in rows])
        elif self.stdout.isatty():
            _draw(rows, columns, self.stdout)
        else:
            lines = ["\t".join(columns), *("\t".join(_cell(row.get(c)) for c in columns) for row in rows)]
            _write(self.stdout, "\n".join(lines) + "\n")


def output_option(command: Decorated) -> Decorated:
    """Give a command ``-o text|json``; it receives an ``Output`` as its parameter ``out``."""
    return click.option(
        "-o",
        "--output",
        "out",
        type=click.Choice(["text", "json"]),
        default="text",
        callback=lambda _context, _parameter, value: standard(as_json=value == "json"),
        help="text for a reader (default), json for a program.",
    )(command)


def dry_run_option(command: Decorated) -> Decorated:
    """Give a command that changes something ``--dry-run``."""
    return click.option("--dry-run", is_flag=True, help="Show what would be done and change nothing.")(
        command
    )


def standard(*, as_json: bool = False) -> Output:
    """The output of this process."""
    return Output(as_json=as_json, stdout=sys.stdout, stderr=sys.stderr)


def report(message: str, hint: str | None = None) -> None:
    """Print an error, and what to do about it, on stderr."""
    title = _styled("sfml: error:", _BOLD_RED, sys.stderr)
    text = f"{title} {message}\n"
    if hint:
        text += "".join(f"  {line}\n" for line in hint.splitlines())
    _write(sys.stderr, text)


def discard_stdout() -> None:
    """The reader of stdout has gone: send what is still buffered nowhere, so that exiting is quiet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def has_color(stream: TextIO) -> bool:
    """Whether to use colour: a terminal that knows it, and no NO_COLOR (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _styled(text: str, style: str, stream: TextIO) -> str:
    return f"{style}{text}{_RESET}" if has_color(stream) else text


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("\t", " ").replace("\n", " ")


def _draw(rows: Sequence[Row], columns: Sequence[str], stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    Console(file=stream).print(table)

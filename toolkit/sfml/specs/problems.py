"""What the checker reports: a problem, where it is, which rule it breaks and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DOCS = "https://github.com/snowflake-ml-accelerator/snowflake-ml-accelerator/blob/main/docs/reference/spec-rules.md"

# A place in a document: keys and indexes from the top.
Path = tuple[str | int, ...]


class Severity(StrEnum):
    """Errors fail a check; warnings fail it under --strict only."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found: where, counted from the value that the rule looks at, what, and what to do.

    ``at_key`` points at the key of the place rather than at its value.
    """

    path: Path = ()
    message: str
    fix: str = ""
    at_key: bool = False


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A finding with its rule and its line and column, both counted from 1."""

    file: str
    line: int
    column: int
    path: str
    rule: str
    severity: Severity
    message: str
    fix: str

    @property
    def docs(self) -> str:
        """The rule's section in the documentation."""
        return f"{DOCS}#{self.rule.lower()}"

    @property
    def order(self) -> tuple[str, int, str, int, str]:
        """Sorts by file, line and rule."""
        return (self.file, self.line, self.rule, self.column, self.message)


def server_path(path: Path) -> str:
    """The path as the server writes it: ``endpoints[0].port``, without a leading ``spec.``.

    The server's own words (395018): ``Invalid spec: unknown option '…' for 'endpoints[0]'``.
    """
    parts = path[1:] if len(path) > 1 and path[0] == "spec" else path
    shown = ""
    for part in parts:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown

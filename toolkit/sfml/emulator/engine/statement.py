"""What the engine is asked: one statement, and the state of the session that it depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sfml.emulator.cancellation import Cancellation
from sfml.emulator.request import Bind
from sfml.emulator.results import Rows, StatementType

STAR = "*"
"""In ``headings``: any number of columns with the names that they have."""

TYPES: Mapping[str, StatementType] = {
    "SELECT": StatementType.SELECT,
    "INSERT": StatementType.INSERT,
    "UPDATE": StatementType.UPDATE,
    "DELETE": StatementType.DELETE,
    "MERGE": StatementType.MERGE,
    "COPY": StatementType.COPY,
    "SHOW": StatementType.SHOW,
    "DESCRIBE": StatementType.SHOW,
}
DML = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})
READS = frozenset({"SELECT", "SHOW", "DESCRIBE"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where unqualified names resolve, and the session's time zone."""

    database: str | None = None
    schema: str | None = None
    zone: str = "UTC"
    autocommit: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class StagedFile:
    """A file that COPY INTO reads: where it lies, and its name in the answer."""

    path: Path
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StagedTable:
    """Files that a query reads as a table, and the name of the file format that says how (None: CSV)."""

    files: Sequence[StagedFile]
    file_format: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A table or view; ``rows`` of a view and ``text`` of a table are None."""

    database: str
    schema: str
    name: str
    comment: str
    rows: int | None = None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement for the engine.

    ``verb`` is its first word (SELECT, INSERT, CREATE …). ``binds`` stand for the ``?`` in order,
    ``bind_rows`` for those of a statement that is executed once for each row. ``tables`` are results that the
    text refers to by name. ``headings`` are the names of a SELECT's columns where Snowflake derives them from
    the expression's text (None: the column's own name, ``STAR``: any number of columns). ``files`` are what
    COPY INTO reads, ``staged`` what a query reads as tables.
    """

    text: str
    verb: str
    place: Place
    binds: Sequence[Bind] = ()
    bind_rows: Sequence[Sequence[Bind]] = ()
    tables: Mapping[str, Rows] = field(default_factory=dict)
    staged: Mapping[str, StagedTable] = field(default_factory=dict)
    headings: Sequence[str | None] = ()
    files: Sequence[StagedFile] = ()
    describe_only: bool = False
    cancelled: Cancellation = field(default_factory=Cancellation)

    @property
    def type(self) -> StatementType:
        return TYPES.get(self.verb, StatementType.DDL)

"""What a handler returns: rows with typed columns, or the instructions for a file transfer.

Handlers return these values; only wire.py knows how they travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum


class Type(StrEnum):
    """Column types as ``rowtype[].type`` names them (lower case on the wire)."""

    FIXED = "fixed"
    REAL = "real"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP_LTZ = "timestamp_ltz"
    TIMESTAMP_NTZ = "timestamp_ntz"
    TIMESTAMP_TZ = "timestamp_tz"
    BINARY = "binary"
    VARIANT = "variant"
    OBJECT = "object"
    ARRAY = "array"


class StatementType(Enum):
    """``statementTypeId`` as the connector knows it; decides the result format (SELECT is arrow)."""

    SELECT = 0x1000
    DML = 0x3000
    INSERT = 0x3100
    UPDATE = 0x3200
    DELETE = 0x3300
    MERGE = 0x3400
    COPY = 0x3700
    MULTI = 0xA000
    SHOW = 0x4000  # everything of the system kind: SHOW, DESCRIBE, CALL, ALTER SESSION
    DDL = 0x6000


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One result column; ``scale`` and ``precision`` for FIXED, ``length`` in characters for TEXT."""

    name: str
    type: Type = Type.TEXT
    nullable: bool = True
    scale: int = 0
    precision: int = 38
    length: int = 16_777_216


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A result set. Cells are plain Python values: str, int, Decimal, float, bool, bytes, date, time,
    aware datetime (LTZ, TZ), naive datetime (NTZ), None; VARIANT, OBJECT and ARRAY cells are JSON text.
    """

    columns: tuple[Column, ...]
    rows: Sequence[tuple[object, ...]] = ()
    statement: StatementType = StatementType.SHOW
    # The name that RESULT_SCAN and the client's stats see; DML row counts travel as ordinary cells.
    affected: int | None = None


class Direction(StrEnum):
    UPLOAD = "UPLOAD"
    DOWNLOAD = "DOWNLOAD"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One file of a stage: the stage's catalog id and the path below it."""

    stage: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """PUT or GET, made by ``Stages``: the client moves the files itself, with a signed URL for each target.

    UPLOAD has one target (the name that the file gets if it is stored as it is), DOWNLOAD one for each name
    in ``src_locations``.
    """

    direction: Direction
    src_locations: tuple[str, ...]
    targets: tuple[Target, ...]
    local_location: str | None = None
    stage_location: str = ""
    auto_compress: bool = True
    source_compression: str = "auto_detect"
    overwrite: bool = False
    parallel: int = 4


Answer = Rows | Transfer


def text_columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name) for name in names)


def status(text: str) -> Rows:
    """The answer of a DDL statement: one cell, column ``status``."""
    return Rows(columns=text_columns("status"), rows=[(text,)], statement=StatementType.DDL)


def scalar(column: str, value: object, *, kind: Type = Type.TEXT) -> Rows:
    """The answer of CALL and SYSTEM$ functions: one cell named after the function."""
    return Rows(columns=(Column(name=column, type=kind),), rows=[(value,)])


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Rows:
    return Rows(columns=tuple(columns), rows=[tuple(row) for row in rows])

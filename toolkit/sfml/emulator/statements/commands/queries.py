"""What is asked of the SQL engine, or could be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sfml.emulator.statements.commands.base import ALL
from sfml.emulator.statements.commands.services import Call
from sfml.emulator.statements.names import ObjectName, ShowFilter, StagePath


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """An argument that is no literal: its text, for the SQL engine to evaluate."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextFunction:
    """``CURRENT_ROLE()`` and the like; ``name`` is upper-case."""

    name: str
    args: tuple[object, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Constant:
    """One column of :class:`SelectConstants`: a literal or a :class:`ContextFunction`."""

    column: str
    value: object


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectConstants:
    """``SELECT 1``, ``SELECT CURRENT_ROLE() AS r, 'x'``: answered without the SQL engine."""

    columns: tuple[Constant, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultScan:
    """``SELECT * FROM TABLE(RESULT_SCAN(…))`` and nothing more; the id is a literal or LAST_QUERY_ID."""

    query_id: object


@dataclass(frozen=True, kw_only=True, slots=True)
class TableCall:
    """A table function inside a query that the backend answers, not the engine.

    ``function`` is RESULT_SCAN, GET_JOB_HISTORY, INFER_SCHEMA, EVENTS (the event table), or a method of the
    service ``target``.
    Arguments are literals, :class:`ContextFunction` (LAST_QUERY_ID) or :class:`Expression`.
    """

    function: str
    placeholder: str
    target: ObjectName | None = None
    args: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageTable:
    """``FROM @stage/path (FILE_FORMAT => …, PATTERN => …)``: files of a stage as a table."""

    placeholder: str
    location: StagePath
    file_format: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A statement for the SQL engine; ``verb`` is its first word (SELECT, INSERT, SHOW …), upper-case.

    ``subject`` is the kind where the verb needs one: TABLE for ``CREATE OR REPLACE TEMPORARY TABLE``.
    In ``text`` every bound value is a ``?`` and ``binds`` are their numbers (from 0) in the request; session
    variables are replaced by their values, ``tables`` and ``stages`` by their placeholders, and ``values``
    (functions of the session or the service) by their keys. ``headings`` are the names of a SELECT's
    columns where
    they are derived from the expression's text (None: the column has a name, ``*``: any number of columns).
    """

    text: str
    verb: str
    subject: str = ""
    binds: tuple[int, ...] = ()
    tables: tuple[TableCall, ...] = ()
    stages: tuple[StageTable, ...] = ()
    values: Mapping[str, ContextFunction | Call] = field(default_factory=dict)
    headings: tuple[str | None, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DropFileFormat:
    name: ObjectName
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowTables:
    """``kind`` is TABLES, VIEWS or OBJECTS."""

    kind: str
    filter: ShowFilter = ALL
    terse: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyInto:
    """COPY INTO a table from a stage: the engine reads the files that the handler finds there.

    ``query`` has ``source`` replaced by ``placeholder`` and is without FILES, PATTERN and PURGE.
    """

    query: Query
    source: StagePath
    placeholder: str
    files: tuple[str, ...] = ()
    pattern: str | None = None
    purge: bool = False

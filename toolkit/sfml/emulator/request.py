"""One statement as the app hands it to the handlers: text, bound values, and its stop signal."""

from __future__ import annotations

from dataclasses import dataclass

from sfml.emulator.cancellation import Cancellation


@dataclass(frozen=True, kw_only=True)
class Bind:
    """One bound value: the type as sent (``TEXT``, ``FIXED``, ``TIMESTAMP_NTZ`` …) and the value as Python.

    Values are of the same classes as the cells of ``results.Rows``.
    """

    type: str
    value: object


@dataclass(frozen=True, kw_only=True)
class Request:
    """One statement to execute.

    ``binds`` stand for the ``?`` or ``:1`` in order. Array binds (executemany) arrive in ``bind_rows``
    instead, one tuple for each row: the statement is to be executed for all of them as one.
    """

    text: str
    binds: tuple[Bind, ...] = ()
    bind_rows: tuple[tuple[Bind, ...], ...] = ()
    describe_only: bool = False
    query_id: str
    cancelled: Cancellation

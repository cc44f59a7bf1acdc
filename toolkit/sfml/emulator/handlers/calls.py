"""The service's own functions: CALL f(…), SELECT f(…), CALL service!method(…)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, invalid
from sfml.emulator.handlers import job_calls, repositories, tags
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.job_calls import Handler
from sfml.emulator.results import Rows, scalar
from sfml.emulator.statements import commands as c


def call(command: c.Call, request: Request, context: Context, backend: Backend) -> Rows:
    """The answer of the function; :class:`Fault` for one that there is not."""
    known = job_calls.METHODS if command.target else CALLS
    if command.function not in known:
        raise Fault("002140", "42601", f"SQL compilation error:\nUnknown function {command.function}")
    return known[command.function](command, request, context, backend)


def cancel_all_queries(command: c.Call, request: Request, context: Context, backend: Backend) -> Rows:
    """SYSTEM$CANCEL_ALL_QUERIES(session): a session may stop its own statements (Snowpark does, to close)."""
    session = command.args[0] if len(command.args) == 1 else None
    if str(session) != str(context.session_id):
        raise invalid(f"Session '{session}' is not this session.")
    stopped = backend.queries.cancel_session(context.session_id, besides=request.query_id)
    return scalar(command.column, f"{stopped} statements cancelled.")


def cancel_query(command: c.Call, _: Request, __: Context, backend: Backend) -> Rows:
    """SYSTEM$CANCEL_QUERY(query id)."""
    query_id = str(command.args[0]) if len(command.args) == 1 else ""
    if not backend.queries.cancel(query_id):
        return scalar(command.column, "Identified SQL statement is not currently executing.")
    return scalar(command.column, f"query [{query_id}] terminated.")


# docs.snowflake.com/en/sql-reference/functions/system_wait
_UNITS = {"DAYS": 86_400, "HOURS": 3_600, "MINUTES": 60, "SECONDS": 1, "MILLISECONDS": 0.001}


def wait(command: c.Call, request: Request, _: Context, __: Backend) -> Rows:
    """SYSTEM$WAIT(amount [, unit]): answers when the time is over, or the statement is cancelled."""
    amount, unit = (*command.args, "SECONDS")[:2] if command.args else (None, None)
    seconds = _UNITS.get(str(unit).upper())
    if seconds is None or isinstance(amount, bool) or not isinstance(amount, int | float | Decimal):
        raise invalid(f"Invalid argument for function SYSTEM$WAIT: {amount}, {unit}")
    request.cancelled.wait(float(amount) * seconds)
    request.cancelled.check()
    return scalar(command.column, f"waited {amount} {str(unit).lower()}")


CALLS: Mapping[str, Handler] = {
    **job_calls.CALLS,
    "SYSTEM$CANCEL_ALL_QUERIES": cancel_all_queries,
    "SYSTEM$CANCEL_QUERY": cancel_query,
    "SYSTEM$GET_TAG": tags.get,
    "SYSTEM$REGISTRY_LIST_IMAGES": repositories.list_images,
    "SYSTEM$WAIT": wait,
}

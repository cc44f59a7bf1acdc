"""USE, ALTER SESSION, session variables, and what SHOW tells about the session."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sfml.emulator import parameters
from sfml.emulator.catalog import Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, cannot_be_performed, invalid
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.handlers.functions import REGION
from sfml.emulator.handlers.objects import INFORMATION_SCHEMA, SUCCEEDED, columns, existing
from sfml.emulator.handlers.privileges import available_roles
from sfml.emulator.results import Rows, status, table
from sfml.emulator.statements import commands as c
from sfml.emulator.statements.names import ObjectName, SchemaName

# Parameters of docs.snowflake.com/en/sql-reference/parameters that a session may set, beside those with
# a default here; they are recorded and shown, and change nothing.
_RECORDED_NAMES = """
    ABORT_DETACHED_QUERY ACTIVE_PYTHON_PROFILER CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX
    CLIENT_METADATA_USE_SESSION_DATABASE CLIENT_RESULT_COLUMN_CASE_INSENSITIVE DATE_INPUT_FORMAT
    DEFAULT_NULL_ORDERING ERROR_ON_NONDETERMINISTIC_MERGE ERROR_ON_NONDETERMINISTIC_UPDATE
    ENABLE_UNLOAD_PHYSICAL_TYPE_OPTIMIZATION GEOGRAPHY_OUTPUT_FORMAT GEOMETRY_OUTPUT_FORMAT
    HYBRID_TABLE_LOCK_TIMEOUT
    JDBC_TREAT_DECIMAL_AS_INT JSON_INDENT LOCK_TIMEOUT LOG_LEVEL METRIC_LEVEL MULTI_STATEMENT_COUNT
    NOORDER_SEQUENCE_AS_DEFAULT ODBC_TREAT_DECIMAL_AS_INT PYTHON_PROFILER_MODULES PYTHON_PROFILER_TARGET_STAGE
    ROWS_PER_RESULTSET S3_STAGE_VPCE_DNS_NAME SEARCH_PATH SIMULATED_DATA_SHARING_CONSUMER
    STATEMENT_QUEUED_TIMEOUT_IN_SECONDS STRICT_JSON_OUTPUT TIMESTAMP_DAY_IS_ALWAYS_24H TIMESTAMP_INPUT_FORMAT
    TIME_INPUT_FORMAT TRACE_LEVEL TRANSACTION_ABORT_ON_ERROR TRANSACTION_DEFAULT_ISOLATION_LEVEL
    TWO_DIGIT_CENTURY_START UNSUPPORTED_DDL_ACTION USE_CACHED_RESULT WEEK_OF_YEAR_POLICY WEEK_START
    """
_RECORDED = frozenset(_RECORDED_NAMES.split())
# Parameters that only their client reads; Snowpark sets some of its own with ALTER SESSION.
_CLIENTS_OWN = ("CLIENT_", "JDBC_", "ODBC_", "PYTHON_SNOWPARK_")
# SHOW PARAMETERS … IN ACCOUNT or IN SERVICE shows these too; snowflake-ml-python asks for EVENT_TABLE.
# The value is Snowflake's default event table.
_OBJECT_PARAMETERS = {
    "EVENT_TABLE": "snowflake.telemetry.events",
    "LOG_LEVEL": "OFF",
    "LOG_EVENT_LEVEL": "OFF",
}
# Switches of the service for what is always on here: shown as on, and they can only be set to that.
# ML Jobs' own tests ask for them.
_ALWAYS_ON = (
    "ENABLE_ENTITY_FACADE_SYSTEM_FUNCTIONS",
    "ENABLE_ML_JOB_DEFINITIONS",
    "ENABLE_SPCS_SCHEMA_IN_SNOWFLAKE_SHARE",
    "SNOWSERVICES_ENABLE_SPCS_JOB_CANCELLATION",
    "SNOWSERVICES_ENABLE_SPCS_JOB_HISTORY",
)
_KINDS = {
    "WAREHOUSE": Kind.WAREHOUSE,
    "DATABASE": Kind.DATABASE,
    "USER": Kind.USER,
    "COMPUTE POOL": Kind.COMPUTE_POOL,
}


def use_database(command: c.UseDatabase, _: Request, context: Context, backend: Backend) -> Rows:
    if backend.catalog.get(Kind.DATABASE, Name(name=command.name)) is None:
        raise cannot_be_performed()
    enter_database(context, backend, command.name)
    return status(SUCCEEDED)


def enter_database(context: Context, backend: Backend, name: str) -> None:
    """The session works in this database now; its schema is PUBLIC where there is one."""
    public = backend.catalog.get(Kind.SCHEMA, Name(name="PUBLIC", database=name))
    context.database, context.schema = name, "PUBLIC" if public else None


def use_schema(command: c.UseSchema, _: Request, context: Context, backend: Backend) -> Rows:
    name = command.name.resolve(context)
    if name.name != INFORMATION_SCHEMA and backend.catalog.get(Kind.SCHEMA, name) is None:
        raise cannot_be_performed()
    if backend.catalog.get(Kind.DATABASE, Name(name=name.database)) is None:
        raise cannot_be_performed()
    context.database, context.schema = name.database, name.name
    return status(SUCCEEDED)


def use_warehouse(command: c.UseWarehouse, _: Request, context: Context, backend: Backend) -> Rows:
    if backend.catalog.get(Kind.WAREHOUSE, Name(name=command.name)) is None:
        raise cannot_be_performed()
    context.warehouse = command.name
    return status(SUCCEEDED)


def use_role(command: c.UseRole, _: Request, context: Context, backend: Backend) -> Rows:
    if backend.catalog.get(Kind.ROLE, Name(name=command.name)) is None:
        raise cannot_be_performed()
    if command.name not in available_roles(context.user, backend):
        raise Fault(
            "003013",
            "42501",
            f"SQL access control error:\nRequested role '{command.name}' is not assigned to the executing "
            "user. Specify another role to activate.",
        )
    context.role = command.name
    return status(SUCCEEDED)


def use_secondary_roles(command: c.UseSecondaryRoles, _: Request, context: Context, __: Backend) -> Rows:
    context.secondary_roles = command.mode
    return status(SUCCEEDED)


# --- parameters


def alter_session(command: c.AlterSession, _: Request, context: Context, __: Backend) -> Rows:
    for name in (*command.options, *command.unset):
        known = name in parameters.DEFAULTS or name in _RECORDED or name.startswith(_CLIENTS_OWN)
        if not known and not (name in _ALWAYS_ON and command.options.get(name) is True):
            raise invalid(f"invalid parameter '{name}'")
    wanted = {name: value for name, value in command.options.items() if name not in _ALWAYS_ON}
    changes = {name: _parameter(name, value) for name, value in wanted.items()}
    context.parameters.update(changes)
    for name in command.unset:
        context.parameters.pop(name, None)
    return status(SUCCEEDED)


def _parameter(name: str, value: object) -> object:
    """The value in the type of the parameter's default."""
    default = parameters.DEFAULTS.get(name)
    text = str(value)
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise invalid(f"invalid value [{text}] for parameter '{name}'")
        return text.lower() == "true"
    if isinstance(default, int):
        if not text.isdigit():
            raise invalid(f"invalid value [{text}] for parameter '{name}'")
        return int(text)
    if name == "TIMEZONE":
        _check_zone(text)
    return text if isinstance(default, str) else value


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid(f"invalid value [{name}] for parameter 'TIMEZONE'") from None


def show_parameters(command: c.ShowParameters, _: Request, context: Context, backend: Backend) -> Rows:
    scope = command.filter.scope_kind
    _require_scope(command, context, backend)
    session = scope in (None, "SESSION")
    values: dict[str, object] = {**parameters.DEFAULTS, **dict.fromkeys(_ALWAYS_ON, True)}
    if not session:
        values |= _OBJECT_PARAMETERS
    rows = [
        _parameter_row(name, default, context.parameters if session else {})
        for name, default in values.items()
    ]
    if session:
        rows += [
            _parameter_row(name, "", context.parameters) for name in context.parameters.keys() - values.keys()
        ]
    names = columns("key", "value", "default", "level", "description", "type")
    return table(names, command.filter.pick(rows, itemgetter(0)))


def _require_scope(command: c.ShowParameters, context: Context, backend: Backend) -> None:
    kind, parts = command.filter.scope_kind, command.filter.scope_name
    if not parts or kind is None:
        return
    if kind in _KINDS:
        existing(backend, _KINDS[kind], Name(name=parts[-1]))
    elif kind == "SCHEMA":
        schema = SchemaName(name=parts[-1], database=parts[0] if len(parts) > 1 else None)
        existing(backend, Kind.SCHEMA, schema.resolve(context))
    elif kind in ("SERVICE", "STAGE"):
        database, schema_name, name = (None,) * (3 - len(parts)) + parts
        full = ObjectName(name=name or "", schema=schema_name, database=database)
        existing(backend, Kind[kind], full.resolve(context))


def _parameter_row(name: str, default: object, own: dict[str, object]) -> tuple[str, ...]:
    kind = {bool: "BOOLEAN", int: "NUMBER"}.get(type(default), "STRING")
    level = "SESSION" if name in own else ""
    return (name, _shown(own.get(name, default)), _shown(default), level, "", kind)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- variables, regions


def unset_variables(command: c.UnsetVariables, _: Request, context: Context, __: Backend) -> Rows:
    for name in command.names:
        context.variables.pop(name, None)
    return status(SUCCEEDED)


def show_variables(command: c.ShowVariables, _: Request, context: Context, __: Backend) -> Rows:
    names = columns("session_id", "created_on", "updated_on", "name", "value", "type", "comment")
    rows = [
        (str(context.session_id), None, None, name, _shown(value), _variable_type(value), "")
        for name, value in context.variables.items()
    ]
    return table(names, command.filter.pick(rows, itemgetter(3)))


def _variable_type(value: object) -> str:
    return {bool: "boolean", int: "fixed", float: "real"}.get(type(value), "text")


def show_regions(command: c.ShowRegions, _: Request, __: Context, ___: Backend) -> Rows:
    """One region: the one this server claims. Without region groups there is no column for them."""
    names = columns("snowflake_region", "cloud", "region", "display_name")
    rows: Iterable[tuple[str, ...]] = [(REGION, "aws", "us-west-2", "US West (Oregon)")]
    return table(names, command.filter.pick(rows, itemgetter(0)))

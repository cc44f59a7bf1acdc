"""Every statement as a typed value: what ``parse`` returns and a handler takes.

Names are resolved identifiers. ``options`` map upper-case option names to plain values: str, int, bool, a
tuple for a list, a dict for ``KEY = (A = 1)``. Handlers check them and refuse an unknown one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sfml.emulator.catalog import Kind
from sfml.emulator.statements.names import ObjectName, SchemaName, ShowFilter, StagePath

Options = Mapping[str, object]
ALL = ShowFilter()


# --- sessions


@dataclass(frozen=True, kw_only=True, slots=True)
class UseDatabase:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UseSchema:
    name: SchemaName


@dataclass(frozen=True, kw_only=True, slots=True)
class UseWarehouse:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UseRole:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UseSecondaryRoles:
    """``mode`` is ALL or NONE."""

    mode: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterSession:
    """Either ``options`` to set or the names to ``unset``."""

    options: Options = field(default_factory=dict)
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SetVariables:
    """``SET x = …``; values are literals, or the text of an expression for the engine in ``expressions``."""

    names: tuple[str, ...]
    expressions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnsetVariables:
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    """``action`` is BEGIN, COMMIT or ROLLBACK."""

    action: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowParameters:
    """The filter's ``scope_kind`` may also be SESSION, WAREHOUSE, USER, SERVICE and so on."""

    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowRegions:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowVariables:
    filter: ShowFilter = ALL


# --- databases and schemas


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateDatabase:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    transient: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterDatabase:
    """``action`` is SET, UNSET (options' names in ``options``) or RENAME (``new_name``)."""

    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    new_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DropDatabase:
    name: str
    if_exists: bool = False
    restrict: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowDatabases:
    filter: ShowFilter = ALL
    terse: bool = False
    history: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeDatabase:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateSchema:
    name: SchemaName
    or_replace: bool = False
    if_not_exists: bool = False
    transient: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterSchema:
    name: SchemaName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    new_name: SchemaName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DropSchema:
    name: SchemaName
    if_exists: bool = False
    restrict: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowSchemas:
    filter: ShowFilter = ALL
    terse: bool = False
    history: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeSchema:
    name: SchemaName


# --- warehouses


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateWarehouse:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterWarehouse:
    """``action`` is SUSPEND, RESUME, ABORT ALL QUERIES, SET or UNSET."""

    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropWarehouse:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowWarehouses:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeWarehouse:
    name: str


# --- roles, users, grants


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateRole:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropRole:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowRoles:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateUser:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterUser:
    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterUserToken:
    """``action`` is ADD or REMOVE; no ``user`` is the session's own."""

    action: str
    token: str
    user: str | None = None
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropUser:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowUsers:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeUser:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grantee:
    """``kind`` is ROLE or USER."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Securable:
    """What a privilege is on: ``kind`` (ACCOUNT, DATABASE, COMPUTE POOL, STAGE …) and the parts of its name.

    ``bulk`` is ALL or FUTURE for ``ON ALL STAGES IN SCHEMA s``; then ``kind`` is the singular and ``name``
    that of the ``container`` (DATABASE or SCHEMA).
    """

    kind: str
    name: tuple[str, ...] = ()
    bulk: str | None = None
    container: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantPrivileges:
    privileges: tuple[str, ...]
    on: Securable
    to: Grantee
    grant_option: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokePrivileges:
    privileges: tuple[str, ...]
    on: Securable
    from_: Grantee
    grant_option_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantRole:
    role: str
    to: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeRole:
    role: str
    from_: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantServiceRole:
    service: ObjectName
    role: str
    to: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class RevokeServiceRole:
    service: ObjectName
    role: str
    from_: Grantee


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowGrants:
    """One of: ``on``; ``to``; ``of`` (a role's grantees); none of them is the current user's grants."""

    on: Securable | None = None
    to: Grantee | None = None
    of: str | None = None


# --- stages and files


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateStage:
    name: ObjectName
    or_replace: bool = False
    if_not_exists: bool = False
    temporary: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterStage:
    """``action`` is SET, UNSET, REFRESH or RENAME (``new_name``)."""

    name: ObjectName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    new_name: ObjectName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DropStage:
    name: ObjectName
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowStages:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeStage:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """``source`` is the local path as written, without ``file://``."""

    source: str
    target: StagePath
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Get:
    """``target`` is the local directory as written, without ``file://``."""

    source: StagePath
    target: str
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFiles:
    location: StagePath
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveFiles:
    location: StagePath
    pattern: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyFiles:
    source: StagePath
    target: StagePath
    files: tuple[str, ...] = ()
    pattern: str | None = None
    detailed: bool = True


# --- compute pools


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateComputePool:
    name: str
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterComputePool:
    """``action`` is SUSPEND, RESUME, STOP ALL, SET or UNSET (the names are the keys of ``options``)."""

    name: str
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropComputePool:
    name: str
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowComputePools:
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeComputePool:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowComputePoolInstanceFamilies:
    filter: ShowFilter = ALL


# --- services and jobs


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecSource:
    """A specification: its ``text``, or a ``file`` on a stage; a template takes the values of ``using``."""

    text: str | None = None
    stage: StagePath | None = None
    file: str = ""
    template: bool = False
    using: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateService:
    name: ObjectName
    pool: str
    source: SpecSource
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecuteJob:
    """``EXECUTE JOB SERVICE``; the option NAME holds an :class:`ObjectName`."""

    pool: str
    source: SpecSource
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterService:
    """``action`` is SUSPEND, RESUME, FROM (``source``), SET, UNSET or RESTORE VOLUME (the last three)."""

    name: ObjectName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)
    source: SpecSource | None = None
    volume: str = ""
    instances: tuple[int, ...] = ()
    snapshot: ObjectName | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeService:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class DropService:
    name: ObjectName
    if_exists: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServices:
    """``jobs`` is BOTH, ONLY (SHOW JOB SERVICES) or EXCLUDE (SHOW SERVICES EXCLUDE JOBS)."""

    filter: ShowFilter = ALL
    jobs: str = "BOTH"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServiceInstances:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServiceContainers:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowEndpoints:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowServiceRoles:
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateSnapshot:
    """Of the block ``volume`` of one instance of a service."""

    name: ObjectName
    service: ObjectName
    volume: str
    instance: int
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """``CALL f(…)``, ``SELECT f(…)`` or ``CALL db.sch.svc!method(…)`` with literal arguments.

    ``function`` is upper-case (``SYSTEM$EXECUTE_ML_JOB``, ``SPCS_WAIT_FOR``); ``target`` is the service
    before the ``!``; ``column`` names the answer's column (the alias, else the function or the expression).
    """

    function: str
    column: str
    target: ObjectName | None = None
    args: tuple[object, ...] = ()
    named: Mapping[str, object] = field(default_factory=dict)


# --- network rules, integrations, secrets and image repositories: ``kind`` says which
# An integration is the account's: its name has one part.


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateObject:
    """Options that name other objects hold a tuple of :class:`ObjectName`, or the word ALL or NONE."""

    kind: Kind
    name: ObjectName
    or_replace: bool = False
    if_not_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AlterObject:
    """``action`` is SET or UNSET (the names are the keys of ``options``)."""

    kind: Kind
    name: ObjectName
    action: str
    if_exists: bool = False
    options: Options = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DropObject:
    kind: Kind
    name: ObjectName
    if_exists: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowObjects:
    kind: Kind
    filter: ShowFilter = ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribeObject:
    kind: Kind
    name: ObjectName


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowImages:
    repository: ObjectName
    like: str | None = None


# --- what is asked of the SQL engine, or could be


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


Command = (
    UseDatabase | UseSchema | UseWarehouse | UseRole | UseSecondaryRoles | AlterSession | SetVariables
    | UnsetVariables | Transaction | ShowParameters | ShowRegions | ShowVariables
    | CreateDatabase | AlterDatabase | DropDatabase | ShowDatabases | DescribeDatabase
    | CreateSchema | AlterSchema | DropSchema | ShowSchemas | DescribeSchema
    | CreateWarehouse | AlterWarehouse | DropWarehouse | ShowWarehouses | DescribeWarehouse
    | CreateRole | DropRole | ShowRoles | CreateUser | AlterUser | DropUser | ShowUsers | DescribeUser
    | AlterUserToken
    | GrantPrivileges | RevokePrivileges | GrantRole | RevokeRole | ShowGrants
    | GrantServiceRole | RevokeServiceRole
    | CreateStage | AlterStage | DropStage | ShowStages | DescribeStage
    | Put | Get | ListFiles | RemoveFiles | CopyFiles
    | CreateComputePool | AlterComputePool | DropComputePool | ShowComputePools | DescribeComputePool
    | ShowComputePoolInstanceFamilies
    | CreateService | ExecuteJob | AlterService | DescribeService | DropService
    | ShowServices | ShowServiceInstances | ShowServiceContainers | ShowEndpoints | ShowServiceRoles
    | CreateObject | AlterObject | DropObject | ShowObjects | DescribeObject
    | ShowImages | CreateSnapshot
    | Call | SelectConstants | ResultScan | Query | DropFileFormat | ShowTables | CopyInto
)  # fmt: skip

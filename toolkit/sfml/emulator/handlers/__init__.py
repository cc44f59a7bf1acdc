"""Handlers: one module per kind of command; each turns a typed command into an answer or a fault.

``execute`` is the one entrance. A handler is a function of the command, the request, the session's
context and the backend. The table below is complete: a command without an entry cannot be parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sfml.emulator.context import Context
from sfml.emulator.handlers import (
    access_tokens,
    calls,
    databases,
    declared,
    files,
    functions,
    grants,
    pools,
    query,
    repositories,
    roles,
    service_changes,
    service_endpoints,
    services,
    session,
    snapshots,
    stages,
    tables,
    warehouses,
)
from sfml.emulator.handlers.base import Backend, Request
from sfml.emulator.results import Answer, Rows, StatementType, status
from sfml.emulator.statements import Inputs, parse
from sfml.emulator.statements import commands as c

Handler = Callable[[Any, Request, Context, Backend], Answer]


_queries = query.Queries(calls.call)

HANDLERS: Mapping[type, Handler] = {
    # sessions
    c.UseDatabase: session.use_database,
    c.UseSchema: session.use_schema,
    c.UseWarehouse: session.use_warehouse,
    c.UseRole: session.use_role,
    c.UseSecondaryRoles: session.use_secondary_roles,
    c.AlterSession: session.alter_session,
    c.SetVariables: _queries.set_variables,
    c.UnsetVariables: session.unset_variables,
    c.Transaction: query.transaction,
    c.ShowParameters: session.show_parameters,
    c.ShowRegions: session.show_regions,
    c.ShowVariables: session.show_variables,
    # databases and schemas
    c.CreateDatabase: databases.create_database,
    c.AlterDatabase: databases.alter_database,
    c.DropDatabase: databases.drop_database,
    c.ShowDatabases: databases.show_databases,
    c.DescribeDatabase: databases.describe_database,
    c.CreateSchema: databases.create_schema,
    c.AlterSchema: databases.alter_schema,
    c.DropSchema: databases.drop_schema,
    c.ShowSchemas: databases.show_schemas,
    c.DescribeSchema: databases.describe_schema,
    # warehouses
    c.CreateWarehouse: warehouses.create,
    c.AlterWarehouse: warehouses.alter,
    c.DropWarehouse: warehouses.drop,
    c.ShowWarehouses: warehouses.show,
    c.DescribeWarehouse: warehouses.describe,
    # roles, users, grants
    c.CreateRole: roles.create_role,
    c.DropRole: roles.drop_role,
    c.ShowRoles: roles.show_roles,
    c.CreateUser: roles.create_user,
    c.AlterUser: roles.alter_user,
    c.AlterUserToken: access_tokens.alter,
    c.DropUser: roles.drop_user,
    c.ShowUsers: roles.show_users,
    c.DescribeUser: roles.describe_user,
    c.GrantPrivileges: grants.grant,
    c.RevokePrivileges: grants.revoke,
    c.GrantRole: grants.grant_role,
    c.RevokeRole: grants.revoke_role,
    c.GrantServiceRole: service_endpoints.grant,
    c.RevokeServiceRole: service_endpoints.revoke,
    c.ShowGrants: grants.show,
    # stages and files
    c.CreateStage: stages.create,
    c.AlterStage: stages.alter,
    c.DropStage: stages.drop,
    c.ShowStages: stages.show,
    c.DescribeStage: stages.describe,
    c.Put: stages.put,
    c.Get: stages.get,
    c.ListFiles: stages.list_files,
    c.RemoveFiles: stages.remove_files,
    c.CopyFiles: stages.copy_files,
    # compute pools
    c.CreateComputePool: pools.create,
    c.AlterComputePool: pools.alter,
    c.DropComputePool: pools.drop,
    c.ShowComputePools: pools.show,
    c.DescribeComputePool: pools.describe,
    c.ShowComputePoolInstanceFamilies: pools.show_families,
    # services and jobs
    c.CreateService: service_changes.create,
    c.ExecuteJob: service_changes.execute,
    c.AlterService: service_changes.alter,
    c.DropService: service_changes.drop,
    c.DescribeService: services.describe,
    c.ShowServices: services.show,
    c.ShowServiceInstances: services.show_instances,
    c.ShowServiceContainers: services.show_containers,
    c.ShowEndpoints: service_endpoints.show,
    c.ShowServiceRoles: service_endpoints.show_roles,
    # network rules, integrations, secrets, image repositories
    c.CreateObject: declared.create,
    c.AlterObject: declared.alter,
    c.DropObject: declared.drop,
    c.ShowObjects: declared.show,
    c.DescribeObject: declared.describe,
    c.CreateSnapshot: snapshots.create,
    c.ShowImages: repositories.show_images,
    # queries
    c.SelectConstants: functions.select_constants,
    c.ResultScan: query.result_scan,
    c.Query: _queries.query,
    c.CopyInto: _queries.copy_into,
    c.DropFileFormat: files.drop_file_format,
    c.ShowTables: tables.show,
    c.Call: calls.call,
}

# Commands that may be run to be described: they change nothing, or the engine describes them itself.
_READING = (
    "Describe", "Show", "ListFiles", "SelectConstants", "ResultScan", "Query",
)  # fmt: skip


def execute(request: Request, context: Context, backend: Backend) -> Answer:
    """The answer of one statement; raises :class:`Fault`, and leaves ``context`` as it was then."""
    inputs = Inputs(binds=[bind.value for bind in request.binds], variables=context.variables)
    command = parse(request.text, inputs)
    if request.describe_only:
        return _describe(command, request, context, backend)
    return HANDLERS[type(command)](command, request, context, backend)


def _describe(command: c.Command, request: Request, context: Context, backend: Backend) -> Answer:
    """The columns of the answer, with nothing done."""
    if isinstance(command, c.Call):
        return replace(_text_column(command.column), statement=StatementType.SHOW)
    if not type(command).__name__.startswith(_READING):
        return replace(status(""), rows=())
    answer = HANDLERS[type(command)](command, request, context, backend)
    return replace(answer, rows=()) if isinstance(answer, Rows) else answer


def _text_column(name: str) -> Rows:
    return Rows(columns=(functions.literal_column(name, None),))


def close_session(context: Context, backend: Backend) -> None:
    """What ends with a session: its transaction, temporary tables and stages."""
    backend.engine.forget(context.session_id)
    stages.drop_temporary(backend, session=context.session_id)


def close_all_sessions(backend: Backend) -> None:
    """At the start of a server: drop what the sessions of the one before left (tables are the engine's)."""
    stages.drop_temporary(backend)

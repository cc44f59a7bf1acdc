"""Every statement as a typed value: what ``parse`` returns and a handler takes.

Names are resolved identifiers. ``options`` map upper-case option names to plain values: str, int, bool, a
tuple for a list, a dict for ``KEY = (A = 1)``. Handlers check them and refuse an unknown one.
"""

from __future__ import annotations

from sfml.emulator.statements.commands.access import (
    AlterUser,
    AlterUserToken,
    CreateRole,
    CreateUser,
    DescribeUser,
    DropRole,
    DropUser,
    Grantee,
    GrantPrivileges,
    GrantRole,
    GrantServiceRole,
    RevokePrivileges,
    RevokeRole,
    RevokeServiceRole,
    Securable,
    ShowGrants,
    ShowRoles,
    ShowUsers,
)
from sfml.emulator.statements.commands.base import (
    ALL,
    Options,
)
from sfml.emulator.statements.commands.databases import (
    AlterDatabase,
    AlterSchema,
    AlterWarehouse,
    CreateDatabase,
    CreateSchema,
    CreateWarehouse,
    DescribeDatabase,
    DescribeSchema,
    DescribeWarehouse,
    DropDatabase,
    DropSchema,
    DropWarehouse,
    ShowDatabases,
    ShowSchemas,
    ShowWarehouses,
)
from sfml.emulator.statements.commands.declared import (
    AlterObject,
    CreateObject,
    DescribeObject,
    DropObject,
    ShowImages,
    ShowObjects,
)
from sfml.emulator.statements.commands.queries import (
    Constant,
    ContextFunction,
    CopyInto,
    DropFileFormat,
    Expression,
    Query,
    ResultScan,
    SelectConstants,
    ShowTables,
    StageTable,
    TableCall,
)
from sfml.emulator.statements.commands.services import (
    AlterComputePool,
    AlterService,
    Call,
    CreateComputePool,
    CreateService,
    CreateSnapshot,
    DescribeComputePool,
    DescribeService,
    DropComputePool,
    DropService,
    ExecuteJob,
    ShowComputePoolInstanceFamilies,
    ShowComputePools,
    ShowEndpoints,
    ShowServiceContainers,
    ShowServiceInstances,
    ShowServiceRoles,
    ShowServices,
    SpecSource,
)
from sfml.emulator.statements.commands.sessions import (
    AlterSession,
    SetVariables,
    ShowParameters,
    ShowRegions,
    ShowVariables,
    Transaction,
    UnsetVariables,
    UseDatabase,
    UseRole,
    UseSchema,
    UseSecondaryRoles,
    UseWarehouse,
)
from sfml.emulator.statements.commands.stages import (
    AlterStage,
    CopyFiles,
    CreateStage,
    DescribeStage,
    DropStage,
    Get,
    ListFiles,
    Put,
    RemoveFiles,
    ShowStages,
)

__all__ = [
    "ALL",
    "AlterComputePool",
    "AlterDatabase",
    "AlterObject",
    "AlterSchema",
    "AlterService",
    "AlterSession",
    "AlterStage",
    "AlterUser",
    "AlterUserToken",
    "AlterWarehouse",
    "Call",
    "Command",
    "Constant",
    "ContextFunction",
    "CopyFiles",
    "CopyInto",
    "CreateComputePool",
    "CreateDatabase",
    "CreateObject",
    "CreateRole",
    "CreateSchema",
    "CreateService",
    "CreateSnapshot",
    "CreateStage",
    "CreateUser",
    "CreateWarehouse",
    "DescribeComputePool",
    "DescribeDatabase",
    "DescribeObject",
    "DescribeSchema",
    "DescribeService",
    "DescribeStage",
    "DescribeUser",
    "DescribeWarehouse",
    "DropComputePool",
    "DropDatabase",
    "DropFileFormat",
    "DropObject",
    "DropRole",
    "DropSchema",
    "DropService",
    "DropStage",
    "DropUser",
    "DropWarehouse",
    "ExecuteJob",
    "Expression",
    "Get",
    "GrantPrivileges",
    "GrantRole",
    "GrantServiceRole",
    "Grantee",
    "ListFiles",
    "Options",
    "Put",
    "Query",
    "RemoveFiles",
    "ResultScan",
    "RevokePrivileges",
    "RevokeRole",
    "RevokeServiceRole",
    "Securable",
    "SelectConstants",
    "SetVariables",
    "ShowComputePoolInstanceFamilies",
    "ShowComputePools",
    "ShowDatabases",
    "ShowEndpoints",
    "ShowGrants",
    "ShowImages",
    "ShowObjects",
    "ShowParameters",
    "ShowRegions",
    "ShowRoles",
    "ShowSchemas",
    "ShowServiceContainers",
    "ShowServiceInstances",
    "ShowServiceRoles",
    "ShowServices",
    "ShowStages",
    "ShowTables",
    "ShowUsers",
    "ShowVariables",
    "ShowWarehouses",
    "SpecSource",
    "StageTable",
    "TableCall",
    "Transaction",
    "UnsetVariables",
    "UseDatabase",
    "UseRole",
    "UseSchema",
    "UseSecondaryRoles",
    "UseWarehouse",
]

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

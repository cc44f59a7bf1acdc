"""What the clients read: every endpoint's JSON, built from typed values."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sfml.emulator import parameters
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault
from sfml.emulator.results import Answer, Direction, Rows, StatementType, Target, Transfer
from sfml.emulator.settings import Settings
from sfml.emulator.wire.cells import rowset, rowtype

Reply = dict[str, Any]

SERVER_VERSION = "9.37.0"
"""The release whose behaviour is copied; CURRENT_VERSION() answers the same."""
IN_PROGRESS = "333333"
IN_PROGRESS_ASYNC = "333334"
# Column of a DML result -> its name in ``data.stats`` (cursor.py, QueryResultStats).
_STATS = {
    "number of rows inserted": "numRowsInserted",
    "number of rows updated": "numRowsUpdated",
    "number of rows deleted": "numRowsDeleted",
}


def success(data: object = None) -> Reply:
    return {"data": data, "code": None, "message": None, "success": True}


def failure(fault: Fault, *, query_id: str | None = None) -> Reply:
    """A refusal; always sent with HTTP 200, because the connector retries 5xx and some of 4xx."""
    data = {
        "internalError": False,
        "errorCode": fault.code,
        "sqlState": fault.sqlstate,
        "queryId": query_id,
        "age": 0,
        "line": -1,
        "pos": -1,
        "type": "COMPILATION",
    }
    return {"data": data, "code": fault.code, "message": fault.message, "success": False, "headers": None}


def logged_in(
    token: str, master: str, context: Context, settings: Settings, asked: Mapping[str, str | None]
) -> Reply:
    """The answer of a login. Without ``masterToken`` the connector cannot even close.

    A name that was asked for comes back though nothing has it and the session works without it: so `snow
    connection test` tries to use it, and says what is missing.
    """
    info = {
        "databaseName": context.database or asked.get("database"),
        "schemaName": context.schema or asked.get("schema"),
        "warehouseName": context.warehouse or asked.get("warehouse"),
        "roleName": context.role,
    }
    return success(
        {
            "token": token,
            "masterToken": master,
            "validityInSeconds": int(settings.session_lifetime),
            "masterValidityInSeconds": int(settings.master_lifetime),
            "displayUserName": context.user,
            "serverVersion": SERVER_VERSION,
            "firstLogin": False,
            "sessionId": context.session_id,
            "sessionInfo": info,
            "parameters": session_parameters(context.parameters),
        }
    )


def renewed(token: str, master: str, session_id: int, settings: Settings) -> Reply:
    """The answer of a token request."""
    return success(
        {
            "sessionToken": token,
            "validityInSecondsST": int(settings.session_lifetime),
            "masterToken": master,
            "validityInSecondsMT": int(settings.master_lifetime),
            "masterValidityInSeconds": int(settings.master_lifetime),
            "sessionId": session_id,
        }
    )


def monitored(query: Reply | None, fault: Fault | None) -> Reply:
    """The answer of ``/monitoring/queries``; an unknown query is an empty list (NO_DATA to the client)."""
    state = {"sqlState": fault.sqlstate} if fault else {}
    return success({"queries": [query] if query else [], **state})


def in_progress(query_id: str, *, asynchronous: bool) -> Reply:
    """The statement still runs: the client asks again at ``getResultUrl`` (at once, unless asynchronous)."""
    data = {
        "queryId": query_id,
        "getResultUrl": f"/queries/{query_id}/result",
        "queryAbortsAfterSecs": 300,
        "progressDesc": None,
    }
    code = IN_PROGRESS_ASYNC if asynchronous else IN_PROGRESS
    return {"data": data, "code": code, "message": "Query execution in progress.", "success": True}


def result(
    answer: Answer,
    context: Context,
    *,
    query_id: str,
    requested: Mapping[str, object],
    sign: Callable[[Transfer, Target], str],
    children: tuple[str, ...] = (),
) -> Reply:
    """The answer of a finished statement; ``requested`` are the parameters of this statement alone."""
    if isinstance(answer, Transfer):
        return success({**_transfer(answer, sign), "queryId": query_id})
    data = {**_rows(answer, {**context.parameters, **requested}), **_state(context), "queryId": query_id}
    if children:
        # nextset() reads the ids; the types are the children's statement types.
        data["resultIds"] = ",".join(children)
        data["resultTypes"] = ",".join("4096" for _ in children)
    return success(data)


def session_parameters(values: Mapping[str, object]) -> list[dict[str, object]]:
    """All parameters in force, as login and each statement report them."""
    merged = {**parameters.DEFAULTS, **values}
    return [{"name": name, "value": merged[name]} for name in sorted(merged)]


def _rows(answer: Rows, values: Mapping[str, object]) -> Reply:
    data: Reply = {
        "rowtype": [rowtype(column) for column in answer.columns],
        "total": len(answer.rows),
        "returned": len(answer.rows),
        "statementTypeId": answer.statement.value,
        "version": 1,
        "sendResultTime": int(time.time() * 1000),
        "numberOfBinds": 0,
        "arrayBindSupported": True,
    }
    stats = _stats(answer)
    if stats:
        data["stats"] = stats
    if _wants_arrow(answer, values):
        from sfml.emulator.wire.arrow import encode

        return {**data, "queryResultFormat": "arrow", "rowsetBase64": encode(answer)}
    return {**data, "queryResultFormat": "json", "rowset": rowset(answer)}


def _wants_arrow(answer: Rows, values: Mapping[str, object]) -> bool:
    wanted = str(parameters.value(values, "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT"))
    return answer.statement is StatementType.SELECT and wanted.upper().startswith("ARROW")


def _stats(answer: Rows) -> dict[str, int]:
    if not answer.rows:
        return {}
    first = dict(zip((column.name for column in answer.columns), answer.rows[0], strict=True))
    return {_STATS[name]: int(str(value)) for name, value in first.items() if name in _STATS}


def _state(context: Context) -> Reply:
    return {
        "finalDatabaseName": context.database,
        "finalSchemaName": context.schema,
        "finalWarehouseName": context.warehouse,
        "finalRoleName": context.role,
        "parameters": session_parameters(context.parameters),
    }


def _transfer(answer: Transfer, sign: Callable[[Transfer, Target], str]) -> Reply:
    """PUT and GET in the form of a stage on GCS without an access token: the one that works over plain http.

    Read by file_transfer_agent.py and gcs_storage_client.py.
    """
    urls = [sign(answer, target) for target in answer.targets]
    upload = answer.direction is Direction.UPLOAD
    stage_info: Reply = {
        "locationType": "GCS",
        "location": answer.stage_location,
        "path": "",
        "region": "local",
        "storageAccount": None,
        "isClientSideEncrypted": False,
        "creds": {},
        "presignedUrl": urls[0] if upload and urls else None,
        "endPoint": None,
    }
    return {
        "command": answer.direction.value,
        "operation": "Node",
        "src_locations": list(answer.src_locations),
        "localLocation": answer.local_location,
        "presignedUrls": [] if upload else urls,
        "stageInfo": stage_info,
        "encryptionMaterial": None if upload else [],
        "autoCompress": answer.auto_compress,
        "sourceCompression": answer.source_compression,
        "overwrite": answer.overwrite,
        "parallel": answer.parallel,
        "statementTypeId": StatementType.SHOW.value,
    }

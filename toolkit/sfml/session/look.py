"""A first look at the local backend without Snowflake's connector, whose import takes longer than the look.

Where it comes to no answer, whatever the reason, the caller asks the connector, which says what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

from sfml import session as sessions
from sfml.config import Config
from sfml.errors import NoConnectionError, SfmlError
from sfml.session import rows
from sfml.session.rows import Query

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

T = TypeVar("T")

_ANSWER_WITHIN = 30.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a session stands in; ``query`` gives the rows of a statement, each cell as text."""

    query: Query
    database: str | None
    schema: str | None


def over(connection: SnowflakeConnection) -> Place:
    """The place of an open session."""
    return Place(query=rows.over(connection), database=connection.database, schema=connection.schema)


def look(config: Config, at: Callable[[Place], T]) -> T | None:
    """What is seen there; None where only the connector can tell, which is so for all real accounts."""
    if not config.is_local:
        return None
    parameters = sessions.parameters(config)
    http = HTTPConnection(parameters["host"], parameters["port"], timeout=_ANSWER_WITHIN)
    client = _Client(http=http)
    try:
        where = client.log_in(parameters)
        seen = at(Place(query=client.query, database=where["databaseName"], schema=where["schemaName"]))
        client.log_out()
    except (OSError, HTTPException, ValueError, KeyError, TypeError, SfmlError):
        return None
    finally:
        http.close()
    return seen


@dataclass(kw_only=True)
class _Client:
    """Its requests, as the connector sends them (snowflake.connector, network.py and auth/_auth.py)."""

    http: HTTPConnection
    token: str | None = field(default=None, repr=False)

    def log_in(self, parameters: dict[str, Any]) -> dict[str, Any]:
        names = {
            "database": "databaseName",
            "schema": "schemaName",
            "warehouse": "warehouse",
            "role": "roleName",
        }
        place = {key: parameters[name] for name, key in names.items() if parameters.get(name)}
        data = {
            "LOGIN_NAME": parameters["user"],
            "PASSWORD": parameters["password"],
            "ACCOUNT_NAME": parameters["account"],
            "SESSION_PARAMETERS": {"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "JSON"},
        }
        answer = self._post("/session/v1/login-request", {"data": data}, **place)
        self.token = str(answer["token"])
        return dict(answer["sessionInfo"])

    def query(self, statement: str) -> Sequence[dict[str, Any]]:
        answer = self._post("/queries/v1/query-request", {"sqlText": statement})
        names = [str(column["name"]) for column in answer["rowtype"]]
        return [dict(zip(names, row, strict=True)) for row in answer["rowset"]]

    def log_out(self) -> None:
        self._post("/session", {}, delete="true")

    def _post(self, path: str, body: dict[str, Any], **arguments: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f'Snowflake Token="{self.token}"'
        url = f"{path}?{urlencode({'requestId': str(uuid4()), **arguments})}"
        self.http.request("POST", url, json.dumps(body), headers)
        answer = json.loads(self.http.getresponse().read())
        if not answer["success"]:
            raise NoConnectionError(str(answer["message"]))
        return answer["data"] or {}

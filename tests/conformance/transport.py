"""A pytest plugin for the suite: what it sends without TLS's port and protocol goes to the local backend.

The suite's fixture hands neither port nor protocol to the connector, and `snow` writes https:// before the
registry's host: against a real account that is right. The local backend speaks plain HTTP on its own port.
"""

from __future__ import annotations

import os
from typing import Any

import requests
import snowflake.connector.connection as connection

_request = requests.Session.request
_connect = connection.SnowflakeConnection.connect


def _to_the_backend(self: Any, **given: Any) -> Any:
    names = ("PORT", "PROTOCOL")
    found = {name.lower(): os.environ[f"SNOWFLAKE_CONNECTIONS_INTEGRATION_{name}"] for name in names}
    return _connect(self, **{**found, **given})


def _plain(self: Any, method: str, url: str, **given: Any) -> Any:
    return _request(self, method, url.replace("https://127.0.0.1:", "http://127.0.0.1:", 1), **given)


connection.SnowflakeConnection.connect = _to_the_backend
requests.Session.request = _plain  # type: ignore[method-assign]

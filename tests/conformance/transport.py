"""A pytest plugin for the suite: its own connection, which has no port, goes to the local backend.

The suite's fixture hands neither port nor protocol to the connector; against a real account it needs none.
"""

from __future__ import annotations

import os
from typing import Any

import snowflake.connector.connection as connection

_connect = connection.SnowflakeConnection.connect


def _to_the_backend(self: Any, **given: Any) -> Any:
    names = ("PORT", "PROTOCOL")
    found = {name.lower(): os.environ[f"SNOWFLAKE_CONNECTIONS_INTEGRATION_{name}"] for name in names}
    return _connect(self, **{**found, **given})


connection.SnowflakeConnection.connect = _to_the_backend

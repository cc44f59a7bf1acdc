"""Session parameters and their defaults, as login answers them and SHOW PARAMETERS shows them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DEFAULTS: Mapping[str, object] = MappingProxyType(
    {
        "AUTOCOMMIT": True,
        "BINARY_OUTPUT_FORMAT": "HEX",
        "CLIENT_PREFETCH_THREADS": 4,
        "CLIENT_RESULT_CHUNK_SIZE": 160,
        "CLIENT_RESULT_PREFETCH_SLOTS": 2,
        "CLIENT_RESULT_PREFETCH_THREADS": 1,
        "CLIENT_SESSION_KEEP_ALIVE": False,
        "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": 3600,
        # 0: bulk binds travel in the request, never through a temporary stage (cursor.py, executemany).
        "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD": 0,
        # False: nobody reads telemetry here, so the clients need not send it.
        "CLIENT_TELEMETRY_ENABLED": False,
        "CLIENT_TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_LTZ",
        "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
        "MULTI_STATEMENT_COUNT": 1,
        "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
        "QUERY_TAG": "",
        "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
        "SERVICE_NAME": "",
        "STATEMENT_TIMEOUT_IN_SECONDS": 172_800,
        "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
        "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
        "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
        "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
        "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
        # Snowflake's own default is America/Los_Angeles; here it is UTC (docs/deviations.md).
        "TIMEZONE": "UTC",
        "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    }
)


def value(parameters: Mapping[str, object], name: str) -> object:
    """The value in force: the session's own, else the default, else None."""
    return parameters.get(name, DEFAULTS.get(name))

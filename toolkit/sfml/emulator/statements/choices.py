"""Which parser serves a kind of object; the kinds that exist at Snowflake only are refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sfml.emulator.faults import unsupported
from sfml.emulator.statements.reader import Reader

T = TypeVar("T")

# Kinds of docs.snowflake.com/en/sql-reference/sql-ddl-summary that have no parser here, or not for each verb.
# They are refused as unsupported, while an unknown word is a syntax error.
_KINDS = """
    ACCOUNT, AGENT, AGENTS, AGGREGATION POLICY, ALERT, API INTEGRATION, APPLICATION, APPLICATION PACKAGE,
    ARTIFACT REPOSITORY, AUTHENTICATION POLICY, CATALOG INTEGRATION, CLASS, CODE BUNDLE, CONNECTION, CORTEX
    SEARCH SERVICE, DATABASE ROLE, DATASET, DYNAMIC TABLE, ENDPOINTS, EVENT TABLE, EXTERNAL ACCESS
    INTEGRATION, EXTERNAL FUNCTION, EXTERNAL TABLE, EXTERNAL VOLUME, FAILOVER GROUP, FILE FORMAT, FUNCTION,
    GATEWAY, GIT REPOSITORY, HYBRID TABLE, ICEBERG TABLE, IMAGE REPOSITORIES, IMAGE REPOSITORY, IMAGES,
    INTEGRATION, LISTING, LOCKS, MANAGED ACCOUNT, MASKING POLICY, MATERIALIZED VIEW, MODEL, MODEL MONITOR,
    NETWORK POLICY, NETWORK RULE, NOTEBOOK, NOTIFICATION INTEGRATION, ORGANIZATION, PACKAGES POLICY,
    PASSWORD POLICY, PIPE, PRIVACY POLICY, PROCEDURE, PROJECTION POLICY, REPLICATION GROUP, RESOURCE
    MONITOR, ROLE, ROW ACCESS POLICY, SECRET, SECURITY INTEGRATION, SEMANTIC VIEW, SEQUENCE, SERVICE,
    SESSION POLICY, SHARE, SNAPSHOT, STORAGE INTEGRATION, STORAGE LIFECYCLE POLICY, STREAM, STREAMLIT, TAG,
    TASK, TRANSACTIONS, TYPE, USER, VERSIONS, WORKSPACE
"""
ELSEWHERE = tuple(sorted((" ".join(kind.split()) for kind in _KINDS.split(",")), key=len, reverse=True))


def choose(reader: Reader, table: Mapping[str, T], verb: str) -> tuple[str, T]:
    """The entry of the kind that comes next, the longest first; its words are taken."""
    for kind in sorted(table, key=len, reverse=True):
        if reader.accept(*kind.split()):
            return kind, table[kind]
    elsewhere = next((kind for kind in ELSEWHERE if _sees(reader, kind)), None)
    if elsewhere is not None:
        raise unsupported(f"{verb} {elsewhere}")
    raise reader.wrong()


def _sees(reader: Reader, kind: str) -> bool:
    return reader.sees(*kind.split()) or reader.sees(*f"{kind}S".split())

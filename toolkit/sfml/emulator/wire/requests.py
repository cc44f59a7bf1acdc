"""What the clients send, parsed once into types. Whatever cannot be read is a fault, never an exception."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfml.emulator.faults import Fault
from sfml.emulator.request import Bind
from sfml.emulator.wire.binds import decode_binds

MAX_BODY = 128 << 20
"""Largest request body, as sent."""
_MAX_TEXT = 512 << 20
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, kw_only=True)
class QueryRequest:
    """Body of ``/queries/v1/query-request``."""

    text: str
    binds: tuple[Bind, ...] = ()
    bind_rows: tuple[tuple[Bind, ...], ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    asynchronous: bool = False
    describe_only: bool = False


@dataclass(frozen=True, kw_only=True)
class LoginRequest:
    """Body and URL of ``/session/v1/login-request``."""

    login_name: str
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    authenticator: str = "SNOWFLAKE"
    database: str | None = None
    schema: str | None = None
    warehouse: str | None = None
    role: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)


def bad_request(why: str) -> Fault:
    """390400 is the connector's BAD_REQUEST_GS_CODE; HTTP 400 would make it retry."""
    return Fault("390400", "08001", f"Bad request: {why}")


def read_body(body: bytes, *, encoding: str = "") -> dict[str, Any]:
    """The JSON object in a body; an empty body is an empty object (heartbeats have none)."""
    if encoding.lower() == "gzip":
        body = _inflate(body)
    if not body.strip():
        return {}
    try:
        text = body.decode()
        value = json.loads(text)
        if (
            "\\ud" in text.lower()
        ):  # an escaped half of a character pair: no text at all if the other is missing
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("the body is not JSON.") from None
    if not isinstance(value, dict):
        raise bad_request("the body is not a JSON object.")
    return value


def read_query(body: Mapping[str, Any]) -> QueryRequest:
    """The statement of a query request."""
    text = body.get("sqlText")
    if not isinstance(text, str):
        raise bad_request("sqlText is missing.")
    if body.get("bindStage"):
        raise bad_request("binds in a stage are not supported (CLIENT_STAGE_ARRAY_BINDING_THRESHOLD is 0).")
    binds, rows = decode_binds(_mapping(body, "bindings"))
    return QueryRequest(
        text=text,
        binds=binds,
        bind_rows=rows,
        parameters={key.upper(): value for key, value in _mapping(body, "parameters").items()},
        asynchronous=body.get("asyncExec") is True,
        describe_only=body.get("describeOnly") is True,
    )


def read_login(body: Mapping[str, Any], query: Mapping[str, str]) -> LoginRequest:
    """The credentials of a login; names of the current objects come in the URL."""
    data = _mapping(body, "data")
    return LoginRequest(
        login_name=str(data.get("LOGIN_NAME") or ""),
        password=_text(data, "PASSWORD"),
        token=_text(data, "TOKEN"),
        authenticator=str(data.get("AUTHENTICATOR") or "SNOWFLAKE").upper(),
        database=query.get("databaseName") or None,
        schema=query.get("schemaName") or None,
        warehouse=query.get("warehouse") or None,
        role=query.get("roleName") or None,
        parameters={
            key.upper(): value
            for key, value in _mapping(data, "SESSION_PARAMETERS").items()
            if value is not None
        },
    )


def _inflate(body: bytes) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        text = stream.decompress(body, _MAX_TEXT)
    except zlib.error:
        raise bad_request("the body is not gzip.") from None
    if not stream.eof:
        reason = "larger than this server takes" if stream.unconsumed_tail else "cut off"
        raise bad_request(f"the gzip body is {reason}.")
    return text


def _mapping(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"{key} is not a JSON object.")
    return value


def _text(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) else None

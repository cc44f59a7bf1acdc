"""What the ingress answers by itself.

Refusals: docs.snowflake.com/en/developer-guide/snowpark-container-services/troubleshooting and what clients
branch on; where no text is published it is ours (docs/deviations.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The ingress answers by itself."""

    status: int
    reason: str
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()


def error(status: int, reason: str, detail: str) -> Reply:
    """A refusal in the ingress's own form."""
    body = json.dumps({"responseType": "ERROR", "detail": detail}).encode()
    return Reply(status=status, reason=reason, body=body, fields=(("Content-Type", "application/json"),))


def redirect(target: str, *more: tuple[str, str]) -> Reply:
    return Reply(status=302, reason="Found", fields=(("Location", target), *more))


def unreachable(service: str) -> Reply:
    """The service starts, has crashed, or is not ready."""
    return error(503, "Service Unavailable", f"Service {service} not reachable: no service hosts found.")


def failed(why: str) -> Reply:
    return error(500, "Internal Server Error", why)


def bad_request(why: str) -> Reply:
    return error(400, "Bad Request", f"Bad request: {why}.")


def held_back() -> Reply:
    return error(403, "Forbidden", "The content type of the response is not allowed.")

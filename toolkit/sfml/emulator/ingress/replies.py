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


def not_spread(service: str) -> Reply:
    """A new endpoint that not every part of the ingress knows of yet; clients ask again."""
    return error(403, "Forbidden", f"could not find service {service}")


def failing(number: int) -> Reply:
    """A failure that passes, of the kinds that Snowflake says to retry: another one each time."""
    kinds = ((500, "Internal Server Error"), (503, "Service Unavailable"), (504, "Gateway Timeout"))
    status, reason = kinds[number % len(kinds)]
    return error(status, reason, "The request failed. Please try again.")


def failed(why: str) -> Reply:
    return error(500, "Internal Server Error", why)


def bad_request(why: str) -> Reply:
    return error(400, "Bad Request", f"Bad request: {why}.")


def held_back() -> Reply:
    return error(403, "Forbidden", "The content type of the response is not allowed.")

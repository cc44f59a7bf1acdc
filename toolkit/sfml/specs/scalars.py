"""The kinds of single value that a spec holds: what each accepts, in Python and in JSON Schema alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Accept = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class Scalar:
    """One kind of value: how messages call it, the rule that a wrong one breaks, and how to tell."""

    wanted: str
    rule: str
    accept: Accept
    schema: Mapping[str, object]
    words: tuple[str, ...] = ()
    advice: str = ""


def text(wanted: str, *, rule: str = "SPCS022") -> Scalar:
    """Any text that is not empty."""
    return Scalar(
        wanted=wanted,
        rule=rule,
        accept=lambda value: type(value) is str and value != "",
        schema={"type": "string", "minLength": 1},
    )


def pattern(wanted: str, expression: str, *, rule: str = "SPCS023") -> Scalar:
    """Text that matches ``expression`` from start to end."""
    return Scalar(
        wanted=wanted,
        rule=rule,
        accept=_matcher(expression),
        schema={"type": "string", "pattern": f"^(?:{expression})$"},
    )


def _matcher(expression: str) -> Accept:
    """Compiles when the first value is met: one spec needs a few of the patterns."""
    match: Accept | None = None

    def accept(value: Any) -> object:
        nonlocal match
        if match is None:
            match = re.compile(expression).fullmatch
        return type(value) is str and match(value)

    return accept


def choice(*values: str, rule: str = "SPCS024") -> Scalar:
    """One of a few words."""
    known = frozenset(values)
    return Scalar(
        wanted=f"one of {', '.join(values)}",
        rule=rule,
        accept=lambda value: type(value) is str and value in known,
        schema={"enum": list(values)},
        words=values,
    )


def whole(low: int, high: int | None = None, *, rule: str = "SPCS023") -> Scalar:
    """A whole number from ``low`` to ``high``, both included."""
    top = float("inf") if high is None else high
    return Scalar(
        wanted=f"a whole number, {low} or more" if high is None else f"a whole number from {low} to {high}",
        rule=rule,
        accept=lambda value: type(value) is int and low <= value <= top,
        schema={"type": "integer", "minimum": low, **({} if high is None else {"maximum": high})},
    )


def number(*, low: float | None = None) -> Scalar:
    """A number, fractions included."""
    bottom = float("-inf") if low is None else low
    return Scalar(
        wanted="a number" if low is None else f"a number, {low:g} or more",
        rule="SPCS023",
        accept=lambda value: type(value) in (int, float) and bottom <= value < float("inf"),
        schema={"type": "number", **({} if low is None else {"minimum": low})},
    )


def either(wanted: str, *kinds: Scalar, rule: str = "SPCS023") -> Scalar:
    """Whatever one of ``kinds`` accepts."""
    accepts = tuple(kind.accept for kind in kinds)
    return Scalar(
        wanted=wanted,
        rule=rule,
        accept=lambda value: any(accept(value) for accept in accepts),
        schema={"anyOf": [dict(kind.schema) for kind in kinds]},
    )


BOOLEAN = Scalar(
    wanted="true or false",
    rule="SPCS022",
    accept=lambda value: value is True or value is False,
    schema={"type": "boolean"},
)

# Names: specification-reference.md, "General guidelines".
NAME = pattern(
    "1 to 63 lower-case letters, digits and '-', beginning with a letter, ending with a letter or digit",
    r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?",
    rule="SPCS030",
)
# Service role names: same page, "serviceRoles".
ROLE_NAME = pattern(
    "letters, digits and '_', beginning with a letter, ending with a letter or digit",
    r"[A-Za-z]([A-Za-z0-9_]*[A-Za-z0-9])?",
    rule="SPCS030",
)
TEXT = text("text")
# Arguments reach the program as text; a bare number is a warning of its own (SPCS046).
ARGUMENT = Scalar(
    wanted="text",
    rule="SPCS022",
    accept=lambda value: type(value) in (str, int, float),
    schema={"type": ["string", "number"]},
)
# env: the documentation's examples hold bare numbers, Snowflake's own tests a boolean; null is SPCS049.
ENV_VALUE = Scalar(
    wanted="text, a number or a boolean",
    rule="SPCS048",
    accept=lambda value: value is None or type(value) in (str, int, float, bool),
    schema={"type": ["string", "number", "boolean", "null"]},
)
PORT = whole(1, 65535)
PORT_RANGE = pattern("two ports with a '-' between, such as 32768-60999", r"[0-9]{1,5}-[0-9]{1,5}")
COUNT = whole(1)
SECONDS = whole(1)
USER_ID = whole(0)
GPU_COUNT = whole(1, rule="SPCS082")
PROBE_PATH = text("an HTTP path, such as /healthcheck")
ABSOLUTE_PATH = pattern("an absolute path", r"/.*", rule="SPCS102")
TOKEN_PATH = pattern(
    "an absolute, normalised directory of letters, digits and / - _ .",
    r"(/(?!\.{1,2}(/|$))[A-Za-z0-9_.-]+)+",
    rule="SPCS068",
)
# "can't grant more access than the default [0644] and must retain owner read access".
TOKEN_PERMISSION = pattern(
    'four octal digits in quotes, at most "0644", readable by the owner, such as "0600"',
    r"0[46][04][04]",
    rule="SPCS069",
)

# Quantities: specification-reference.md, "containers.resources" and "About units".
MEMORY = pattern(
    "an amount of memory with its unit, one of M, Mi, G, Gi, such as 2Gi",
    r"[0-9]+(\.[0-9]+)?(M|Mi|G|Gi)",
    rule="SPCS080",
)
CPU = either(
    "a number of virtual cores, such as 2, 0.5 or 500m",
    number(low=0),
    pattern("", r"[0-9]+(\.[0-9]+)?|[0-9]+m"),
    rule="SPCS081",
)
VOLUME_SIZE = either(
    "a size in bytes or with a unit, one of Ki, Mi, Gi, k, M, G, such as 2Gi",
    whole(1),
    pattern("", r"[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|k|M|G)?"),
    rule="SPCS106",
)
# "Go-like" duration; snowflake-stage-volume.md.
DURATION = pattern(
    "a duration of hours, minutes and seconds, such as 90s, 5m or 1h30m",
    r"(?=[0-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?",
)
HOURS_OR_DAYS = pattern("a number of hours or days, such as 12h or 7d", r"[0-9]+[hd]")
# A path of a stage: snowflake-stage-volume.md; identifiers may be quoted.
STAGE = pattern(
    'a stage that begins with @, such as "@db.schema.stage" or "@stage/directory"',
    r'@(([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")\.){0,2}([A-Za-z_][A-Za-z0-9_$]*|"([^"]|"")+")(/.*)?',
    rule="SPCS104",
)
_SOURCES = frozenset({"local", "stage", "memory", "block"})
VOLUME_SOURCE = Scalar(
    wanted="one of local, stage, memory, block",
    rule="SPCS024",
    accept=lambda value: type(value) is str and (value in _SOURCES or value.startswith("@")),
    schema={"anyOf": [{"enum": sorted(_SOURCES)}, {"type": "string", "pattern": "^@"}]},
    words=tuple(sorted(_SOURCES)),
)
PROTOCOL = choice("TCP", "HTTP", "HTTPS", rule="SPCS132")
# "The value must be a valid URL with no path […] the * wildcard is not allowed".
ORIGIN = pattern(
    "an origin: scheme, host and port without a path or *, such as https://example.com",
    r"https?://[^/*\s?#]+/?",
    rule="SPCS135",
)
# Two forms: /db/schema/repository/name[:tag], and the same behind the host of the account's registry.
_IMAGE = (
    r"([A-Za-z0-9.-]+\.snowflakecomputing\.(com|cn))?(/[A-Za-z0-9_][A-Za-z0-9_.$-]*){4,}"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
IMAGE = replace(
    pattern("an image of your account: /database/schema/repository/name:tag", _IMAGE, rule="SPCS040"),
    advice="write the repository's whole path; SHOW IMAGE REPOSITORIES lists them",
)
LOG_LEVEL = choice("INFO", "ERROR", "NONE")
# monitoring-services.md, "Available platform metrics": five groups.
METRIC_GROUP = choice("system", "system_limits", "status", "network", "storage")
AGGREGATION = choice("min", "max", "avg")
ADJUSTMENT = choice("changeInstanceCount", "percentChangeInstanceCount", "exactInstanceCount")
ENCRYPTION = choice("SNOWFLAKE_SSE", "SNOWFLAKE_FULL")
# access_token: working-with-services.md prints it; the reference's syntax block has the other three.
SECRET_KEY = choice("username", "password", "secret_string", "access_token", rule="SPCS060")
NUMBER = number()
STARTUP_ORDER = choice("FirstInstance")

"""The state of one login session, as handlers see and change it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Context:
    """Who is asking and where unqualified names resolve. Changed by USE and ALTER SESSION only."""

    session_id: int
    user: str
    role: str
    database: str | None = None
    schema: str | None = None
    warehouse: str | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    # The job whose token opened this session, fully qualified; None for a person's session.
    service: str | None = None
    # Query ids of this session, newest last: LAST_QUERY_ID() and RESULT_SCAN read them.
    query_ids: list[str] = field(default_factory=list)
    # ALL or NONE: whether the user's other roles count too (USE SECONDARY ROLES).
    secondary_roles: str = "NONE"
    # Session variables (SET x = …) by upper-case name.
    variables: dict[str, object] = field(default_factory=dict)

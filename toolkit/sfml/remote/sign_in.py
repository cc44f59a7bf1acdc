"""What stands in a browser's way into the box before it is opened: the user's default role."""

from __future__ import annotations

from sfml import account, sql
from sfml.errors import NotFoundError, RefusedError
from sfml.session.rows import Query
from sfml.sql import Kind, Name


def default_role(query: Query, user: Name) -> str | None:
    """The role that a sign-in of the user takes; None where none is set."""
    rows = query(sql.describe(Kind.USER, user))
    found = next((row.get("value") for row in rows if row.get("property") == "DEFAULT_ROLE"), None)
    return str(found) if found else None


def remedy(default: str | None, user: Name, role: str | Name) -> str | None:
    """What to do about a default role with which endpoints refuse the sign-in; None where it is well."""
    if default not in account.NO_OWNERS:
        return None
    return f"the browser's way into the box fails with it: {sql.alter_user_default_role(user, role)};"


def obstacle(query: Query, role: str) -> str | None:
    """What the session's user should know before the browser opens; None for nothing that can be seen."""
    try:
        user = Name((str(query(sql.current_user())[0]["NAME"]),))
        default = default_role(query, user)
    except (NotFoundError, RefusedError):
        return None
    advice = remedy(default, user, role)
    return f"your default role is {default}; {advice}" if advice else None

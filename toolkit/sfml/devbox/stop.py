"""The box stops itself: with the service's own token, after the user's hook."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sfml import proc, sql
from sfml.errors import NoConnectionError, SfmlError
from sfml.session.faults import translated
from sfml.sql import Name

TOKEN = Path("/snowflake/session/token")
"""Where Snowflake puts a service's token (documentation, "Service: connect to Snowflake")."""
HOOK = Path(".config/sfml/before-stop")
"""In the home folder: a program that runs before the box stops itself."""
HOOK_WITHIN = 300.0
_NEEDED = ("SNOWFLAKE_HOST", "SNOWFLAKE_ACCOUNT", "SNOWFLAKE_DATABASE", "SNOWFLAKE_SCHEMA")


def run_hook(home: Path) -> str:
    """Run the user's program, where there is one; what is to be logged about it."""
    program = home / HOOK
    if not os.access(program, os.X_OK) or not program.is_file():
        return ""
    try:
        done = proc.run([str(program)], cwd=home, timeout=HOOK_WITHIN)
    except SfmlError as error:
        # The box costs money for as long as it runs: a hook may delay the stop, and not prevent it.
        return f"{program} failed, the box stops all the same: {error}\n{error.hint or ''}".rstrip()
    return "\n".join([f"{program} ran", *(done.stdout + done.stderr).splitlines()])


def parameters(environ: Mapping[str, str], token: Path = TOKEN) -> dict[str, Any]:
    """What the connector needs to log in as the service itself; NoConnectionError outside of one."""
    missing = [name for name in _NEEDED if not environ.get(name)]
    if missing or not token.is_file():
        raise NoConnectionError(
            f"this is no service of Snowflake's: {', '.join(missing) or token} is missing",
        )
    found: dict[str, Any] = {
        "host": environ["SNOWFLAKE_HOST"],
        "account": environ["SNOWFLAKE_ACCOUNT"],
        "authenticator": "oauth",
        "token": token.read_text(encoding="ascii").strip(),
        "login_timeout": 60,
        "network_timeout": 60,
    }
    # The local backend has no TLS, and a port of its own.
    more = {"port": environ.get("SNOWFLAKE_PORT"), "protocol": environ.get("SNOWFLAKE_PROTOCOL")}
    return {**found, **{name: value for name, value in more.items() if value}}


def service(environ: Mapping[str, str]) -> Name:
    """The name of the service that this is."""
    name = environ.get("SFML_BOX_SERVICE") or environ.get("SNOWFLAKE_SERVICE_NAME")
    if not name:
        raise NoConnectionError(
            "neither SFML_BOX_SERVICE nor SNOWFLAKE_SERVICE_NAME says which service to stop"
        )
    if environ.get("SFML_BOX_SERVICE"):
        return sql.name(name)
    return Name((environ["SNOWFLAKE_DATABASE"], environ["SNOWFLAKE_SCHEMA"], name))


def suspend(environ: Mapping[str, str]) -> None:
    """Suspend the service that this is."""
    given = parameters(environ)
    import snowflake.connector

    with translated(), snowflake.connector.connect(**given, application="sfml") as connection:
        connection.cursor().execute(sql.alter_service(service(environ), "SUSPEND"))

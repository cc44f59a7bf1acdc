"""``python -m sfml.devbox.connection``: the connection by which programs in the box log in as the service."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

from sfml.devbox.stop import TOKEN

NAME = "box"
_TAKEN = ("account", "host", "port", "protocol", "database", "schema")


def text(environ: Mapping[str, str]) -> str:
    """A connections.toml: the token stays in Snowflake's file, which is written anew every few minutes."""
    given = {name: environ.get(f"SNOWFLAKE_{name.upper()}") for name in _TAKEN}
    settings = {
        "authenticator": "oauth",
        "token_file_path": str(TOKEN),
        **{name: value for name, value in given.items() if value},
    }
    # A basic string of TOML is one of JSON.
    return "\n".join(
        [f"[{NAME}]", *(f"{name} = {json.dumps(value)}" for name, value in settings.items()), ""]
    )


if __name__ == "__main__":
    sys.stdout.write(text(os.environ))

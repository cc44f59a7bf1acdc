"""What the connector and Snowpark raise, as the error that a user can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sfml.errors import (
    InputError,
    NoConnectionError,
    NotFoundError,
    PrivilegeError,
    RefusedError,
    SfmlError,
)
from sfml.proc import redact

# Snowflake's error numbers (wire recordings and the connector's errorcode.py).
DOES_NOT_EXIST = (2003, 2043)
NO_PRIVILEGE = 3001
NO_DATABASE, NO_SCHEMA = 90105, 90106
INVALID_SPEC = 395018
_AT_LOGIN = range(390_000, 391_000)
_NETWORK = range(250_000, 252_000)

# What a role needs to work with an object of this kind (docs.snowflake.com, ML Jobs access control).
_NEEDED = {
    "COMPUTE POOL": "USAGE, MONITOR",
    "SCHEMA": "USAGE, CREATE SERVICE, CREATE STAGE",
    "DATABASE": "USAGE",
    "STAGE": "READ, WRITE",
    "WAREHOUSE": "USAGE",
    "INTEGRATION": "USAGE",
    "SERVICE": "OPERATE, MONITOR",
}
_INSUFFICIENT = re.compile(r"Insufficient privileges to operate on (?P<kind>[\w ]+?) '(?P<name>[^']+)'", re.I)
_PREFIX = re.compile(r"^(?:\(\d+\): )?(?:[0-9a-f-]{36}: )?(?:\d{6} \(\w+\): )?(?:[0-9a-f-]{36}: )?")
_BOILERPLATE = re.compile(r"^SQL (?:compilation|access control|execution) error:\s*", re.IGNORECASE)


@contextmanager
def translated() -> Iterator[None]:
    """Inside, the errors of Snowflake's clients become SfmlErrors; everything else passes as it is."""
    from snowflake.connector.errors import Error

    try:
        yield
    except Error as error:
        raise translate(error.errno, str(error.msg or error)) from error
    except SfmlError:
        raise
    except Exception as error:
        found = _from_snowpark(error)
        if found is None:
            raise
        raise found from error


def translate(number: int | None, text: str) -> SfmlError:
    """The SfmlError for an error number of Snowflake's and its message."""
    message = tidy(text)
    if number is not None and (number in _NETWORK or number in _AT_LOGIN):
        return NoConnectionError(
            f"Snowflake cannot be reached, or does not let you in: {message}", hint=_LOGIN
        )
    for numbers, make in _MEANING:
        if number in numbers:
            return make(message)
    if "nsufficient privileges" in message:
        return _no_privilege(message)
    return RefusedError(f"Snowflake refused: {message}", hint=f"error {number:06d}" if number else None)


def tidy(text: str) -> str:
    """The message without its numbers, its query id, boilerplate and secrets."""
    return redact(_BOILERPLATE.sub("", _PREFIX.sub("", text.strip()))).strip()


_LOGIN = "check the connection's account, user and authenticator in connections.toml"


def _no_privilege(message: str) -> SfmlError:
    found = _INSUFFICIENT.search(message)
    if found is None:
        return PrivilegeError(message, hint="the role lacks a privilege")
    kind = found["kind"].upper()
    needed = _NEEDED.get(kind, "USAGE")
    grant = f"GRANT {needed} ON {kind} {found['name']} TO ROLE <your role>;"
    return PrivilegeError(message, hint=f"an administrator can grant what is missing:\n{grant}")


def _missing(message: str) -> SfmlError:
    return NotFoundError(message, hint="check the name, and whether your role may see it")


def _no_database(message: str) -> SfmlError:
    # A login names what it was asked for, whether or not the session has it.
    hint = "name them: --database and --schema, in sfml.yaml, or in the connection\n"
    return InputError(message, hint=f"{hint}those that are named do not exist, or your role may not see them")


_MEANING: tuple[tuple[tuple[int, ...], Callable[[str], SfmlError]], ...] = (
    (DOES_NOT_EXIST, _missing),
    ((NO_PRIVILEGE,), _no_privilege),
    ((NO_DATABASE, NO_SCHEMA), _no_database),
    ((INVALID_SPEC,), InputError),
)


def _from_snowpark(error: Exception) -> SfmlError | None:
    """Snowpark wraps the connector's errors in classes of its own, known by what they carry."""
    number = getattr(error, "sql_error_code", None)
    cause = error.__cause__
    from snowflake.connector.errors import Error

    if isinstance(number, int):
        return translate(number, str(getattr(error, "raw_message", None) or error))
    if isinstance(cause, Error):
        return translate(cause.errno, str(cause.msg or cause))
    return None

"""Refusals in Snowflake's own shape: number, SQLSTATE, text. Clients branch on the number."""

from __future__ import annotations


class Fault(Exception):  # noqa: N818 - a refusal is an answer of the protocol, not a failure of the program
    """A statement or request is refused; the app answers it as ``success: false`` with HTTP 200.

    ``code`` is the number as six digits (``"002003"``), ``sqlstate`` five characters.
    """

    def __init__(self, code: str, sqlstate: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.sqlstate = sqlstate
        self.message = message


def missing(kind: str, name: str) -> Fault:
    """``kind`` is the word that Snowflake prints (``Service``, ``Stage``, ``Compute Pool``)."""
    return Fault(
        "002003", "02000", f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized."
    )


def exists(name: str) -> Fault:
    return Fault("002002", "42710", f"SQL compilation error:\nObject '{name}' already exists.")


def cannot_be_performed() -> Fault:
    """What SHOW … IN and USE answer for a container that is not there."""
    message = "SQL compilation error:\nObject does not exist, or operation cannot be performed."
    return Fault("002043", "02000", message)


def syntax(token: str, *, line: int = 1, position: int = 0) -> Fault:
    where = f"syntax error line {line} at position {position} unexpected '{token}'."
    return Fault("001003", "42000", f"SQL compilation error:\n{where}")


def unsupported(feature: str) -> Fault:
    return Fault("000002", "0A000", f"Unsupported feature '{feature}'.")


def invalid(message: str) -> Fault:
    """A value is of the right form and not allowed."""
    return Fault("001008", "22023", f"SQL compilation error:\n{message}")


def no_database() -> Fault:
    return Fault(
        "090105",
        "22000",
        "Cannot perform operation. This session does not have a current database. "
        "Call 'USE DATABASE', or use a qualified name.",
    )


def no_schema() -> Fault:
    return Fault(
        "090106",
        "22000",
        "Cannot perform operation. This session does not have a current schema. "
        "Call 'USE SCHEMA', or use a qualified name.",
    )


class DiskFullError(Fault):
    """Nothing was written; what waits for room can try again."""

    def __init__(self) -> None:
        text = "SQL execution error: the local backend's disk is full. Free some space and try again."
        super().__init__("000603", "53100", text)  # PostgreSQL's state for it


def no_privilege(kind: str, name: str) -> Fault:
    text = f"SQL access control error:\nInsufficient privileges to operate on {kind} '{name}'"
    return Fault("003001", "42501", text)

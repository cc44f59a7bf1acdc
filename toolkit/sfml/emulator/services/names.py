"""Names and stage locations as ML Jobs' JSON carries them, and the names of new jobs."""

from __future__ import annotations

import re
import secrets

from sfml.emulator.catalog import Name
from sfml.emulator.context import Context
from sfml.emulator.faults import invalid
from sfml.emulator.statements.names import ObjectName

_IDENTIFIER = r'(?:"(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)'
_OBJECT = rf"(?:(?:(?P<database>{_IDENTIFIER})\.)?(?P<schema>{_IDENTIFIER})\.)?(?P<name>{_IDENTIFIER})"
_NAME = re.compile(_OBJECT)
_JOB = re.compile(rf"{_OBJECT}(?P<open>_?)")
_STAGE = re.compile(rf"@{_OBJECT}(?P<path>/.*)?", re.DOTALL)
_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")


def resolve(identifier: str) -> str:
    """The name that an identifier stands for: unquoted ones in upper case."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.upper()


def written(name: Name) -> str:
    """The name as a statement can hold it; quoted only where it must be (clients parse a job's id)."""
    return ".".join(_written(part) for part in (name.database, name.schema, name.name) if part)


def object_name(text: str, context: Context) -> Name:
    """The full name of the object that ``[[db.]schema.]name`` means."""
    found = _NAME.fullmatch(text)
    if not found:
        raise invalid(f"Invalid identifier '{text}'.")
    return _object(found["database"], found["schema"], found["name"]).resolve(context)


def account_name(text: str) -> Name:
    """The name of an account's object, which has one part."""
    if not re.fullmatch(_IDENTIFIER, text):
        raise invalid(f"Invalid identifier '{text}'.")
    return Name(name=resolve(text))


def job_name(text: str, context: Context, *, suffix: bool) -> Name:
    """The full name of a new job; a ``_`` at its end asks for a suffix that makes it unique."""
    found = _JOB.fullmatch(text)
    if not found:
        raise invalid(f"Invalid identifier '{text}'.")
    name = _object(found["database"], found["schema"], found["name"]).resolve(context)
    if not suffix:
        return name
    joint = "" if name.name.endswith("_") else "_"
    return Name(
        name=f"{name.name}{joint}{secrets.token_hex(6).upper()}", schema=name.schema, database=name.database
    )


def stage_location(text: str, context: Context) -> tuple[Name, str]:
    """The stage and the path in it (no slash at either end) of ``@db.schema.stage/path``."""
    found = _STAGE.fullmatch(text)
    if not found:
        raise invalid(f"Invalid stage location '{text}': expected @stage/path.")
    stage = _object(found["database"], found["schema"], found["name"]).resolve(context)
    path = (found["path"] or "").strip("/")
    if ".." in path.split("/"):
        raise invalid(f"Invalid stage location '{text}': the path leaves the stage.")
    return stage, path


def _object(database: str | None, schema: str | None, name: str) -> ObjectName:
    return ObjectName(
        name=resolve(name),
        schema=resolve(schema) if schema else None,
        database=resolve(database) if database else None,
    )


def _written(part: str) -> str:
    return part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"'

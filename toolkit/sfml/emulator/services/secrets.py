"""A container's ``secrets``: which of a secret's values goes where. The specification holds names only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.context import Context
from sfml.emulator.faults import Fault, missing
from sfml.emulator.services import names

KEYS: Mapping[str, tuple[str, ...]] = {
    "GENERIC_STRING": ("secret_string",),
    "PASSWORD": ("username", "password"),
}
"""The values of each type of secret: what secretKeyRef names, and the files in directoryPath (the page
"Service specification reference", containers.secrets)."""
_FIELDS = frozenset({"snowflakeSecret", "envVarName", "secretKeyRef", "directoryPath"})
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

Require = Callable[[str, Kind, Name], None]
"""Pass when the role has this privilege on the object of this kind and name, else raise Fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """One entry: a variable with the value of ``key``, or a directory with a file for each value."""

    secret: Name
    variable: str = ""
    key: str = ""
    directory: str = ""


def uses(container: Mapping[str, Any], job: Name) -> tuple[Use, ...]:
    """The entries; names without a schema are in the job's. :class:`Fault` 395018 for a wrong one."""
    given = container.get("secrets") or []
    if not isinstance(given, list):
        raise _bad("invalid value for 'containers[0].secrets'. Expected a list")
    return tuple(_use(entry, f"containers[0].secrets[{at}]", job) for at, entry in enumerate(given))


def check(found: tuple[Use, ...], catalog: Catalog, require: Require) -> None:
    """:class:`Fault` for a secret that is not there, that the role may not READ, or that lacks the key."""
    for use in found:
        record = catalog.get(Kind.SECRET, use.secret)
        if record is None:
            raise missing(Kind.SECRET, str(use.secret))
        require("READ", Kind.SECRET, use.secret)
        if use.variable and use.key not in KEYS[record.properties["TYPE"]]:
            raise _bad(f"Secret key reference {use.key} does not exist")


def _use(entry: object, where: str, job: Name) -> Use:
    if not isinstance(entry, dict) or "snowflakeSecret" not in entry:
        raise _bad(f"'{where}' has no 'snowflakeSecret'")
    if unknown := next((name for name in entry if name not in _FIELDS), None):
        raise _bad(f"unknown option '{unknown}' for '{where}'")
    variable, key, directory = (
        str(entry.get(name) or "") for name in ("envVarName", "secretKeyRef", "directoryPath")
    )
    if bool(variable) == bool(directory):
        raise _bad(f"'{where}' needs one of 'envVarName' and 'directoryPath'")
    if variable and (not _VARIABLE.fullmatch(variable) or not key):
        raise _bad(f"'{where}' needs a valid 'envVarName' and a 'secretKeyRef'")
    if directory and (not directory.startswith("/") or ".." in directory.split("/")):
        raise _bad(f"invalid value {directory} for '{where}.directoryPath'. Expected an absolute path")
    return Use(
        secret=_name(entry["snowflakeSecret"], where, job), variable=variable, key=key, directory=directory
    )


def _name(given: object, where: str, job: Name) -> Name:
    """The full name of ``snowflakeSecret``: a string, or a map with ``objectName``."""
    text = given.get("objectName") if isinstance(given, dict) and len(given) == 1 else given
    if not isinstance(text, str):
        raise _bad(f"invalid value for '{where}.snowflakeSecret'. Expected a name or an 'objectName'")
    place = Context(session_id=0, user="", role="", database=job.database, schema=job.schema)
    return names.object_name(text, place)


def _bad(text: str) -> Fault:
    return Fault("395018", "22023", f"Invalid spec: {text}.")

"""Snowflake's REST API for objects, as `snow object create` uses it: each request is a statement.

docs.snowflake.com/en/developer-guide/snowflake-rest-api: POST creates, GET lists or shows one. Values in,
values out; the app runs the statement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sfml.emulator.faults import Fault
from sfml.emulator.results import Answer, Rows

PREFIX = "/api/v2/"
# Kinds by their word in the URL, for each depth: the account, a database, a schema.
_KINDS: tuple[Mapping[str, tuple[str, str]], ...] = (
    {
        "databases": ("DATABASE", "DATABASES"),
        "warehouses": ("WAREHOUSE", "WAREHOUSES"),
        "roles": ("ROLE", "ROLES"),
        "users": ("USER", "USERS"),
        "compute-pools": ("COMPUTE POOL", "COMPUTE POOLS"),
    },
    {"schemas": ("SCHEMA", "SCHEMAS")},
    {"stages": ("STAGE", "STAGES"), "image-repositories": ("IMAGE REPOSITORY", "IMAGE REPOSITORIES")},
)
_MODES = {"errorIfExists": ("", ""), "orReplace": ("OR REPLACE ", ""), "ifNotExists": ("", "IF NOT EXISTS ")}
_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_$]*|"(?:[^"]|"")+"')
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RENAMED = {"directory_table": "directory"}
# What `snow` explains to its user, by the fault's number; any other one is a bad request.
_STATUS = {"002002": 409, "002003": 404, "002043": 404, "003001": 401}


class NotFoundError(Exception):
    """There is no such resource."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What a URL stands for: a kind of object within ``area``; one of them where there is a ``name``."""

    kind: str
    plural: str
    area: tuple[str, ...]
    name: str = ""


def resource(path: str) -> Resource:
    """The resource of a path below ``/api/v2/``."""
    words = path.strip("/").split("/")
    area: list[str] = []
    for kinds, container in zip(_KINDS, ("databases", "schemas", ""), strict=True):
        found = kinds.get(words[0])
        if found and len(words) <= 2:
            name = words[1] if len(words) == 2 else ""
            return Resource(kind=found[0], plural=found[1], area=tuple(area), name=name)
        if len(words) < 3 or words[0] != container:
            break
        area.append(words[1])
        words = words[2:]
    raise NotFoundError(path)


def creation(at: Resource, body: object, *, mode: str) -> str:
    """CREATE, with the body's fields as options; :class:`Fault` for what cannot be read."""
    if at.name or not isinstance(body, Mapping) or mode not in _MODES:
        raise _bad("expected a JSON object, to be posted to a collection")
    before, after = _MODES[mode]
    options = [_option(key, value) for key, value in body.items() if key != "name" and value is not None]
    name = ".".join(map(_identifier, (*at.area, body.get("name"))))
    return f"CREATE {before}{at.kind} {after}{name} {' '.join(options)}".strip()


def listing(at: Resource) -> str:
    """SHOW for what is in the collection, or for the one object."""
    kinds = ("DATABASE", "SCHEMA")[: len(at.area)]
    scope = f" IN {kinds[-1]} {'.'.join(map(_identifier, at.area))}" if at.area else ""
    pattern = re.sub(r"([\\_%])", r"\\\1", at.name.strip('"'))
    like = f" LIKE {_literal(pattern)}" if at.name else ""
    return f"SHOW {at.plural}{like}{scope}"


def answer(at: Resource, found: Answer, *, created: bool) -> object:
    """The JSON of a statement's result."""
    assert isinstance(found, Rows)
    names = [column.name for column in found.columns]
    rows = [{name: _cell(cell) for name, cell in zip(names, row, strict=True)} for row in found.rows]
    if created:
        return rows[0]
    if at.name and not rows:
        raise NotFoundError(at.name)
    return rows[0] if at.name else rows


def status_of(fault: Fault) -> int:
    """The HTTP status of a refusal."""
    return _STATUS.get(fault.code, 401 if fault.code.startswith("3901") else 400)


def _cell(cell: object) -> object:
    return cell.isoformat() if isinstance(cell, date) else cell


def _option(key: str, value: object) -> str:
    if not _KEY.fullmatch(key):
        raise _bad(f"'{key}' is no property")
    return f"{_RENAMED.get(key, key).upper()} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return f"({' '.join(_option(str(key), item) for key, item in value.items())})"
    if isinstance(value, list):
        return f"({', '.join(map(_value, value))})"
    if isinstance(value, str):
        return _literal(value)
    return json.dumps(value)


def _literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _identifier(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _bad(f"{name!r} is no name")
    return name


def _bad(why: str) -> Fault:
    return Fault("390400", "08001", f"Bad request: {why}.")

"""The JSON Schema of a spec, generated from the model: what editors and other validators check with.

It holds the grammar: keys, kinds, forms and counts. What reaches across the spec, or depends on what it is to
run on, only the checker knows.
"""

from __future__ import annotations

import json
from typing import Any

from sfml.specs import model
from sfml.specs.grammar import Field, Table, table_of, tables

# Beside this module, and shipped with it.
FILE = "spec.schema.json"
URL = (
    "https://raw.githubusercontent.com/snowflake-ml-accelerator/snowflake-ml-accelerator/main/toolkit/sfml/specs/"
    + FILE
)
# What the YAML language servers of editors read in a file's first lines.
MODELINE = f"# yaml-language-server: $schema={URL}"


def schema() -> dict[str, Any]:
    """The schema as data."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": URL,
        "title": "Snowpark Container Services specification",
        **_reference(table_of(model.Specification)),
        "definitions": {table.record.__name__: _map(table) for table in tables()},
    }


def text() -> str:
    """The schema as the text of its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _reference(table: Table) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{table.record.__name__}"}


def _map(table: Table) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key, field in table.fields.items():
        properties[key] = _field(field)
        if field.legacy:
            properties[field.legacy] = {**_field(field), "deprecated": True}
    known: dict[str, Any] = {
        "description": table.about,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    plain = [key for key in table.required if not table.fields[key].legacy]
    either = [[key, table.fields[key].legacy] for key in table.required if table.fields[key].legacy]
    if plain:
        known["required"] = plain
    if either:
        known["allOf"] = [{"anyOf": [{"required": [key]} for key in keys]} for keys in either]
    return known


def _field(field: Field) -> dict[str, Any]:
    value = _value(field)
    described = {"description": field.about, **({"deprecated": True} if field.warned else {})}
    # Beside a $ref every other key is ignored in draft 7.
    return {**described, "allOf": [value]} if "$ref" in value else {**described, **value}


def _value(field: Field) -> dict[str, Any]:
    item = _item(field)
    if field.free:
        return {"type": "object", "additionalProperties": item}
    if not field.many:
        return item
    bounds: dict[str, Any] = {"type": "array", "items": item}
    if field.items.low:
        bounds["minItems"] = field.items.low
    if field.items.high is not None:
        bounds["maxItems"] = field.items.high
    return bounds


def _item(field: Field) -> dict[str, Any]:
    kinds = [dict(field.scalar.schema)] if field.scalar else []
    if field.table:
        kinds.append(_reference(field.table))
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}

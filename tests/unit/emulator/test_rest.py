"""Requests of the REST API as statements."""

from __future__ import annotations

import pytest

from sfml.emulator import rest
from sfml.emulator.faults import Fault


@pytest.mark.parametrize(
    ("path", "body", "mode", "statement"),
    [
        ("databases/", {"name": "d", "comment": "it's"}, "errorIfExists",
         "CREATE DATABASE d COMMENT = 'it''s'"),
        ("databases/d/schemas/", {"name": '"S x"'}, "ifNotExists", 'CREATE SCHEMA IF NOT EXISTS d."S x"'),
        ("compute-pools/", {"name": "p", "min_nodes": 1, "auto_resume": True, "comment": None}, "orReplace",
         "CREATE OR REPLACE COMPUTE POOL p MIN_NODES = 1 AUTO_RESUME = true"),
        ("databases/d/schemas/s/stages", {"name": "x", "encryption": {"type": "SNOWFLAKE_SSE"}},
         "errorIfExists",
         "CREATE STAGE d.s.x ENCRYPTION = (TYPE = 'SNOWFLAKE_SSE')"),
        ("databases/d/schemas/s/image-repositories/", {"name": "i"}, "errorIfExists",
         "CREATE IMAGE REPOSITORY d.s.i"),
    ],
)  # fmt: skip
def test_creation__body__is_this_statement(path: str, body: object, mode: str, statement: str) -> None:
    assert rest.creation(rest.resource(path), body, mode=mode) == statement


@pytest.mark.parametrize(
    ("path", "statement"),
    [
        ("databases/", "SHOW DATABASES"),
        ("databases/my_d", r"SHOW DATABASES LIKE 'my\\_d'"),
        ("databases/d/schemas/", "SHOW SCHEMAS IN DATABASE d"),
        ("databases/d/schemas/s/stages", "SHOW STAGES IN SCHEMA d.s"),
    ],
)
def test_listing__collection_or_object__is_this_statement(path: str, statement: str) -> None:
    assert rest.listing(rest.resource(path)) == statement


@pytest.mark.parametrize(
    "path", ["", "tables/", "stages/", "databases/d/stages/", "databases/d/schemas/s/x/y"]
)
def test_resource__no_such_path__is_not_found(path: str) -> None:
    with pytest.raises(rest.NotFoundError):
        rest.resource(path)


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"name": 1}, {"name": "a b"}, {"name": "a;drop"}, {"name": 'a"'}, {"name": "d", "x y": 1},
     {"name": "d", "comment = 'x' --": 1}],
)  # fmt: skip
def test_creation__what_would_be_no_name_or_property__is_refused(body: object) -> None:
    with pytest.raises(Fault):
        rest.creation(rest.resource("databases/"), body, mode="errorIfExists")

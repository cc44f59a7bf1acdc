"""SQL straight to the engine, and a catalog for it."""

from __future__ import annotations

from pathlib import Path

from sfml.emulator.catalog import Catalog, Kind, Name
from sfml.emulator.engine import Engine, Place, Statement
from sfml.emulator.results import Rows
from sfml.emulator.statements import commands as c
from sfml.emulator.statements import parse

HERE = Place(database="DB", schema="PUBLIC")


def make_catalog(path: Path) -> Catalog:
    catalog = Catalog(path / "catalog.sqlite")
    if catalog.get(Kind.DATABASE, Name(name="DB")) is None:
        for name in ("DB", "my db"):
            catalog.create(Kind.DATABASE, Name(name=name), owner="R")
            for schema in ("PUBLIC", "a s"):
                catalog.create(Kind.SCHEMA, Name(name=schema, database=name), owner="R")
    return catalog


class Sql:
    """An engine with one session at hand."""

    def __init__(self, path: Path) -> None:
        self.catalog = make_catalog(path)
        self.engine = Engine(path / "engine", self.catalog)

    def statement(self, text: str, **options: object) -> Statement:
        command = parse(text)
        assert isinstance(command, c.Query), command
        known = {"verb": command.verb, "headings": command.headings, "place": HERE, **options}
        return Statement(text=command.text, **known)  # type: ignore[arg-type]

    def run(self, text: str, session: int = 1, **options: object) -> Rows:
        return self.engine.run(session, self.statement(text, **options))

    def rows(self, text: str, session: int = 1, **options: object) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.run(text, session, **options).rows]

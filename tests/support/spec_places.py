"""Where the rows of the grammar stand in a spec."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from mutants import Place, end_of
from sfml.specs.grammar import Table, table_of
from sfml.specs.model import Specification


def places(base: str) -> list[Place]:
    """Every key of the base with its row of the grammar."""
    node = yaml.compose(base, Loader=yaml.SafeLoader)
    return list(_places(node, table_of(Specification), base.splitlines(), parent=0))


def _places(node: yaml.Node, table: Table, lines: list[str], *, parent: int) -> Iterator[Place]:
    assert isinstance(node, yaml.MappingNode)
    for key, value in node.value:
        field = table.fields[key.value]
        line = key.start_mark.line
        row = f"{table.record.__name__}.{key.value}"
        end = end_of(value, lines, line)
        yield Place(row=row, line=line, end=end, parent=parent, required=field.required)
        if field.table and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                yield from _places(item, field.table, lines, parent=item.start_mark.line)
        elif field.table and isinstance(value, yaml.MappingNode):
            yield from _places(value, field.table, lines, parent=line)
